"""What a second hostile reading tried against consent, identity, witnesses and incidents, beside what was known."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import now
from bot.intake import Signer
from bot.model import Decision, SignerKind
from bot.policy import PATH, text_digest
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World, world
from bot.store.decisions import keep_decisions
from bot.store.tables import Delivery
from bot.thread import Accounts
from bot.thread.statuses import MAX_PAST
from tests.stories.conftest import hook
from tests.stories.pushes import clean_pull, token_line
from tests.stories.server import RULES
from tests.stories.trust.consenting import OFF, PULLS, change, leak_state, merge, policy_pull, rule
from tests.stories.trust.forging import created, deliver

pytestmark = pytest.mark.long

STATUSES = f"/repos/{REPOSITORY}/statuses"
FORGED = {"context": "assay/secret-leak", "state": "success"}
POSTED = "posted a success of the bot"


async def forge(scene: World, head: str) -> None:
    await scene.api[AGENT].post(f"{STATUSES}/{head}", FORGED)


async def told(scene: World, number: int) -> str:
    """The notification about an incident, after one more look; empty if there is none."""
    await scene.machine.engine.submit(scene.target(f"!{number}"))
    await scene.settled()
    return "".join(str(one["body"]) for one in await scene.said(number, "incident"))


async def away(scene: World, branch: str = "codex/rain") -> None:
    """The agent forces the branch of a merged pull request to a harmless commit that nobody merged."""
    checkout = await scene.clone(AGENT)
    await checkout.branch("elsewhere", "origin/main~1")
    await checkout.commit("Something else", {"garden/shade.py": "SHADE = 1\n"})
    await checkout.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
    await scene.settled()


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward-only"])
async def test_a_branch_that_moves_after_the_merge_hides_no_forged_success(scene: World, how: str) -> None:
    checkout = await scene.clone(OPERATOR)
    await checkout.commit("Before", {"README.md": "# A garden\n"})
    await checkout.push("main")
    number, head = await clean_pull(scene)
    await scene.settled()
    await forge(scene, head)
    await merge(scene, number, Do=how)
    assert POSTED in await told(scene, number)
    await away(scene)
    assert POSTED in await told(scene, number)


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward-only"])
async def test_a_branch_that_moves_at_once_after_the_merge_hides_no_secret(scene: World, how: str) -> None:
    checkout = await scene.clone(OPERATOR)
    await checkout.commit("Before", {"README.md": "# A garden\n"})
    await checkout.push("main")
    number, _ = await clean_pull(scene)
    await scene.settled()
    scene.sandbox.hooks_paused = True
    agent = await scene.clone(AGENT)
    await agent.branch("further", "origin/codex/rain")
    await agent.commit("Deploy", {"deploy/runner.env": token_line()})
    head = await agent.commit("And a word", {"garden/word.py": "WORD = 1\n"})
    await agent.push("codex/rain")
    await forge(scene, head)
    await scene.api[AGENT].post(f"{PULLS}/{number}/merge", {"Do": how})
    await away(scene)
    scene.sandbox.hooks_paused = False
    await scene.write(OPERATOR, number, "Was this merged?")
    await scene.settled()
    assert f"merged with 1 secret and merged after another account {POSTED}" in await told(scene, number)


@pytest.mark.parametrize("date", ["2001-01-01T00:00:00Z", "2035-01-01T00:00:00Z"])
async def test_the_date_of_a_commit_makes_no_forged_success_a_late_one(scene: World, date: str) -> None:
    await scene.api[OPERATOR].patch(f"/repos/{REPOSITORY}", {"autodetect_manual_merge": True})
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/old")
    await checkout.git("commit", "--quiet", "--allow-empty", f"--date={date}", "--message", "Old")
    head = await checkout.git("rev-parse", "HEAD")
    await checkout.push("codex/old")
    number = await scene.open_pull(AGENT, "codex/old", "feat: old")
    await scene.settled()
    await forge(scene, head)
    operator = await scene.clone(OPERATOR)
    await operator.git("merge", "--quiet", "--ff-only", "origin/codex/old")
    await operator.push("main")
    await scene.settled()
    pull = await scene.api[OPERATOR].getitem(f"{PULLS}/{number}")
    assert (pull["merged"], pull["merged_at"][:4]) == (True, date[:4])
    assert POSTED in await told(scene, number)


@pytest.mark.parametrize("after", [True, False], ids=["after the merge", "before the merge"])
async def test_a_flood_of_statuses_hides_no_forged_success_in_silence(scene: World, *, after: bool) -> None:
    number, head = await clean_pull(scene)
    await scene.settled()
    await forge(scene, head)
    if after:
        await merge(scene, number)
        assert POSTED in await told(scene, number)
    rows = scene.sandbox._forge.named(REPOSITORY).statuses[head]
    start = max(row.index for row in rows) + 1
    for index in range(MAX_PAST + 1):
        at = now() + timedelta(seconds=5)
        rows.append(replace(rows[-1], index=start + index, context=f"ci/{index}", created=at))
    if not after:
        await merge(scene, number)
    assert "merged with more statuses than are read" in await told(scene, number)


@pytest.mark.parametrize("state", ["skipped", "fine"])
async def test_a_word_that_blocks_no_merge_is_a_forged_success_too(scene: World, state: str) -> None:
    number, head = await clean_pull(scene)
    await scene.settled()
    await scene.api[AGENT].post(f"{STATUSES}/{head}", FORGED | {"state": state})
    await merge(scene, number)
    assert POSTED in await told(scene, number)


async def acts(scene: World) -> list[Delivery]:
    async with scene.machine.store.read() as session:
        return list((await session.execute(select(Delivery).where(Delivery.review != ""))).scalars())


async def test_the_secret_of_another_owner_tells_no_state_of_a_review(scene: World) -> None:
    """The operator's approval names what the agent's own webhook says, whose body names him as the garden's owner."""
    await rule(scene)
    made = await change(scene)
    await made.retarget()
    owner = (await scene.api[AGENT].getitem("/user"))["id"]
    his = Signer(SignerKind.OWNER, owner)
    scene.sandbox.hooks_paused = True  # the true delivery is late
    await scene.api[OPERATOR].post(f"{PULLS}/{made.number}/reviews", {"event": "APPROVED"})
    await scene.api[AGENT].patch(f"{PULLS}/{made.number}", {"base": made.base})
    pull = await scene.api[OPERATOR].getitem(f"{PULLS}/{made.number}")
    repository = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}")
    body = {
        "action": "reviewed",
        "number": made.number,
        "pull_request": pull,
        "review": {"type": "pull_request_review_approved"},
        "repository": repository | {"owner": {"id": owner, "login": AGENT}},
        "sender": await scene.api[OPERATOR].getitem("/user"),
    }
    assert await deliver(scene, body, his, "pull_request_review_approved") == 202
    target = scene.target(f"!{made.number}")
    before = (await scene.machine.reconciler.evaluate(target)).snapshot  # not routed yet, so not confirmed
    assert [one.about for one in before.inputs.reviews] == [None]
    await scene.service.worker.route()
    assert await acts(scene) == []
    after = (await scene.machine.reconciler.evaluate(target)).snapshot
    assert [one.about for one in after.inputs.reviews] == [None]


