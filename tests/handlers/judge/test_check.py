"""The judgment: what is said when, what makes it be said anew, and whose words stand over it."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from bot.model import NoAnswer, Snapshot, Verdict
from handlers.judge.check import CHECK, Judge
from handlers.judge.labels import LABELS
from handlers.judge.model_opinion import ModelOpinion
from handlers.judge.rules import Ruled
from handlers.judge.signals.table import Signal, signals_table
from tests.judgments import (
    ESCALATED,
    OPINION,
    asking,
    decision,
    issue,
    judged,
    judged_by,
    judging,
    later,
    made,
    on,
    opinion,
    policy,
    rewritten,
)
from tests.rendered import TRIGGERS, blocks, spoken
from tests.snapshots import HEAD, ISSUE, NOW, OPERATOR, POLICY, TOOLS, WRITER, snapshot
from tests.snapshots import LABELS as DECLARED
from tests.text.test_escape import hostile

HOUR = timedelta(hours=1)


def test_it_runs_on_everything_in_every_state_with_labels_that_are_declared() -> None:
    assert (CHECK.name, len(CHECK.on)) == ("judge", 2)
    assert CHECK.states == {"open", "draft", "closed"}
    assert set(CHECK.labels) == {name for name in DECLARED.names if name.startswith("judge/")}
    assert CHECK.tables == {"judge-signals": signals_table()}


async def test_an_open_issue_is_judged_labelled_and_told() -> None:
    report = await judged(issue(), **ESCALATED)
    payload = made(report)
    assert (report.verdict, report.status, report.shown) == (Verdict.PASS, False, True)
    assert report.summary == "p1, operator_needed: It is a small change with clear criteria."
    assert on(report) == {"judge/p1", "judge/operator-needed"} == set(payload.labels_to_apply)
    assert set(report.labels) == set(LABELS) == set(report.label_bases)
    assert (payload.rerun_reason, payload.judged_at) == ("no_prior_judgment", NOW)
    assert payload.judge_actor.model_dump() == {"name": "assaymaster", "runtime": "rules"}
    assert payload.target.model_dump() == {"kind": "issue", "number": 7, "repo": ISSUE.repository}
    assert report.comment is not None
    assert not report.comment.only_if_there
    assert "| Target | `workshop/garden#issue#7` |" in report.comment.body


async def test_a_judgment_is_of_the_second_in_which_its_target_was_observed() -> None:
    observed = issue().model_copy(update={"taken_at": NOW + timedelta(microseconds=1234)})
    report = await judged(observed)
    assert report.judgment is not None
    assert (report.judgment.at, made(report).judged_at) == (observed.taken_at, NOW)


async def test_a_pull_request_is_judged_with_its_head() -> None:
    found = made(await judged(snapshot()))
    assert (found.target.kind, found.target_snapshot.head_sha) == ("pull", HEAD)


async def test_the_explanation_is_a_table_of_the_signals_with_their_weights() -> None:
    report = await judged(issue())
    assert (
        "| Signal | Weight | Meaning | Evidence | Line | Words |\n| --- | --- | --- | --- | --- | --- |\n"
        in report.explanation
    )
    assert "| asks-credential | 5 | it touches a credential | `issue-title` |  |  |" in report.explanation


async def test_labels_of_the_judges_own_family_are_no_word_about_the_target() -> None:
    read: list[tuple[str, ...]] = []

    def rules(observed: Snapshot) -> Ruled:
        read.append(observed.inputs.labels)
        return Ruled(opinion=opinion(), signals=())

    observed = issue(labels=("judge/park", "kind/bug"))
    report = await Judge(rules, lambda *_: True).assess(observed, TOOLS)
    assert read == [("kind/bug",)]
    assert made(report).target_snapshot.labels == ("judge/park", "kind/bug")


async def test_low_confidence_has_its_label() -> None:
    assert on(await judged(issue(), confidence=2)) == {"judge/p2", "judge/codex-candidate", "judge/low-confidence"}


async def test_the_policy_can_switch_it_off() -> None:
    report = await judged(issue(policy(mode="off")))
    assert (report.verdict, report.labels, report.comment, report.judgment) == (Verdict.SKIP, {}, None, None)
    assert (report.status, report.shown) == (False, True)


@pytest.mark.parametrize("change", [{"state": "closed"}, {"draft": True}])
async def test_what_was_never_judged_stays_without_a_word_while_closed_or_a_draft(change: dict[str, Any]) -> None:
    report = await judged(snapshot(comments=(judged_by("nobody", snapshot()),), **change))
    assert (report.verdict, report.comment, report.labels, report.judgment) == (Verdict.SKIP, None, {}, None)
    assert report.answers == ()


@pytest.mark.parametrize("change", [{"state": "closed"}, {"draft": True}])
async def test_an_earlier_judgment_stays_as_it_is_while_closed_or_a_draft(change: dict[str, Any]) -> None:
    first = snapshot()
    report = await judged(first)
    resting = await judged(later(first, report, **change, **rewritten("Another")), priority="p0")
    assert resting.verdict is Verdict.SKIP
    assert (resting.comment, resting.labels) == (report.comment, report.labels)
    assert resting.label_bases == report.label_bases


async def test_the_last_priority_that_was_taken_stands() -> None:
    taken = (
        decision("priority", "p3"),
        decision("priority", "p0", comment_id=302, why="customers wait"),
        decision("priority", "p1", comment_id=303, refused="only an operator may do that"),
    )
    report = await judged(issue(decisions=taken))
    assert made(report).priority == "p0"
    assert "judge/p0" in on(report)
    assert made(report).rationale_summary.startswith(
        "operator set the priority to p0 (customers wait). Otherwise: It is"
    )
    assert made(report).evidence_refs[-1].value == "comment:302"
    assert report.comment is not None
    assert "| Priority | p0, set by `operator` |" in report.comment.body


async def test_a_priority_that_there_is_not_sets_none() -> None:
    assert made(await judged(issue(decisions=(decision("priority", "urgent"),)))).priority == "p2"


async def test_what_is_decided_on_a_draft_waits_for_the_next_judgment() -> None:
    first = snapshot()
    report = await judged(first)
    drafted = await judged(later(first, report, draft=True, decisions=(decision("priority", "p0"), decision("park"))))
    assert (drafted.comment, drafted.labels) == (report.comment, report.labels)


async def test_an_operator_sets_aside_even_what_waits_for_him() -> None:
    report = await judged(issue(decisions=(decision("park"),)), **ESCALATED)
    assert on(report) == {"judge/p1", "judge/park"}
    assert made(report).escalation is None
    assert report.comment is not None
    assert "| Action | park, set by `operator` |" in report.comment.body


@pytest.mark.parametrize(("by", "step"), [(OPERATOR, "codex_candidate"), (WRITER, "park")])
async def test_only_an_operator_lifts_it_by_asking_for_a_judgment(by: str, step: str) -> None:
    taken = (decision("park"), decision("rejudge", comment_id=302, by=by))
    assert made(await judged(issue(decisions=taken))).recommended_next_action == step


async def test_a_label_that_somebody_commands_holds_until_the_next_judgment() -> None:
    first = issue()
    report = await judged(first)
    said = later(first, report, decisions=(decision("label", "kind/bug\njudge/hermes-candidate", at=NOW + HOUR),))
    labelled = await judged(said)
    assert on(labelled) == {"judge/p2", "judge/hermes-candidate"}
    assert labelled.label_bases["judge/codex-candidate"] != report.label_bases["judge/codex-candidate"]
    assert labelled.label_bases["judge/p2"] == report.label_bases["judge/p2"]
    anew = await judged(later(said, labelled, after=timedelta(hours=2), **rewritten("Another")))
    assert on(anew) == {"judge/p2", "judge/codex-candidate"}


async def test_a_label_holds_over_what_is_judged_anew_in_the_same_look_and_until_the_next_judgment() -> None:
    first = issue()
    at, look = NOW + timedelta(minutes=50), NOW + HOUR
    said = decision("label", "judge/p0", comment_id=303, at=at, decided=look)
    asked = decision("rejudge", comment_id=302, at=at, decided=look)
    second = later(first, await judged(first), decisions=(asked, said), **rewritten("Another"))
    report = await judged(second)
    assert made(report).rerun_reason == "requested"
    assert on(report) == {"judge/p0", "judge/codex-candidate"}
    third = later(second, report)
    still = await judged(third)
    assert (still.judgment, on(still)) == (None, on(report))
    anew = await judged(later(third, still, **rewritten("A third")))
    assert on(anew) == {"judge/p2", "judge/codex-candidate"}


async def test_of_a_label_and_a_priority_in_one_look_the_later_one_counts() -> None:
    word, rank = (decision("label", "judge/p0", decided=NOW), decision("priority", "p3", line=2, decided=NOW))
    assert "judge/p3" in on(await judged(issue(decisions=(word, rank))))
    word, rank = (decision("label", "judge/p0", line=2, decided=NOW), decision("priority", "p3", decided=NOW))
    assert "judge/p0" in on(await judged(issue(decisions=(rank, word))))


async def test_the_last_of_several_labels_is_the_one_that_counts() -> None:
    names = enumerate(["judge/p0", "judge/p1", "judge/p0"], start=1)
    words = tuple(decision("label", name, line=line, decided=NOW) for line, name in names)
    assert on(await judged(issue(decisions=words))) == {"judge/p0", "judge/codex-candidate"}


async def test_what_an_operator_lifted_stays_so_when_he_is_none_any_more() -> None:
    lifted = (decision("park"), decision("rejudge", comment_id=302, role="operator"))
    narrowed = POLICY.model_copy(update={"operators": ("second",)})
    assert made(await judged(issue(narrowed, decisions=lifted))).recommended_next_action == "codex_candidate"


async def test_what_a_writer_asked_lifts_nothing_when_he_becomes_an_operator() -> None:
    asked = (decision("park"), decision("rejudge", comment_id=302, role="writer"))
    assert made(await judged(issue(decisions=asked))).recommended_next_action == "park"


async def test_a_label_that_somebody_commands_away_stays_off() -> None:
    first = issue()
    gone = (decision("unlabel", "judge/operator-needed", at=NOW + HOUR),)
    assert on(await judged(later(first, await judged(first, **ESCALATED), decisions=gone))) == {"judge/p1"}


async def test_what_is_commanded_overrules_what_was_changed_by_hand_before() -> None:
    taken = (decision("priority", "p0", at=NOW - HOUR), decision("park", comment_id=302, at=NOW))
    report = await judged(issue(decisions=taken))
    assert report.commanded["judge/p0"] == report.commanded["judge/p3"] == NOW - HOUR
    assert report.commanded["judge/park"] == report.commanded["judge/operator-needed"] == NOW
    assert "judge/low-confidence" not in report.commanded
    assert (await judged(issue())).commanded == {}


async def test_a_label_that_is_commanded_on_what_was_never_judged_is_set() -> None:
    taken = (decision("label", "judge/p1"), decision("unlabel", "judge/park", comment_id=302))
    report = await judged(issue(state="closed", decisions=taken))
    assert on(report) == {"judge/p1"}
    assert set(report.labels) == {"judge/p0", "judge/p1", "judge/p2", "judge/p3", "judge/park"}
    assert report.commanded == dict.fromkeys(report.labels, NOW)


async def test_a_refused_command_changes_no_label() -> None:
    first = issue()
    refused = (decision("label", "judge/park", at=NOW + HOUR, refused="only an operator may do that"),)
    assert on(await judged(later(first, await judged(first), decisions=refused))) == {
        "judge/p2",
        "judge/codex-candidate",
    }


async def test_labels_rest_on_what_the_judgment_read() -> None:
    first = issue()
    report = await judged(first)
    anew = await judged(later(first, report, **rewritten("Another")))
    assert anew.evidence_for("judge/p2") != report.evidence_for("judge/p2")
    closed = await judged(later(first, report, state="closed"))
    assert closed.evidence_for("judge/p2") == report.evidence_for("judge/p2")


async def test_a_silent_model_leaves_the_rules_and_a_note_that_stays() -> None:
    tools, asked = asking(NoAnswer("it took too long"))
    first = issue(policy(model="local"))
    report = await judged(first, tools=tools)
    assert made(report).judge_actor.runtime == "rules"
    assert "it took too long" in report.notes[0]
    again = await judged(later(first, report), tools=tools)
    assert (again.notes, again.judgment, len(asked)) == (report.notes, None, 1)


async def test_a_model_may_raise_what_the_rules_say_and_is_named() -> None:
    said = ModelOpinion.model_validate({**OPINION, "priority": "p0", "rationale_summary": "It burns."})
    tools, asked = asking(said)
    first = issue(policy(model="local"))
    report = await judged(first, tools=tools)
    assert (made(report).priority, made(report).rationale_summary) == ("p0", "It burns.")
    assert made(report).judge_actor.runtime == "model:local"
    assert report.notes == ()
    assert (await judged(later(first, report), tools=tools)).judgment is None
    assert len(asked) == 1


async def test_what_people_decided_stands_over_a_model() -> None:
    tools, _ = asking(ModelOpinion.model_validate({**OPINION, "priority": "p0"}))
    report = await judged(issue(policy(model="local"), decisions=(decision("priority", "p3"),)), tools=tools)
    assert made(report).priority == "p3"


async def test_another_model_in_the_policy_is_a_reason_to_judge_again() -> None:
    first = issue()
    second = later(first, await judged(first), policy=policy(model="local"))
    tools, _ = asking(NoAnswer("no"))
    assert made(await judged(second, tools=tools)).rerun_reason == "evidence_changed"


@given(hostile.filter(lambda text: "\ud800" not in text))
async def test_no_signal_leaves_its_cell_in_the_explanation(text: str) -> None:
    signal = Signal(name=text, group="act", weight=3, says=text, ref=text, quote=text)
    rules = Judge(lambda _: Ruled(opinion=opinion(), signals=(signal,)), lambda *_: True)
    explanation = (await rules.assess(issue(), TOOLS)).explanation
    calm = (await judging().assess(issue(), TOOLS)).explanation
    assert [block for block in blocks(explanation) if block.startswith("t")].count("td") == 6
    assert set(blocks(explanation)) == set(blocks(calm))
    assert TRIGGERS.search(spoken(explanation)) is None
