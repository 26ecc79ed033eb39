"""What snapshots hold of soaks: read on the tracking issue, kept, and held against pull requests without a call."""

from pathlib import Path
from typing import Any

import pytest

from bot.model import CommitSeen, Inputs, Judgment, PullSeen, Target
from bot.reconcile.remember_soaks import remember_soaks
from bot.sandbox.faults import Fault
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World, world
from bot.store import decisions
from bot.store import targets as records
from tests.stories.conftest import hook
from tests.stories.server import RULES
from tests.stories.soaks.soaked import (
    BEGUN,
    PHRASE,
    calls,
    evaluate,
    evidence,
    forget_readings,
    merge,
    pull,
    readings,
    row,
    seen,
    set_policy,
    soak,
    track,
)

pytestmark = pytest.mark.long


async def test_a_tracking_issue_tells_what_its_evidence_names(scene: World) -> None:
    first = await pull(scene)
    sha = await merge(scene, first)
    issue = await track(scene, f"  prerequisites: [{first}]\n  report: 99\n")
    identity = scene.sandbox.add_run(REPOSITORY, 729, sha, started_at=BEGUN)
    await scene.write(AGENT, issue, evidence(729, commit=sha[:10]))
    await scene.write(OUTSIDER, issue, evidence(730, commit="f" * 40))
    await scene.write(AGENT, issue, evidence(731, soak="another"))
    await scene.settled()
    found = await seen(scene, issue, "#")
    assert [(run.number, run.id, run.status, run.started_at) for run in found.runs] == [
        (729, identity, "success", BEGUN),
        (730, 0, "missing", None),
    ]
    assert found.commits == (
        CommitSeen(sha=sha, on_default=True, pulls=(first,)),
        CommitSeen(sha="f" * 40, on_default=False),
    )
    (merged, missing) = found.pulls
    assert (merged.number, merged.state, merged.merged_at is not None) == (first, "merged", True)
    assert missing == PullSeen(number=99, state="missing")
    assert found.writers == (AGENT,)
    assert (found.comments, found.decisions, found.kept, found.unseen) == ((), (), {}, "")


async def test_an_unchanged_thread_is_the_same_snapshot(scene: World) -> None:
    issue = await track(scene)
    scene.sandbox.add_run(REPOSITORY, 729, "a" * 40)
    await scene.write(AGENT, issue, evidence(729, commit="a" * 40))
    await scene.settled()
    first = await evaluate(scene, issue, "#")
    calls(scene)
    assert await evaluate(scene, issue, "#") == first
    asked = calls(scene)
    assert [path for path in asked if "/actions/" in path] == ["/actions/runs"]  # the failed ones
    assert len(asked) <= 8


async def test_a_pull_request_is_judged_by_what_was_kept_without_a_call(scene: World) -> None:
    issue, number = await track(scene), await pull(scene)
    scene.sandbox.add_run(REPOSITORY, 729, "a" * 40, started_at=BEGUN)
    comment = await scene.write(AGENT, issue, evidence(729))
    await scene.write(AGENT, issue, "Only a word.")
    phrase = await scene.write(OPERATOR, issue, PHRASE.upper())
    await scene.settled()
    await evaluate(scene, number)
    calls(scene)
    found = await seen(scene, number)
    asked = calls(scene)
    assert not [path for path in asked if "/actions/" in path or path.startswith(f"/issues/{issue}")]
    assert len(asked) <= 8
    assert [one.id for one in found.comments] == [comment, phrase]
    assert [run.status for run in found.runs] == ["success"]
    assert all(one.witnessed for one in found.comments)


async def test_changed_evidence_has_the_open_pull_requests_looked_at_and_nothing_else_does(scene: World) -> None:
    issue, number = await track(scene), await pull(scene)
    closed = await pull(scene, "codex/other", {"garden/other.py": "y = 2\n"})
    await merge(scene, closed)
    before, old = await row(scene, number), await row(scene, closed)
    await scene.write(WRITER, issue, "Only a word.")
    await scene.settled()
    assert (await row(scene, number)).desired_generation == before.desired_generation
    await scene.write(AGENT, issue, evidence(729))
    await scene.settled()
    after = await row(scene, number)
    assert after.desired_generation > before.desired_generation
    assert after.observed_generation == after.desired_generation
    assert after.snapshot_hash != before.snapshot_hash
    assert (await row(scene, closed)).desired_generation == old.desired_generation


