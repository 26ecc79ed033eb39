"""Judgments by other accounts: whose counts, what it can't lower, and what is answered."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from bot.model import Side, Verdict
from handlers.judge.labels import LABELS
from tests.judgments import (
    ESCALATED,
    block,
    comment,
    decision,
    issue,
    judged,
    judged_by,
    later,
    made,
    on,
    payload,
    policy,
    retitled,
    rewritten,
)
from tests.rendered import TRIGGERS, blocks, inlines, spoken
from tests.snapshots import AGENT, NOW, WRITER, snapshot
from tests.text.test_escape import hostile

HOUR = timedelta(hours=1)


THEIRS = policy(judges=("Iskra",))


async def test_a_judge_of_the_list_judges_in_the_bots_place() -> None:
    observed = issue(THEIRS)
    theirs = judged_by("iskra", observed, priority="p0", confidence=1, labels_to_apply=("judge/p3", "merge/auto"))
    report = await judged(issue(THEIRS, comments=(theirs,)))
    assert report.judgment is None
    assert on(report) == {"judge/p0", "judge/codex-candidate", "judge/low-confidence"}
    assert set(report.labels) == set(LABELS)
    assert (report.summary, report.notes) == ("p0, codex_candidate, by iskra in comment 77", ())
    assert report.answers == ()
    assert report.comment is not None
    assert report.comment.only_if_there
    assert "`iskra` in comment 77" in report.comment.body


async def test_the_newest_of_their_judgments_counts() -> None:
    observed = issue(THEIRS)
    theirs = (
        judged_by("iskra", observed, 90, NOW - HOUR, priority="p0"),
        judged_by("iskra", observed, 80, NOW, priority="p1"),
        comment(block("{}"), number=95),
    )
    report = await judged(issue(THEIRS, comments=theirs))
    assert "judge/p1" in on(report)
    assert [answer.comment_id for answer in report.answers] == [95]


async def test_where_theirs_is_gone_the_bots_own_stands_again() -> None:
    first = issue(THEIRS)
    report = await judged(first)
    second = later(first, report, comments=(judged_by("iskra", first, priority="p0"),))
    stepped = await judged(second)
    third = later(second, stepped, comments=())
    assert (await judged(third)).comment == report.comment
    assert (await judged(third)).judgment is None


@pytest.mark.parametrize(
    ("now", "after", "stale"),
    [
        ({}, timedelta(days=1), False),
        (retitled("Another"), timedelta(days=1), True),
        (rewritten("Another"), timedelta(days=1), True),
        ({"head": Side(ref="codex/water", sha="c3" * 20)}, timedelta(days=1), True),
        ({"labels": ("kind/bug",)}, timedelta(days=1), False),
        ({}, timedelta(days=31), True),
    ],
)
async def test_theirs_is_stale_when_its_target_changed_or_time_went_by(
    now: dict[str, Any], after: timedelta, stale: bool
) -> None:
    then = snapshot(policy=THEIRS)
    observed = snapshot(policy=THEIRS, **({"comments": (judged_by("iskra", then),)} | now))
    report = await judged(observed.model_copy(update={"taken_at": NOW + after}))
    assert report.labels["judge/stale-priority"] is stale
    assert report.labels["judge/p2"]


async def test_a_judgment_dated_ahead_of_its_comment_grows_old_all_the_same() -> None:
    theirs = judged_by("iskra", issue(THEIRS), judged_at=NOW + timedelta(days=900))
    observed = issue(THEIRS, comments=(theirs,)).model_copy(update={"taken_at": NOW + timedelta(days=31)})
    assert "judge/stale-priority" in on(await judged(observed))


async def test_no_judge_lowers_an_escalation_of_the_rules() -> None:
    theirs = judged_by("iskra", issue(THEIRS), priority="p3", recommended_next_action="park")
    report = await judged(issue(THEIRS, comments=(theirs,)), **ESCALATED)
    assert on(report) == {"judge/p3", "judge/operator-needed"}
    assert report.notes[0].startswith(
        "iskra recommends park, but the rules require an operator, so operator_needed stays"
    )


async def test_an_operators_word_stands_over_theirs_too() -> None:
    observed = issue(THEIRS)
    taken = (decision("priority", "p0"), decision("park", comment_id=302))
    report = await judged(issue(THEIRS, comments=(judged_by("iskra", observed),), decisions=taken), **ESCALATED)
    assert on(report) == {"judge/p0", "judge/park"}
    assert report.notes == ()


async def test_theirs_stays_on_what_is_closed() -> None:
    theirs = (judged_by("iskra", issue(THEIRS)), comment(block("{}"), number=95))
    report = await judged(issue(THEIRS, comments=theirs, state="closed"))
    assert (report.verdict, on(report)) == (Verdict.SKIP, {"judge/p2", "judge/codex-candidate"})
    assert report.answers == ()


def _refused() -> dict[str, tuple[Any, str]]:
    here, elsewhere = issue(THEIRS), snapshot(policy=THEIRS)
    good = judged_by("iskra", here)
    target = payload(here).target.model_dump()
    return {
        "by somebody else": (judged_by(AGENT, here), "is not listed under `judge.judges`"),
        "by nobody": (good.model_copy(update={"author": ""}), "a deleted account is not listed"),
        "edited": (
            good.model_copy(update={"edited": True}),
            "the comment was edited, so its author cannot be verified",
        ),
        "of another target": (
            judged_by("iskra", elsewhere),
            "wrong target: expected issue 7 of workshop/garden, got pull 12",
        ),
        "of another repository": (
            judged_by("iskra", here, target=target | {"repo": "workshop/shed"}),
            "wrong target: expected issue 7 of workshop/garden, got issue 7 of workshop/shed",
        ),
        "of another number": (
            judged_by("iskra", here, target=target | {"number": 8}),
            "got issue 8 of workshop/garden",
        ),
        "two in one": (comment(good.body + good.body), "more than one judgment"),
        "no JSON": (comment(block("p3, park")), "the payload is not valid JSON"),
        "too little": (comment(block("{}")), "is required"),
        "too much": (comment(good.body.replace('"reach"', '"verdict@all": 1, "reach"')), "verdict"),
    }


@pytest.mark.parametrize("case", sorted(_refused()))
async def test_what_does_not_count_changes_nothing_and_is_answered_with_why(case: str) -> None:
    said, why = _refused()[case]
    report = await judged(issue(THEIRS, comments=(said,)), **ESCALATED)
    (answer,) = report.answers
    assert (answer.comment_id, answer.reactions, answer.topic) == (said.id, ("confused",), "judgment")
    assert why in answer.reply
    assert "@all" not in answer.reply
    assert on(report) == {"judge/p1", "judge/operator-needed"}
    assert made(report).rerun_reason == "no_prior_judgment"


@pytest.mark.parametrize(
    "text",
    [
        "> <!-- openclaw.judge.v0 -->\n> {}\n> <!-- /openclaw.judge.v0 -->",
        "The marker is `<!-- openclaw.judge.v0 -->`, then JSON, then `<!-- /openclaw.judge.v0 -->`.",
        "<!-- openclaw.judge.v0 -->\n{",
        "<!-- /openclaw.judge.v0 -->\n{}\n<!-- openclaw.judge.v0 -->",
        block('{"schema": "openclaw.judge.v1"}'),
        block("{ … all fields … }"),
    ],
)
async def test_talk_about_judgments_is_not_answered(text: str) -> None:
    assert (await judged(issue(THEIRS, comments=(comment(text, WRITER + "2"),)))).answers == ()


async def test_what_was_written_before_the_bots_time_is_not_answered() -> None:
    theirs = (judged_by("iskra", issue(THEIRS), priority="p0"), judged_by(AGENT, issue(THEIRS), 78))
    report = await judged(issue(THEIRS, comments=theirs, served_since=NOW + HOUR))
    assert report.answers == ()
    assert "judge/p0" in on(report)


async def test_accounts_that_are_not_listed_hear_words_three_times_each_and_anything_twenty_times() -> None:
    comments = [judged_by(("eve", "mallory")[n % 2], issue(THEIRS), n) for n in range(1, 61)]
    answers = (await judged(issue(THEIRS, comments=(*comments, comment(block("{}"), number=95))))).answers
    assert [one.comment_id for one in answers] == [*range(1, 21), 95]
    assert [one.comment_id for one in answers if one.reply] == [*range(1, 7), 95]
    assert {one.reactions for one in answers} == {("confused",)}


async def test_a_judge_of_the_list_hears_words_three_times_and_anything_twenty_times() -> None:
    comments = tuple(comment(block("{}"), number=n) for n in range(1, 61))
    answers = (await judged(issue(THEIRS, comments=comments))).answers
    assert [bool(one.reply) for one in answers] == [True] * 3 + [False] * 17


async def test_edited_comments_get_no_more_words_one_by_one_than_all_at_once() -> None:
    heard = set[int]()
    for first in range(60, 0, -1):
        comments = tuple(comment(block("{}"), number=n, edited=True) for n in range(first, 61))
        report = await judged(issue(THEIRS, comments=comments))
        heard |= {one.comment_id for one in report.answers if one.reply}
    assert heard == {60, 59, 58}


async def test_an_edited_comment_of_somebody_who_is_not_listed_is_not_answered() -> None:
    theirs = judged_by("eve", issue(THEIRS)).model_copy(update={"edited": True})
    assert (await judged(issue(THEIRS, comments=(theirs,)))).answers == ()


async def test_payloads_of_others_are_no_evidence() -> None:
    first = issue()
    second = later(first, await judged(first), comments=(judged_by(AGENT, first),))
    assert (await judged(second)).judgment is None


@given(hostile.filter(lambda text: "\ud800" not in text))
async def test_no_word_of_a_refused_payload_or_its_author_does_anything_in_the_answer(text: str) -> None:
    keyed = json.dumps(payload(issue(THEIRS)).content() | {f"x{text}": 1})
    said = (comment(block(keyed)), judged_by(f"x{text}", issue(THEIRS), 78))
    report = await judged(issue(THEIRS, comments=said))
    assert [answer.comment_id for answer in report.answers] == [77, 78]
    for answer in report.answers:
        assert blocks(answer.reply) == ["paragraph", "inline"]
        assert {part.type for line in inlines(answer.reply) for part in line} <= {"text", "code_inline"}
        assert TRIGGERS.search(spoken(answer.reply)) is None
