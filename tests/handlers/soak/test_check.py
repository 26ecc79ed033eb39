"""The check of soak evidence: what it says of tracking issues, and what it holds against pull requests."""

from typing import Any

import pytest

from bot.model import AddedLines, Gap, Kind, ProtectedLine, Report, RunSeen, Snapshot, SoakSeen, Target, Verdict
from bot.plan.assessment import assess, folded
from bot.policy import Policy, SoakPolicy
from handlers.judge import check
from handlers.soak.check import CHECK
from tests.handlers.guards.guarding import files
from tests.handlers.soak.soaking import (
    FALLBACK,
    MARKER,
    PHRASE,
    SOAK,
    Thread,
    evidence,
    later,
    proven,
    removed,
    smoke,
    told,
)
from tests.snapshots import ISSUE, OPERATOR, PULL, TOOLS, snapshot


def pull(thread: Thread, days: float = 10, **change: Any) -> Snapshot:
    policy = Policy(operators=(OPERATOR,), soaks=(SoakPolicy.model_validate(thread.policy),))
    values: dict[str, Any] = {"policy": policy, "soaks": (thread.tracked(later(days=days)),)}
    return snapshot(PULL, **(values | change)).model_copy(update={"taken_at": later(days=days)})


async def judged(observed: Snapshot) -> Report:
    return await CHECK.assess(observed, TOOLS)


def rules(found: Report) -> list[str]:
    return [one.rule for one in found.findings]


async def test_a_tracking_issue_has_a_comment_with_state_labels_and_payload() -> None:
    thread = proven()
    found = await judged(thread.snapshot(later(days=8)))
    assert found.comment is not None
    assert "soak.state.v1" in found.comment.body
    assert found.data["soaks"][0]["state"] == "awaiting-operator"
    on = {name for name, there in found.labels.items() if there}
    assert on == {"status:operator-needed", "needs-operator-decision", "cutover-gate", "observed/retire-candidate"}
    assert (found.verdict, found.shown, found.status) == (Verdict.PASS, False, False)


LABELS: dict[str, set[str]] = {
    "installed": {"status:needs-evidence", "cutover-gate", "observed/pending"},
    "approved": {"status:needs-evidence", "observed/retire-candidate"},
    "removed": {"observed/needs-followup"},
    "closed": {"observed/unused"},
}


@pytest.mark.parametrize(("state", "labels"), LABELS.items(), ids=LABELS)
async def test_labels_follow_the_state(state: str, labels: set[str]) -> None:
    thread = removed()
    thread.pulls[437] = later(days=10)
    when = {"installed": 0.05, "approved": 9.01, "removed": 9.5, "closed": 10}[state]
    found = await judged(thread.snapshot(later(days=when)))
    assert (found.data["soaks"][0]["state"], {name for name, on in found.labels.items() if on}) == (state, labels)


async def test_a_look_that_finds_nothing_new_keeps_nothing_new() -> None:
    observed = proven().snapshot(later(days=8))
    first = await judged(observed)
    second = await judged(folded(observed, first))
    assert first.judgment is not None
    assert (second.judgment, second.records, second.comment) == (None, (), first.comment)


async def test_it_looks_again_when_the_audit_may_be_and_when_a_run_may_have_ended() -> None:
    thread = proven()
    thread.comments.pop()
    found = await judged(thread.snapshot(later(days=7)))
    assert found.again == pytest.approx(2 * 3600 + 1)
    thread.run(790, later(days=7.5), "running")
    thread.write(told(smoke(790)), later(days=7.6))
    assert (await judged(thread.snapshot(later(days=7.6)))).again == 60.0
    assert (await judged(thread.snapshot(later(days=9)))).again == 3600.0
    thread.runs[-1] = thread.runs[-1].model_copy(update={"status": "stuck"})
    assert (await judged(thread.snapshot(later(days=7.6)))).again == 60.0
    thread.runs[-1] = thread.runs[-1].model_copy(update={"status": "failure"})
    assert (await judged(thread.snapshot(later(days=9)))).again == 0.0


async def test_the_judge_gives_the_operator_what_waits_for_his_word() -> None:
    observed = proven().snapshot(later(days=8), title="docs: sort the beds", body="## Goal\n\nSorted.\n\n- [ ] a test")
    done = await assess(observed, [CHECK, check.CHECK], TOOLS)
    (found,) = [one for one in done.reports if one.check == "judge"]
    assert found.labels["judge/operator-needed"]
    before = await assess(observed.model_copy(update={"taken_at": later(days=3)}), [check.CHECK], TOOLS)
    assert before.reports[0].judgment is not None