async def test_a_soak_of_which_nothing_is_kept_is_read_on_the_spot_and_its_issue_looked_at(scene: World) -> None:
    issue, number = await track(scene), await pull(scene)
    scene.sandbox.add_run(REPOSITORY, 729, "a" * 40, started_at=BEGUN)
    await scene.write(AGENT, issue, evidence(729))
    await scene.settled()
    kept = (await readings(scene))["deploy"]
    await forget_readings(scene)
    before = await row(scene, issue)
    calls(scene)
    assert await seen(scene, number) == kept.seen
    assert f"/issues/{issue}/comments" in calls(scene)
    assert (await readings(scene))["deploy"] == kept
    assert (await row(scene, issue)).desired_generation > before.desired_generation
    await seen(scene, number)
    assert f"/issues/{issue}/comments" not in calls(scene)


async def test_a_policy_that_names_a_soak_anew_is_not_answered_with_the_old_reading(scene: World) -> None:
    issue, number = await track(scene), await pull(scene)
    other = await scene.open_issue(OPERATOR, "Another place")
    await scene.write(AGENT, issue, evidence(1))
    await scene.write(AGENT, other, evidence(2))
    await scene.settled()
    assert [run.number for run in (await seen(scene, number)).runs] == [1]
    await set_policy(scene, soak(other))
    assert [run.number for run in (await seen(scene, number)).runs] == [2]
    assert (await readings(scene))["deploy"].issue == other


async def test_an_issue_that_cannot_be_read_is_unseen_and_not_asked_for_at_every_look(scene: World) -> None:
    await track(scene)
    number = await pull(scene)
    await set_policy(scene, soak(999))
    found = await seen(scene, number)
    assert "#999 could not be read" in found.unseen
    calls(scene)
    assert await seen(scene, number) == found
    assert not [path for path in calls(scene) if "999" in path]
    await set_policy(scene, soak(number))
    assert "is a pull request" in (await seen(scene, number)).unseen
    await scene.settled()
    assert (await row(scene, number)).kind == "pull"


async def test_runs_that_cannot_be_asked_for_are_unknown(scene: World) -> None:
    issue, number = await track(scene), await pull(scene)
    scene.sandbox.faults.append(Fault("404", r"/actions/", "GET"))
    await scene.write(AGENT, issue, evidence(729))
    await scene.settled()
    (run,) = (await seen(scene, number)).runs
    assert run.status == ""
    assert "not found, or hidden" in run.unknown


async def test_a_merged_prerequisite_wakes_the_tracking_issue(scene: World) -> None:
    first = await pull(scene)
    issue = await track(scene, f"  prerequisites: [{first}]\n")
    assert [one.state for one in (await readings(scene))["deploy"].seen.pulls] == ["open"]
    before = await row(scene, issue)
    await merge(scene, first)
    assert (await row(scene, issue)).desired_generation > before.desired_generation
    assert [one.state for one in (await readings(scene))["deploy"].seen.pulls] == ["merged"]


async def test_a_default_branch_that_moves_has_tracking_issues_looked_at(scene: World) -> None:
    issue = await track(scene)
    before = await row(scene, issue)
    await scene.sandbox.commit_files(REPOSITORY, "side", {"x": "1\n"}, author=AGENT)
    await scene.settled()
    assert (await row(scene, issue)).desired_generation == before.desired_generation
    await scene.sandbox.commit_files(REPOSITORY, "main", {"x": "1\n"}, author=AGENT)
    await scene.settled()
    assert (await row(scene, issue)).desired_generation > before.desired_generation


async def test_a_run_that_another_soak_used_first_is_told(scene: World) -> None:
    first = await scene.open_issue(OPERATOR, "Soak one")
    second = await scene.open_issue(OPERATOR, "Soak two")
    policy = soak(first) + f"- name: other\n  issue: {second}\n  gate: other-gate\n"
    await set_policy(scene, policy)
    await scene.write(AGENT, first, evidence(729))
    await scene.write(OUTSIDER, first, evidence(731))
    await scene.write(AGENT, second, evidence(729, soak="other"))
    await scene.write(AGENT, second, evidence(731, soak="other"))
    await scene.settled()
    found = await readings(scene)
    assert (found["deploy"].seen.elsewhere, found["other"].seen.elsewhere) == ({}, {729: "deploy"})


