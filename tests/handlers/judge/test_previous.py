"""When the bot judges anew, for which reason, and what an old judgment looks like."""

from datetime import timedelta
from typing import Any

import pytest

from bot.model import ChangedFile, Judgment, Side
from bot.policy import Accepted, SecretLeakPolicy
from handlers.judge.check import Judge
from handlers.judge.rules import Ruled
from handlers.judge.signals.table import Signal
from tests.judgments import (
    comment,
    decision,
    issue,
    judged,
    later,
    made,
    on,
    opinion,
    policy,
    remembering,
    retitled,
    rewritten,
)
from tests.snapshots import NOW, POLICY, TOOLS, WRITER, gap, leak, snapshot

HOUR = timedelta(hours=1)


async def test_where_nothing_changed_the_judgment_stands_to_the_letter() -> None:
    first = issue()
    report = await judged(first)
    again = await judged(later(first, report, after=timedelta(days=20)), priority="p0", rationale_summary="Otherwise.")
    assert again.judgment is None
    assert (again.comment, again.summary, again.labels) == (report.comment, report.summary, report.labels)
    assert again.label_bases == report.label_bases


async def test_what_changes_by_itself_is_no_reason() -> None:
    first = snapshot()
    report = await judged(first)
    second = later(first, report, base=Side(ref="main", sha="c3" * 20), commits=first.inputs.commits, locked=True)
    memory = second.memory.model_copy(update={"updated_at": NOW + HOUR, "permissions": {"iskra": "write"}})
    assert (await judged(second.model_copy(update={"memory": memory}))).judgment is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (retitled("Another"), "title_changed"),
        (rewritten("Another"), "body_changed"),
        (retitled("Another") | rewritten("Another"), "title_changed"),
        ({"labels": ("kind/bug",)}, "labels_changed"),
        ({"labels": ("judge/p0",)}, None),
        ({"head": Side(ref="codex/water", sha="c3" * 20)}, "head_changed"),
        ({"commits": ()}, "head_changed"),
        ({"files": (ChangedFile(path="deploy/run.sh", status="added"),)}, "evidence_changed"),
        ({"leaks": (leak(),)}, "evidence_changed"),
        ({"base": Side(ref="stable", sha="b2" * 20)}, "evidence_changed"),
        ({"author": WRITER}, "evidence_changed"),
        ({"gaps": (gap(),)}, "evidence_changed"),
        ({"added_cut": True}, "evidence_changed"),
        ({"decisions": (decision("priority", "p0"),)}, "evidence_changed"),
        ({"decisions": (decision("rejudge", at=NOW + HOUR),)}, "requested"),
        ({"decisions": (decision("rejudge", at=NOW - HOUR),)}, "requested"),
        ({"decisions": (decision("rejudge", at=NOW + HOUR),)} | rewritten("Another"), "requested"),
        ({"decisions": (decision("rejudge", at=NOW + HOUR, refused="no"),)}, None),
        ({"decisions": (decision("explain", "judge"), decision("hold"), decision("accept", "sf_0"))}, None),
        ({"comments": (comment("A remark.", WRITER),)}, None),
    ],
)
async def test_the_first_thing_that_changed_is_the_reason(change: dict[str, Any], reason: str | None) -> None:
    first = snapshot()
    report = await judged(later(first, await judged(first), **change))
    assert (made(report).rerun_reason if report.judgment else None) == reason


async def test_a_comment_that_the_rules_rest_on_is_a_reason_and_another_is_none() -> None:
    gate = Signal(name="gate-comment", group="gate", weight=5, says="somebody has to approve", ref="comment:88")
    reading = Judge(lambda _: Ruled(opinion=opinion(), signals=(gate,)), lambda *_: True)
    first = issue()
    report = await reading.assess(first, TOOLS)
    remark, awaited = comment("A remark.", number=87), comment("Wait for the owner's approval.", number=88)
    assert (await reading.assess(later(first, report, comments=(remark,)), TOOLS)).judgment is None
    anew = await reading.assess(later(first, report, comments=(remark, awaited)), TOOLS)
    assert made(anew).rerun_reason == "evidence_changed"