async def test_the_secret_of_another_owner_adds_no_heads_and_no_comments(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    owner = (await scene.api[AGENT].getitem("/user"))["id"]
    his = Signer(SignerKind.OWNER, owner)
    scene.sandbox.hooks_paused = True
    comment = await scene.write(OPERATOR, number, "I look at it tomorrow.")
    body = await created(scene, number, comment)
    body["repository"] = body["repository"] | {"owner": {"id": owner, "login": AGENT}}
    assert await deliver(scene, body, his) == 202
    push = {"ref": "refs/heads/codex/rain", "before": "a" * 40, "after": "b" * 40, "repository": body["repository"]}
    assert await deliver(scene, push | {"sender": body["sender"]}, his, "push") == 202
    await scene.service.worker.route()
    seen = (await scene.machine.reconciler.evaluate(scene.target(f"!{number}"))).snapshot.inputs
    assert seen.gaps == ()
    assert [(one.witnessed, one.about) for one in seen.comments] == [(False, None)]


async def test_whom_a_policy_bound_is_no_operator_because_the_settings_list_the_login_later(tmp_path: Path) -> None:
    """The agent is called dana while a policy that lists her is trusted. Later the true dana becomes an operator."""
    async with world(tmp_path, rules_cache_dir=RULES, operators=(OPERATOR,)) as scene:
        await hook(scene)
        scene.sandbox.rename_user(OUTSIDER, "dana")
        await rule(scene, "labels:\n  rules:\n  - {name: dana, labels: [kind/docs], when: {author: [dana]}}\n")
        await scene.settled()
        scene.sandbox.rename_user("dana", "someone")
        scene.sandbox.rename_user(WRITER, "dana")  # registers meanwhile
        later = Accounts(
            scene.machine.client, scene.machine.store, (OPERATOR, "dana"), lambda: (0, ""), now, lambda: None
        )
        assert "assay accounts confirm dana" in await later.checked("dana")
        names = await later.operators()
        assert names == (OPERATOR,)
        directory = await later.directory()
        mine, hers = scene.sandbox.account_id("someone"), scene.sandbox.account_id("dana")
        assert not {directory.name("someone", mine), directory.name("dana", hers)} & {*names}
        await later.confirm("dana", hers, "root")
        assert await later.operators() == (OPERATOR, "dana")
        assert (await later.directory()).name("someone", mine) != "dana"


async def test_what_the_host_trusts_comes_after_words_of_a_clock_that_is_ahead(scene: World) -> None:
    ahead = now() + timedelta(minutes=10)
    checkout = await scene.clone(OPERATOR)
    first = await checkout.commit("Quiet", {PATH: OFF})
    await checkout.push("main")
    await scene.machine.policies.trust(scene.repo, first, OPERATOR, at=ahead)
    async with scene.machine.store.session() as session:
        word = Decision(
            comment_id=10**6, line=1, command="trust", argument=text_digest(OFF), by=OPERATOR, at=ahead, role="operator"
        )
        await keep_decisions(session, scene.target("!1"), [word])
    second = await checkout.commit("Loud", {PATH: ""})
    await checkout.push("main")
    await scene.machine.policies.trust(scene.repo, second, OPERATOR)
    assert await leak_state(scene) == "failure"
    agent = await scene.clone(AGENT)
    await agent.commit("Quiet again", {PATH: OFF})
    await agent.push("main")
    await scene.settled()
    assert await leak_state(scene, "codex/second") == "failure"


async def test_a_word_for_a_policy_ends_when_the_host_trusts_the_present_one_again(scene: World) -> None:
    tip = (await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/branches/main"))["commit"]["id"]
    await scene.machine.policies.trust(scene.repo, tip, OPERATOR)
    number, _ = await policy_pull(scene, OFF)
    await scene.write(OPERATOR, number, f"/trust {text_digest(OFF)}")
    await scene.settled()
    for _ in range(2):  # the second one comes a second later at least
        await scene.machine.policies.trust(scene.repo, tip, OPERATOR)
    await merge(scene, number, by=WRITER)
    assert await leak_state(scene) == "failure"


async def test_an_operators_objection_after_his_approval_trusts_no_policy(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    for event in ("APPROVED", "REQUEST_CHANGES"):
        await scene.api[OPERATOR].post(f"{PULLS}/{number}/reviews", {"event": event, "body": "hm"})
        await scene.settled()
    await merge(scene, number, by=WRITER)
    assert await leak_state(scene) == "failure"


async def test_a_branch_that_is_forced_onto_an_approved_head_after_the_merge_trusts_nothing(scene: World) -> None:
    advise = "secret-leak:\n  mode: advise\n"
    number, checkout = await policy_pull(scene, advise)
    await scene.api[OPERATOR].post(f"{PULLS}/{number}/reviews", {"event": "APPROVED"})
    await scene.settled()
    approved = await checkout.git("rev-parse", "HEAD")
    await checkout.commit("More", {PATH: OFF})
    await checkout.push("codex/policy")
    await merge(scene, number, by=WRITER)
    await checkout.git("push", "--quiet", "--force", "origin", f"{approved}:refs/heads/codex/policy")
    await told(scene, number)
    assert await leak_state(scene) == "failure"


async def test_a_default_branch_that_was_changed_brings_no_policy(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("trunk")
    await checkout.commit("Quiet", {PATH: OFF})
    await checkout.push("trunk")
    await scene.api[OPERATOR].patch(f"/repos/{REPOSITORY}", {"default_branch": "trunk"})
    await scene.settled()
    assert await leak_state(scene) == "failure"