async def test_of_two_soaks_looked_at_at_once_the_later_user_of_a_run_is_looked_at_again(scene: World) -> None:
    first = await scene.open_issue(OPERATOR, "Soak one")
    second = await scene.open_issue(OPERATOR, "Soak two")
    await set_policy(scene, soak(first) + f"- name: other\n  issue: {second}\n  gate: other-gate\n")
    scene.sandbox.hooks_paused = True
    await scene.write(AGENT, first, evidence(729))
    await scene.write(AGENT, second, evidence(729, soak="other"))
    targets = [scene.target(f"#{number}") for number in (first, second)]
    looks = [await scene.machine.reconciler.evaluate(target) for target in targets]
    assert await remember_soaks(scene.machine.store, looks[0], None) == []
    assert await remember_soaks(scene.machine.store, looks[1], None) == targets
    await scene.settled()
    assert (await readings(scene))["other"].seen.elsewhere == {729: "deploy"}
    assert await remember_soaks(scene.machine.store, await scene.machine.reconciler.evaluate(targets[1]), None) == []


async def test_a_tracking_issue_that_is_gone_leaves_nothing_to_judge_by(scene: World) -> None:
    issue, number = await track(scene), await pull(scene)
    await scene.write(AGENT, issue, evidence(729))
    await scene.settled()
    async with scene.machine.store.session() as session:
        await records.set_aside(session, scene.target(f"#{issue}"))
    scene.sandbox.faults.append(Fault("404", rf"/issues/{issue}$", "GET"))
    assert "could not be read" in (await seen(scene, number)).unseen


async def test_a_soak_that_the_policy_drops_is_forgotten(scene: World) -> None:
    issue = await track(scene)
    await scene.write(AGENT, issue, evidence(729))
    await scene.settled()
    await set_policy(scene, "version: 1\n")
    assert (await evaluate(scene, issue, "#")).soaks == ()
    assert await readings(scene) == {}


async def test_without_soaks_nothing_is_read(scene: World) -> None:
    number = await pull(scene)
    issue = await scene.open_issue(AGENT, "An issue")
    await scene.write(AGENT, issue, evidence(729))
    await scene.settled()
    for inputs in (await evaluate(scene, number), await evaluate(scene, issue, "#")):
        assert isinstance(inputs, Inputs)
        assert (inputs.soaks, inputs.protected_lines, inputs.phrases) == ((), (), ())
    assert not [path for path in calls(scene) if "/actions/" in path]


async def test_changed_lines_with_protected_names_are_told_while_it_is_open(scene: World) -> None:
    await track(scene, "  protects: {names: [RUNNER_TOKEN]}\n")
    number = await pull(scene, files={"run.sh": "export RUNNER_TOKEN\n"})
    inputs = await evaluate(scene, number)
    assert [(one.name, one.path, one.line, one.removed) for one in inputs.protected_lines] == [
        ("RUNNER_TOKEN", "run.sh", 1, False)
    ]
    await merge(scene, number)
    assert (await evaluate(scene, number)).protected_lines == ()


async def test_what_an_operator_wrote_on_a_pull_request_is_told_on_the_issue(scene: World) -> None:
    number = await pull(scene)
    issue = await track(scene, f"  gate_on: [{number}]\n")
    target = scene.target(f"!{number}")
    judged = {"phrases": [{"phrase": PHRASE, "comment": 5, "by": OPERATOR, "at": BEGUN.isoformat(), "lost_at": None}]}
    await _judge(scene, target, judged)
    (phrase,) = (await seen(scene, issue, "#")).phrases
    assert (phrase.phrase, phrase.number, phrase.comment, phrase.by, phrase.at) == (PHRASE, number, 5, OPERATOR, BEGUN)


async def _judge(scene: World, target: Target, content: dict[str, Any]) -> None:
    judgment = Judgment(check="gates", at=BEGUN, basis="sha256:0", content=content)
    async with scene.machine.store.session() as session:
        await decisions.keep_judgments(session, target, [judgment])


@pytest.mark.postgres
async def test_soaks_are_kept_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async with world(tmp_path, rules_cache_dir=RULES, database_url=postgres_url) as scene:
        await hook(scene)
        issue, number = await track(scene), await pull(scene)
        scene.sandbox.add_run(REPOSITORY, 729, "a" * 40, started_at=BEGUN)
        await scene.write(AGENT, issue, evidence(729))
        await scene.settled()
        assert [run.status for run in (await seen(scene, number)).runs] == ["success"]
        assert [*await readings(scene)] == ["deploy"]