async def test_a_leak_that_is_accepted_is_a_reason() -> None:
    first = issue(leaks=(leak(),))
    accept = SecretLeakPolicy(accept=(Accepted(fingerprint=leak().fingerprint, reason="a fixture"),))
    second = later(first, await judged(first), policy=POLICY.model_copy(update={"secret_leak": accept}))
    assert made(await judged(second)).rerun_reason == "evidence_changed"


async def test_a_leak_that_is_accepted_by_a_command_is_a_reason() -> None:
    first = issue(leaks=(leak(),))
    accept = decision("accept", leak().fingerprint, why="a fixture")
    second = later(first, await judged(first), decisions=(accept,))
    assert made(await judged(second)).rerun_reason == "evidence_changed"


async def test_a_request_that_was_heard_is_no_reason_again() -> None:
    asked = issue(decisions=(decision("rejudge", at=NOW - HOUR),))
    report = await judged(asked)
    assert made(report).rerun_reason == "no_prior_judgment"
    assert (await judged(later(asked, report))).judgment is None
    assert made(await judged(later(asked, report, **rewritten("Another")))).rerun_reason == "body_changed"


async def test_a_request_from_a_clock_that_is_ahead_is_heard_once() -> None:
    asked = issue(decisions=(decision("rejudge", at=NOW + HOUR),))
    assert (await judged(later(asked, await judged(asked), after=timedelta(minutes=1)))).judgment is None


async def test_what_is_opened_again_is_judged_again() -> None:
    first = issue()
    report = await judged(first)
    closed = later(first, report, state="closed")
    resting = await judged(closed, priority="p0")
    still = later(closed, resting)
    assert (await judged(still)).judgment is None
    opened = later(still, await judged(still), state="open")
    again = await judged(opened, priority="p0")
    assert (made(again).rerun_reason, made(again).priority) == ("state_changed", "p0")
    assert again.comment is not None
    assert again.comment.body.count("| no_prior_judgment |") == 1
    assert (await judged(later(opened, again))).judgment is None


async def test_earlier_judgments_fold_under_the_new_one() -> None:
    first = issue()
    second = later(first, await judged(first, priority="p3"), **rewritten("Another"))
    report = await judged(second)
    assert report.comment is not None
    assert "| 2026-03-01 12:30 UTC | p3 | codex_candidate | no_prior_judgment |" in report.comment.body


async def test_judgments_that_cannot_be_read_are_passed_over() -> None:
    report = await judged(issue())
    assert report.judgment is not None
    broken = report.judgment.model_copy(update={"content": report.judgment.content | {"priority": "p9"}})
    other = Judgment(check="panel", at=NOW, basis="", content=report.judgment.content)
    again = await judged(issue(memory=remembering(other, broken)))
    assert made(again).rerun_reason == "no_prior_judgment"


@pytest.mark.parametrize(("days", "stale"), [(29, False), (31, True)])
async def test_an_old_judgment_is_marked(days: int, stale: bool) -> None:
    first = issue()
    report = await judged(later(first, await judged(first), after=timedelta(days=days)))
    assert report.judgment is None
    assert report.labels["judge/stale-priority"] is stale
    assert report.labels["judge/p2"]


async def test_an_old_judgment_of_something_closed_is_not_marked() -> None:
    first = issue()
    closed = later(first, await judged(first), after=timedelta(days=90), state="closed")
    assert on(await judged(closed)) == {"judge/p2", "judge/codex-candidate"}


async def test_the_mark_of_age_rests_on_the_judgment_that_is_old() -> None:
    first = issue(policy(renew="on"))
    report = await judged(first)
    renewed = await judged(later(first, report, after=timedelta(days=31)))
    assert renewed.label_bases["judge/stale-priority"] != report.label_bases["judge/stale-priority"]
    assert renewed.label_bases["judge/low-confidence"] == report.label_bases["judge/low-confidence"]


async def test_an_old_judgment_is_renewed_where_the_policy_wants_it() -> None:
    first = issue(policy(renew="on", **{"stale-days": 7}))
    old = later(first, await judged(first), after=timedelta(days=8))
    report = await judged(old)
    assert made(report).rerun_reason == "stale"
    assert not report.labels["judge/stale-priority"]
    assert report.label_bases["judge/p2"] == (await judged(first)).label_bases["judge/p2"]