CLAIMS = {
    "started": "The soak has started.",
    "threshold": "All 3 of 3 smokes are done, so the soak threshold is met.",
    "complete": "The soak has passed.",
    "removed": "The direct PAT fallback has been removed.",
}
FIRST = {"started": 0.2, "threshold": 1, "complete": 8, "removed": 9.5}
"""The days after which each claim is so."""


@pytest.mark.parametrize("stage", CLAIMS)
@pytest.mark.parametrize("days", [0.05, 0.15, 1, 8, 9.5])
async def test_a_claim_is_blocked_as_long_as_it_is_ahead(stage: str, days: float) -> None:
    thread = removed()
    thread.comments = [one for one in thread.comments if one.created_at <= later(days=days)]
    found = await judged(pull(thread, days, body=CLAIMS[stage]))
    so = days >= FIRST[stage] or (stage == "started" and days >= 0.15)
    assert rules(found) == ([] if so else ["soak-claim"])
    assert found.verdict is (Verdict.PASS if so else Verdict.BLOCK)
    if not so:
        assert CLAIMS[stage][:20] in found.findings[0].evidence


PLACES: dict[str, dict[str, Any]] = {
    "the title": {"title": "docs: record that the soak has passed"},
    "the description": {"body": "Hello.\n\n- The soak has passed.\n"},
    "a changed document": {
        "added": (AddedLines(path="docs/STATUS.md", start=4, text="# Now\n\nThe soak has passed."),)
    },
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_claims_are_found_in(place: dict[str, Any]) -> None:
    assert rules(await judged(pull(Thread(), 1, **place))) == ["soak-claim"]


NO_CLAIMS: dict[str, dict[str, Any]] = {
    "a negation": {"body": "Soak not started yet."},
    "no claim": {"body": "This makes no claim that the soak has started."},
    "a merge blocker": {"body": "## Merge blockers\n\n- The soak has started.\n\n## Other\n\nNothing."},
    "out of scope": {"body": "### Explicit out-of-scope\n\n- The soak has passed.\n"},
    "a quotation": {"body": "> The soak has passed.\n\nThat isn't so."},
    "code": {"body": "```\nsoak has passed\n```\n"},
    "a program": {"added": (AddedLines(path="tests/soak.py", start=1, text="# The soak has passed."),)},
}


@pytest.mark.parametrize("place", NO_CLAIMS.values(), ids=NO_CLAIMS)
async def test_nothing_is_claimed_in(place: dict[str, Any]) -> None:
    assert rules(await judged(pull(Thread(), 1, **place))) == []


async def test_a_claim_is_about_the_soak_that_it_names() -> None:
    done, other = (
        removed(),
        Thread(policy=SOAK | {"name": "canary-bridge", "issue": 50, "gate": "canary-bridge-opened"}),
    )
    policy = Policy(operators=(OPERATOR,), soaks=tuple(SoakPolicy.model_validate(t.policy) for t in (done, other)))
    seen = (done.tracked(later(days=10)), other.tracked(later(days=10)))

    async def found(body: str) -> list[str]:
        return [one.title for one in (await judged(pull(done, 10, policy=policy, soaks=seen, body=body))).findings]

    assert await found("The soak of #7 has passed.") == []
    assert await found("The soak has passed.") == []
    (title,) = await found("The soak canary-bridge has passed.")
    assert "canary-bridge" in title


TOUCHES: dict[str, dict[str, Any]] = {
    "a path": {"files": files("deploy/runner/env.sh")},
    "a removed line": {
        "protected_lines": (ProtectedLine(name="PLATFORMCTL_FORGEJO_TOKEN", path="x.sh", line=2, removed=True),)
    },
    "an added line": {
        "protected_lines": (ProtectedLine(name="PLATFORMCTL_FORGEJO_TOKEN", path="x.sh", line=2, removed=False),)
    },
}


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
async def test_what_a_soak_protects_is_blocked_until_its_gate_opens(touch: dict[str, Any]) -> None:
    thread = proven()
    early = await judged(pull(thread, 8.5, **touch))
    assert (early.verdict, rules(early)) == (Verdict.BLOCK, ["soak-protected"])
    assert early.labels["cutover-gate"]
    thread.write(PHRASE, later(days=9), OPERATOR)
    late = await judged(pull(thread, 9, **touch, body="The direct PAT fallback has been removed."))
    assert (late.verdict, late.labels["cutover-gate"]) == (Verdict.PASS, False)


async def test_a_name_in_a_document_is_no_touch() -> None:
    touch = ProtectedLine(name="PLATFORMCTL_FORGEJO_TOKEN", path="docs/runner.md", line=2, removed=False)
    assert rules(await judged(pull(proven(), 8.5, protected_lines=(touch,)))) == []


async def test_what_was_not_looked_at_is_an_error() -> None:
    gap = Gap(what="the changed lines with protected names", why="too long")
    assert (await judged(pull(proven(), 8.5, unseen=(gap,)))).verdict is Verdict.ERROR
    lost = SoakSeen(name=SOAK["name"], unseen="HTTP 500")
    found = await judged(pull(proven(), 8.5, soaks=(lost,)))
    assert (found.verdict, "HTTP 500" in found.findings[0].evidence) == (Verdict.ERROR, True)
    assert (found.again, (await judged(pull(proven(), 8.5))).again) == (900, 0)
    assert (await judged(pull(proven(), 8.5, soaks=()))).verdict is Verdict.ERROR


async def test_a_merged_prerequisite_waits_for_its_evidence() -> None:
    prerequisite = Target(repository=PULL.repository, number=273, kind=Kind.PULL)

    async def waits(thread: Thread, days: float) -> bool:
        observed = pull(thread, days, state="merged").model_copy(update={"target": prerequisite})
        return (await judged(observed)).labels["status:merged:pending-evidence"]

    assert await waits(Thread(pulls={273: later()}), 1)
    assert not await waits(proven(), 8)


async def test_a_failure_after_the_phrase_closes_the_gate_again() -> None:
    thread = proven()
    thread.write(PHRASE, later(days=9), OPERATOR)
    thread.evaluate(later(days=9))
    thread.run(790, later(days=9.1))
    thread.write(told(smoke(790, markers={MARKER: 1, FALLBACK: 2})), later(days=9.2))
    found = await judged(thread.snapshot(later(days=9.3)))
    assert found.data["soaks"][0]["state"] == "installed"
    assert "is closed again: the soak was restarted (run #" in found.data["soaks"][0]["alarms"][0]
    assert rules(await judged(pull(thread, 9.3, files=files("deploy/runner/env.sh")))) == ["soak-protected"]


@pytest.mark.parametrize(
    ("number", "told"), [(733, True), (700, False), (730, False)], ids=["since", "before", "told by evidence"]
)
async def test_a_run_that_failed_and_that_nobody_tells_of_is_told_to_who_decides(number: int, told: bool) -> None:
    thread = proven()
    failed = RunSeen(number=number, workflow="auto-apply.yml", status="failure")
    seen = thread.seen().model_copy(update={"failed": (failed,)})
    found = await judged(thread.snapshot(later(days=8), soaks=(seen,)))
    why = f"warning: #{number} of auto-apply.yml failed in the meantime, and no evidence mentions it"
    assert (why in found.data["soaks"][0]["why"]) is told


async def test_without_soaks_there_is_nothing_to_say() -> None:
    for target in (PULL, ISSUE):
        found = await judged(snapshot(target))
        assert (found.verdict, found.shown, found.status) == (Verdict.SKIP, False, False)


CLAIM = "The deploy-runner-token soak is complete.\n"
CROWDS = {
    "claims that are so": ("The deploy-runner-token soak has begun.\n\n" * 20, Verdict.BLOCK),
    "more sentences than are read": ("Dry. " * 10_000 + "\n\n", Verdict.ERROR),
    "more text than is read": (f"<!-- {'dry' * 40_000} -->\n\n", Verdict.ERROR),
    "more lines than are read": ("\n" * 11_000, Verdict.ERROR),
}


@pytest.mark.parametrize(("crowd", "verdict"), CROWDS.values(), ids=CROWDS)
async def test_no_claim_is_hidden_behind(crowd: str, verdict: Verdict) -> None:
    thread = Thread(policy=SOAK | {"modules": []})
    thread.pulls[273] = later(hours=1)
    thread.run(729, later(hours=2))
    thread.write(told(evidence("install"), smoke(729)), later(hours=3))
    assert (await judged(pull(thread, 1, body=crowd + CLAIM))).verdict is verdict
