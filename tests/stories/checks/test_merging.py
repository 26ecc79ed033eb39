"""The merge classification end to end: a pull request for each label, a whole life, and who may change a label."""

from pathlib import Path

import pytest

from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World
from tests.stories.checks.guarded import POLICY, Change, Opened, guard, opened, rain, ready
from tests.stories.checks.merge_table import CASES, clashing, depending
from tests.stories.checks.test_commanding import clocked
from tests.stories.pushes import token_line

pytestmark = pytest.mark.long

AUTO, MANUAL = "merge/auto", "merge/manual"
MISSING, FAILING = "merge/manual-missing-review", "merge/manual-failing-tests"
CONFLICT = "merge/manual-merge-conflict"
MODES = {
    "merge/manual": "mode:agents-approved",
    AUTO: "mode:safe-auto",
    MISSING: "mode:agents-approved",
    CONFLICT: "mode:agents-approved",
    "merge/manual-dependency-conflict": "mode:agents-approved",
    FAILING: "mode:agents-approved",
}
"""The modes of the labels that need no operator."""


async def most(pull: Opened) -> int:
    """How many labels of the group stood there together, at most, by what the timeline tells of each change."""
    address = f"/repos/{REPOSITORY}/issues/{pull.number}/timeline"
    there, counts = set[str](), [0]
    async for entry in pull.scene.api[OPERATOR].getiter(address):
        if entry["type"] == "label" and entry["label"]["name"].startswith("merge/"):
            name = entry["label"]["name"]
            there = there | {name} if entry["body"] == "1" else there - {name}
            counts.append(len(there))
    return max(counts)


@pytest.mark.parametrize("label", CASES)
async def test_each_label_has_its_pull_request_and_its_reason(scene: World, label: str) -> None:
    make, says = CASES[label]
    await guard(scene)
    pull = await make(scene)
    assert await pull.labels() == [label]
    assert await pull.labels("mode:") == [MODES.get(label, "mode:operator-only")]
    assert ("automerge-candidate" in await scene.labels(pull.number)) is (label == AUTO)
    assert f"{label}: {says}" in (await pull.line("merge")).replace("\u2060", "")
    assert "merge" not in await pull.states()


