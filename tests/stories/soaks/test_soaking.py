"""A soak's life through webhook, database and API, and what pull requests may do meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import SERVERS, Server
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, WRITER
from bot.store.ledger import tail, verify
from tests.stories.soaks.soak_story import (
    EARLY,
    ISSUE,
    NAME,
    PHRASE,
    PREREQUISITE,
    REPORT,
    RUNNER,
    STORY,
    Soaking,
    soaking,
)

pytestmark = pytest.mark.long

TAKES_AWAY = {"deploy/runner/run.env": "MODE=machine\n"}


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Soaking]:
    async with soaking(tmp_path) as running:
        yield running


async def told(story: Soaking, until: str = "") -> None:
    """Tells the story up to the first step with a state, or all of it."""
    for step in STORY:
        await step.act(story)
        assert (await story.state())["state"] == step.state, step.about
        if step.state == until:
            return


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
async def test_the_story_from_install_to_closed(tmp_path: Path, server: Server) -> None:
    async with soaking(tmp_path, server) as story:
        await _from_install_to_closed(story)


async def _from_install_to_closed(story: Soaking) -> None:
    await told(story)
    found = await story.state()
    said = {row["comment"]: row["why"] for row in found["evidence"]}
    whys = list(said.values())
    assert any("does not contain #2" in why or "started before the merge of #2" in why for why in whys)
    assert any("it is for the soak canary-bridge" in why for why in whys)
    assert any("too early" in why for why in whys)
    # Without the list of runs, a server shows only the jobs that runners took.
    queued = "stuck" if story.scene.sandbox.server.lists_runs else "run #45 not found"
    assert any(queued in why for why in whys)
    assert any("stated in prose only, does not count" in why for why in whys)
    await story.pull("codex/other", "chore: count the beds", {"garden/beds.py": "BEDS = 1\n"})
    number, _ = await story.pull("codex/report", "docs: report the soak", {"docs/soak.md": "All of it stands here.\n"})
    assert number == REPORT
    await story.merge(REPORT)
    assert (await story.state())["state"] == "closed"
    assert "observed/unused" in await story.scene.labels(ISSUE)
    (_,) = await story.scene.said(ISSUE, "soak-evidence")


async def test_a_pull_request_that_takes_the_fallback_early_turns_green_when_the_gate_opens(story: Soaking) -> None:
    number, head = await story.pull("codex/early", "chore(runner): use the machine identity alone", TAKES_AWAY)
    assert number == EARLY
    assert await story.status(head) == "failure"
    report = await story.scene.report(EARLY)
    assert report is not None
    assert NAME in report["body"]
    await told(story, "awaiting-operator")
    assert await story.status(head) == "failure"
    await story.wait(1)
    await story.say(OPERATOR, PHRASE)
    assert (await story.state())["state"] == "approved"
    assert await story.status(head) == "success"


async def test_when_the_evidence_falls_the_gate_closes_again_with_a_notice(story: Soaking) -> None:
    _, head = await story.pull("codex/early", "chore(runner): use the machine identity alone", TAKES_AWAY)
    await told(story, "approved")
    assert await story.status(head) == "success"
    smoke = next(
        row["comment"] for row in (await story.state())["evidence"] if row["counts"] and row["kind"] == "smoke"
    )
    await story.scene.api[WRITER].delete(f"/repos/{REPOSITORY}/issues/comments/{smoke}")
    await story.scene.settled()
    found = await story.state()
    assert (found["state"], found["gate"]["open"]) == ("soaking", False)
    assert "closed again" in found["alarms"][0]
    assert await story.status(head) == "failure"
    async with story.scene.machine.store.read() as session:
        entries = [entry for entry in await tail(session, 500) if entry.kind in {"gate", "evidence", "soak"}]
        assert (await verify(session)).broken_at is None
    gates = [(entry.actor, entry.detail["open"]) for entry in entries if entry.kind == "gate"]
    assert gates == [(OPERATOR, True), (OPERATOR, False)]
    assert [entry.detail["lost"] for entry in entries if "lost" in entry.detail] == ["deleted"]


async def test_a_claim_ahead_of_the_state_is_blocked_until_it_is_so(story: Soaking) -> None:
    body = "### What changed\n\nThe soak has started.\n\n### Merge blockers\n\n- Any claim that the soak has passed.\n"
    number, head = await story.pull("codex/claims", "docs: tell of the soak", {"docs/now.md": "# Now\n"}, body)
    assert await story.status(head) == "failure"
    report = await story.scene.report(number)
    assert report is not None
    assert "The soak has started." in report["body"]
    await told(story, "soaking")
    assert await story.status(head) == "success"


async def test_near_misses_are_answered_once_and_the_phrase_is_seen(story: Soaking) -> None:
    early = await story.say(OPERATOR, PHRASE)
    assert await story.scene.reactions(early) == ["confused"]
    (reply,) = await story.scene.said(ISSUE, f"answer-{early}-gate")
    assert "came too early" in reply["body"]
    await told(story, "awaiting-operator")
    theirs = await story.say(AGENT, PHRASE)
    quoted = await story.say(OPERATOR, f"> {PHRASE}\n\nIs this how it is written?")
    assert await story.scene.reactions(theirs) == await story.scene.reactions(quoted) == ["confused"]
    await story.wait(1)
    mine = await story.say(OPERATOR, PHRASE)
    assert await story.scene.reactions(mine) == ["+1", "eyes"]
    await story.evaluate(ISSUE)
    for comment in (early, theirs, quoted):
        (_,) = await story.scene.said(ISSUE, f"answer-{comment}-gate")


async def test_a_phrase_that_somebody_wrote_into_the_operators_comment_opens_nothing(story: Soaking) -> None:
    await told(story, "awaiting-operator")
    comment = await story.say(OPERATOR, "I shall look at it tomorrow.")
    await story.wait(1)
    await story.scene.api[AGENT].patch(f"/repos/{REPOSITORY}/issues/comments/{comment}", {"body": PHRASE})
    await story.scene.settled()
    assert (await story.state())["state"] == "awaiting-operator"
    (reply,) = await story.scene.said(ISSUE, f"answer-{comment}-gate")
    assert "edited" in reply["body"]


async def test_soak_and_gate_answer_with_where_it_stands(story: Soaking) -> None:
    await told(story, "soaking")
    asked = await story.say(WRITER, "/soak\n/gate")
    (reply,) = await story.scene.said(ISSUE, f"answer-{asked}")
    assert "soaking" in reply["body"]
    assert PHRASE in reply["body"]


async def test_a_failed_run_that_nobody_posts_is_seen(story: Soaking) -> None:
    await told(story, "soaking")
    await story.run(50, "failure")
    await story.evaluate(ISSUE)
    assert "#50 of auto-apply.yml failed in the meantime, and no evidence mentions it" in (await story.state())["why"]


async def test_labels_ask_for_evidence_and_then_for_the_operator(story: Soaking) -> None:
    await told(story, "soaking")
    assert {"status:needs-evidence", "cutover-gate", "observed/used"} <= set(await story.scene.labels(ISSUE))
    await told_rest(story)
    asked = {"status:operator-needed", "judge/operator-needed", "needs-operator-decision", "observed/retire-candidate"}
    found = set(await story.scene.labels(ISSUE))
    assert asked <= found
    assert "status:needs-evidence" not in found
    await story.scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/pulls/{PREREQUISITE}")


async def told_rest(story: Soaking) -> None:
    """Goes on from the first smoke to the audit."""
    for step in STORY[3:9]:
        await step.act(story)


async def test_the_policys_files_are_what_is_protected(story: Soaking) -> None:
    _, head = await story.pull("codex/path", "chore: tidy", {"deploy/runner/notes.sh": "echo hello\n"})
    assert await story.status(head) == "failure"
    _, other = await story.pull("codex/fine", "chore: tidy more", {"garden/notes.py": "A = 1\n"})
    assert await story.status(other) == "success"
    assert NAME in next(iter(RUNNER.values()))


async def test_an_unchanged_pull_request_costs_no_call_for_its_soaks(story: Soaking) -> None:
    number, _ = await story.pull("codex/fine", "chore: tidy more", {"garden/notes.py": "A = 1\n"})
    await told(story, "soaking")
    await story.evaluate(number, "!")
    calls = story.scene.sandbox.calls
    before = len(calls)
    await story.evaluate(number, "!")
    mine = [call for call in calls[before:] if call.user]
    assert len(mine) <= 8
    assert [call for call in mine if call.method != "GET"] == []