async def test_through_a_whole_life_there_is_exactly_one_label(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/plan", Change({"garden/plan.py": "def total(beds):\n    return 0\n"}))
    seen = [await pull.labels()]
    for step in (pull.ci("failure"), pull.ci("success"), pull.review()):
        await step
        seen.append(await pull.labels())
    other = await ready(scene, "codex/other", Change({"garden/plan.py": "def total(beds):\n    return 1\n"}))
    await other.merge()
    seen.append(await pull.labels())
    assert seen == [[FAILING], [FAILING], [MISSING], [AUTO], [CONFLICT]]
    await pull.checkout.git("fetch", "--quiet", "origin")
    await pull.checkout.git("merge", "--quiet", "--strategy=ours", "origin/main")
    await pull.push({})
    assert await pull.labels() == [FAILING]
    await pull.ci("success")
    assert await pull.labels() == [MISSING]
    await pull.review()
    assert await pull.labels() == [AUTO]
    assert await most(pull) == 1
    await pull.merge()
    assert await pull.labels() == []
    assert await pull.labels("mode:") == []


async def test_a_push_asks_for_another_review(scene: World) -> None:
    await guard(scene)
    pull = await ready(scene, "codex/rain", rain())
    assert await pull.labels() == [AUTO]
    await pull.push({"garden/rain.py": "RAIN = 2\n"})
    await pull.ci("success")
    assert await pull.labels() == [MISSING]


async def test_changes_that_are_asked_for_stand_until_the_same_reviewer_approves(scene: World) -> None:
    await guard(scene)
    pull = await ready(scene, "codex/rain", rain())
    await pull.review(OPERATOR, "REQUEST_CHANGES")
    assert await pull.labels() == [MISSING]
    assert "changes requested by operator" in await pull.report()
    await pull.review(WRITER)
    assert await pull.labels() == [MISSING]
    await pull.review(OPERATOR)
    assert await pull.labels() == [AUTO]


async def test_the_approval_of_who_only_reads_is_none(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/rain", rain())
    await pull.ci("success")
    await pull.review(OUTSIDER)
    assert await pull.labels() == [MISSING]


@pytest.mark.parametrize("login", [AGENT, WRITER])
async def test_what_another_than_the_operator_sets_is_put_back_with_a_word(scene: World, login: str) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/rain", rain())
    await pull.ci("success")
    await pull.label(login, AUTO)
    assert await pull.labels() == [MISSING]
    assert f"Label {AUTO} was added by {login}; restored once" in await pull.report()
    await pull.evaluate()
    assert await pull.labels() == [MISSING]


async def test_what_an_agent_takes_off_comes_back(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/rain", rain())
    await pull.ci("success")
    labels = f"/repos/{REPOSITORY}/issues/{pull.number}/labels"
    (missing,) = [one for one in await scene.api[AGENT].getitem(labels) if one["name"] == MISSING]
    await scene.api[AGENT].delete(f"{labels}/{missing['id']}")
    await scene.settled()
    assert await pull.labels() == [MISSING]
    assert f"Label {MISSING} was removed by {AGENT}; restored once" in await pull.report()


async def test_what_the_operator_sets_stays_alone(scene: World) -> None:
    await guard(scene)
    pull = await ready(scene, "codex/rain", rain())
    await pull.label(OPERATOR, MANUAL)
    assert await pull.labels() == [MANUAL]
    await pull.evaluate()
    assert await pull.labels() == [MANUAL]
    assert await most(pull) == 1


async def test_a_strangers_pull_request_brings_no_label_along(scene: World) -> None:
    await guard(scene)
    await ready(scene, "codex/rain", rain())
    known = await scene.api[OUTSIDER].getitem(f"/repos/{REPOSITORY}/labels")
    (auto,) = [one["id"] for one in known if one["name"] == AUTO]
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/forks", {})
    checkout = await scene.clone(OUTSIDER, f"{OUTSIDER}/garden")
    await checkout.branch("mine")
    head = await checkout.commit("Mine", {"garden/mine.py": "MINE = 1\n"})
    await checkout.push("mine")
    number = await scene.open_pull(OUTSIDER, f"{OUTSIDER}:mine", "feat: mine", labels=[auto])
    await scene.settled()
    pull = Opened(scene, checkout, "mine", head, number)
    assert await pull.labels() == [FAILING]
    assert f"Label {AUTO} was added by {OUTSIDER}" in await pull.report()


async def test_the_operators_word_counts_by_command_until_a_reason_comes(tmp_path: Path) -> None:
    async with clocked(tmp_path) as (scene, minutes):
        await guard(scene)
        pull = await opened(scene, "codex/rain", rain())
        await pull.ci("success")
        minutes[0] = 1
        for login in (AGENT, WRITER):
            await scene.write(login, pull.number, f"/label {AUTO}")
        await scene.settled()
        assert await pull.labels() == [MISSING]
        await scene.write(OPERATOR, pull.number, f"/label {AUTO}")
        await scene.settled()
        assert await pull.labels() == [AUTO]
        assert f"{OPERATOR} set {AUTO} by command" in await pull.report()
        minutes[0] = 2
        await pull.ci("failure")
        assert await pull.labels() == [FAILING]
        assert f"/label {AUTO} by {OPERATOR} in comment" in await pull.report()
        minutes[0] = 3
        await scene.write(OPERATOR, pull.number, f"/unlabel {AUTO}")
        await pull.ci("success")
        await pull.review()
        assert await pull.labels() == ["merge/manual-operator-preference"]


async def test_a_dismissed_approval_is_none(scene: World) -> None:
    await guard(scene)
    pull = await ready(scene, "codex/rain", rain())
    reviews = f"/repos/{REPOSITORY}/pulls/{pull.number}/reviews"
    (given,) = await scene.api[OPERATOR].getitem(reviews)
    await scene.api[OPERATOR].post(f"{reviews}/{given['id']}/dismissals", {"message": "too quick"})
    await pull.evaluate()
    assert await pull.labels() == [MISSING]


async def test_a_dependency_that_is_merged_stands_in_the_way_no_more(scene: World) -> None:
    await guard(scene)
    pull = await depending(scene)
    assert await pull.labels() == ["merge/manual-dependency-conflict"]
    other = Opened(scene, pull.checkout, "codex/other", "", pull.number - 1)
    other.head = (await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/pulls/{other.number}"))["head"]["sha"]
    await other.ci("success")
    await other.merge()
    await pull.evaluate()
    assert await pull.labels() == [AUTO]


async def test_a_conflict_that_is_found_by_a_push_to_the_base_is_told(scene: World) -> None:
    await guard(scene)
    pull = await clashing(scene)
    assert await pull.labels() == [CONFLICT]
    assert "Merge the base branch into this branch, or rebase this branch." in await pull.report()


async def test_a_draft_that_is_ready_is_classified_anew(scene: World) -> None:
    await guard(scene)
    pull = await ready(scene, "codex/rain", Change(rain().files, title="WIP: feat: count the rain"))
    assert await pull.labels() == [MANUAL]
    await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/pulls/{pull.number}", {"title": "feat: count the rain"})
    await scene.settled()
    assert await pull.labels() == [AUTO]


async def test_where_the_policy_has_a_human_merge_everything_nothing_is_automatic(scene: World) -> None:
    await guard(scene, POLICY.replace("merge:\n  mode: on", "merge:\n  mode: on\n  auto: off"))
    pull = await ready(scene, "codex/rain", rain())
    assert await pull.labels() == [MANUAL]


async def test_a_policy_that_breaks_makes_all_open_ones_unknown(scene: World) -> None:
    await guard(scene)
    pull = await ready(scene, "codex/rain", rain())
    checkout = await scene.clone(OPERATOR)
    await checkout.commit("Slip", {".forgejo/assay.yml": "merge:\n  moda: on\n"})
    await checkout.push("main")
    await scene.settled()
    assert await pull.labels() == ["merge/manual-unknown"]
    assert "invalid policy on the default branch" in await pull.line("merge")


async def test_labels_that_the_server_lets_stand_together_are_one_all_the_same(scene: World) -> None:
    await guard(scene, exclusive=False)
    pull = await opened(scene, "codex/rain", rain())
    assert await pull.labels() == [FAILING]
    await pull.ci("success")
    assert await pull.labels() == [MISSING]
    await pull.review()
    assert await pull.labels() == [AUTO]
    assert await most(pull) == 1


async def test_explaining_the_merge_tells_all_reasons(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/release", Change({"release/notes.txt": "Second release.\n"}))
    comment = await scene.write(WRITER, pull.number, "/explain merge")
    await scene.settled()
    (reply,) = await scene.said(pull.number, f"answer-{comment}")
    assert (
        "| 6 | `missing-checks` | `merge/manual-failing-tests` | missing or pending status: ci / test" in reply["body"]
    )
    assert "| 8 | `missing-review` | `merge/manual-missing-review` | 0 of 1 required approvals" in reply["body"]
    assert "| 10 | `unclear-scope` | `merge/manual-unclear-scope` | touches blocked modules" in reply["body"]
    assert "| 1 | `security-sensitive` | `merge/manual-security-sensitive` | no |" in reply["body"]


async def test_a_merge_auto_that_the_operator_set_goes_when_a_secret_comes(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/rain", rain())
    await pull.label(OPERATOR, AUTO)
    await pull.evaluate()
    assert await pull.labels() == [AUTO]
    await pull.push({"garden/runner.env": token_line()})
    assert await pull.labels() == ["merge/manual-security-sensitive"]


async def test_a_head_that_nobody_could_look_at_may_not_be_merged_by_a_machine(scene: World) -> None:
    await guard(scene)
    pull = await ready(scene, "codex/rain", rain())
    assert await pull.labels() == [AUTO]
    target = scene.target(f"!{pull.number}")
    for _ in range(4):
        await scene.machine.reconciler.failed(target, RuntimeError("a file that nobody can read"))
    assert await pull.labels() == []
    assert {(await pull.states())[check] for check in ("secret-leak", "contract", "scope")} == {"error"}
    await pull.evaluate()
    assert await pull.labels() == [AUTO]
