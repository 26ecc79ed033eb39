"""The check `judge`: how much an issue or pull request matters, who should take it next, and why.

Runs on every open pull request and issue that is not a draft. The rules judge alone, or set the minimum for a model
that the policy names; an account listed in the policy may judge instead. A judgment stays valid until its evidence
changes, so most runs make no new one and write nothing. A closed target or a draft keeps its last judgment.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from bot.model import Check, Decision, Judgment, Kind, OwnWords, Report, Snapshot, Target, Tools, Verdict, canonical
from bot.text import cell, plain
from handlers.judge import comment as judge_comment
from handlers.judge.calls import operator_calls
from handlers.judge.external_judges import Foreign, look, outdated
from handlers.judge.human_decisions import agreed, binding, bound, current_labels, spoken_labels
from handlers.judge.inputs import called, readable, seen
from handlers.judge.labels import LABELS, PRIORITIES, STALE, Marks
from handlers.judge.model_opinion import Resolves, advised
from handlers.judge.names import declared, shown, step_label, step_name
from handlers.judge.payload import (
    ESCALATED,
    FAMILY,
    SCHEMA,
    JudgeActor,
    Opinion,
    Payload,
    PayloadTarget,
    fitting,
    labels_of,
)
from handlers.judge.previous import NAME, Past, old, rerun_reason
from handlers.judge.rules import Ruled, judge
from handlers.judge.signals.table import signals_table
from handlers.language.text import read, resolves

OFF = "disabled in the policy (judge.mode: off)"
UNJUDGED = "not judged: it is {state}"
RESTING = "no new judgment: it is {state}; last judgment: {found}"
THEIRS = "{found}, by {judge} in comment {comment}"
FLOOR = "{judge} recommends {step}, but the rules require an operator, so operator_needed stays: {reason}"
EXPLAINED = "Judged by {runtime} on {at}; reason: {reason}. Signals that the rules find now:\n\n{table}"
NO_SIGNALS = "The rules find no signals."

Rules = Callable[[Snapshot], Ruled]

# A parser compiles its rules at first use; do it here, because a second thread could see a half-built set.
read("A word.")


async def assess(snapshot: Snapshot, tools: Tools) -> Report:
    """Return the valid judgment, renewed if its evidence changed; `skip` if there is none."""
    return await Judge(judge, resolves).assess(snapshot, tools)


@dataclass(frozen=True)
class Judge:
    """The check, with the rules that it applies."""

    rules: Rules
    resolves: Resolves

    async def assess(self, snapshot: Snapshot, tools: Tools) -> Report:
        """Return the report on one snapshot."""
        if snapshot.policy.judge.mode == "off":
            return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, status=False)
        snapshot, unknown = declared(snapshot, tools.labels.names)
        # Reading long texts takes time, so it runs in a thread to keep the event loop free.
        ruled = await asyncio.to_thread(self.rules, readable(snapshot))
        past, others = Past.of(snapshot), await asyncio.to_thread(look, snapshot)
        resting = _state(snapshot) != "open"
        if others.standing is not None:
            report = _theirs(others.standing, ruled, snapshot)
        elif resting:
            report = _kept(past, ruled, snapshot) if past.judged else _unjudged(snapshot)
        else:
            report = await self._own(ruled, past, snapshot, tools)
        report = report.model_copy(update={"notes": (*report.notes, *unknown)})
        if resting:
            return _called(_rested(report, past, snapshot), snapshot)
        return report.model_copy(update={"answers": others.answers})

    async def _own(self, ruled: Ruled, past: Past, snapshot: Snapshot, tools: Tools) -> Report:
        reason = rerun_reason(past, snapshot, ruled.signals)
        if reason is None:
            return _kept(past, ruled, snapshot)
        opinion, runtime = await advised(ruled.opinion, readable(snapshot), tools, self.resolves)
        now = seen(snapshot, ruled.signals)
        decided = bound(opinion, binding(snapshot))
        payload = fitting(
            Payload(
                **dict(decided),
                schema=SCHEMA,
                judge_actor=JudgeActor(name=snapshot.policy.judge.name, runtime=runtime),
                judged_at=snapshot.taken_at.astimezone(UTC).replace(microsecond=0),
                labels_to_apply=_labels(decided, snapshot),
                rerun_reason=reason,
                target=_target(snapshot.target),
                target_snapshot=now,
            )
        )
        made = Judgment(check=NAME, at=snapshot.taken_at, basis=now.evidence_hash, content=payload.content())
        return _kept(Past((*past.judged, payload)), ruled, snapshot).model_copy(update={"judgment": made})


def _target(target: Target) -> PayloadTarget:
    return PayloadTarget(kind=target.kind.value, number=target.number, repo=target.repository)


def _kept(past: Past, ruled: Ruled, snapshot: Snapshot) -> Report:
    """The report on the bot's own last judgment."""
    *earlier, payload = past.judged
    at, basis = payload.judged_at, payload.target_snapshot.evidence_hash
    stale = _state(snapshot) != "closed" and old(payload, snapshot)
    decided = agreed(payload, binding(snapshot))
    marks = Marks.of((*_labels(payload, snapshot), *((STALE,) if stale else ())), basis)
    marks.bases[STALE] = f"{basis} {at.isoformat()}"
    marks = marks.decided(decided).spoken(current_labels(spoken_labels(snapshot, judged=at), decided))
    return Report(
        check=NAME,
        verdict=Verdict.PASS,
        summary=f"{shown(payload, snapshot.policy.judge.candidates)}: {_reason(payload)}",
        notes=tuple(ref.note for ref in payload.evidence_refs if ref.type == judge_comment.MODEL),
        **_said(payload, earlier, decided, snapshot),
        explanation=_explanation(payload, ruled),
        findings=operator_calls(payload, ruled.signals, marks.labels),
        brief=_brief(marks),
        status=False,
        **marks.report_fields(),
    )


def _said(
    payload: Payload, earlier: Sequence[Payload], decided: Sequence[Decision], snapshot: Snapshot
) -> dict[str, Any]:
    """The judgment in words: a comment of its own, or a section of the report, as the policy says for pull requests."""
    if snapshot.target.kind is Kind.ISSUE or snapshot.policy.judge.comment == "own":
        return {"comment": OwnWords(body=judge_comment.body(payload, earlier, decided, snapshot.policy.judge))}
    return {
        "section": judge_comment.section(payload, decided, snapshot.policy.judge),
        "comment": OwnWords(body=judge_comment.moved(), only_if_there=True),
    }


def _theirs(theirs: Foreign, ruled: Ruled, snapshot: Snapshot) -> Report:
    """The report on another judge's judgment, which replaces the bot's own. Escalations of the rules and commands of
    people stay in force.
    """
    judge, comment, original = theirs.comment.author, theirs.comment, theirs.payload
    floor, decisions = ruled.opinion, binding(snapshot)
    lowered = _escalates(floor) and not _escalates(original)
    payload = bound(original.model_copy(update=_operators(floor)) if lowered else original, decisions)
    stale = _state(snapshot) != "closed" and outdated(theirs, snapshot)
    words = [[one.comment_id, one.line] for one in decisions]
    basis = canonical([comment.id, comment.body_hash, words, _escalates(floor)])
    marks = Marks.of((*_labels(payload, snapshot), *((STALE,) if stale else ())), basis)
    said_since = current_labels(spoken_labels(snapshot, written=comment.created_at), decisions)
    marks = marks.decided(decisions).spoken(said_since)
    step = step_name(original.recommended_next_action, snapshot.policy.judge.candidates)
    note = FLOOR.format(judge=judge, step=step, reason=_reason(floor))
    return Report(
        check=NAME,
        verdict=Verdict.PASS,
        summary=THEIRS.format(found=shown(payload, snapshot.policy.judge.candidates), judge=judge, comment=comment.id),
        notes=(note,) if lowered and _escalates(payload) else (),
        comment=OwnWords(body=judge_comment.stepped_back(judge, comment.id), only_if_there=True),
        explanation=_explanation(original, ruled),
        findings=operator_calls(payload, ruled.signals if lowered else (), marks.labels),
        brief=_brief(marks),
        status=False,
        **marks.report_fields(),
    )


def _unjudged(snapshot: Snapshot) -> Report:
    """The report on a target that was never judged: only labels set by commands, no comment."""
    marks = Marks().spoken(spoken_labels(snapshot))
    summary = UNJUDGED.format(state=_state(snapshot))
    return Report(check=NAME, verdict=Verdict.SKIP, summary=summary, status=False, **marks.report_fields())


def _rested(report: Report, past: Past, snapshot: Snapshot) -> Report:
    """The report as `skip`. The first one after closing is recorded, so that a reopening counts as a change."""
    if report.verdict is Verdict.SKIP:
        return report
    state = _state(snapshot)
    change: dict[str, object] = {
        "verdict": Verdict.SKIP,
        "summary": RESTING.format(state=state, found=report.summary),
        "findings": (),
        "section": "",
        "brief": "",
    }
    if state == "closed" and past.judged and not past.rested:
        last = past.judged[-1]
        then = last.target_snapshot.model_copy(update={"state": snapshot.inputs.state})
        content = last.model_copy(update={"target_snapshot": then}).content()
        change["judgment"] = Judgment(check=NAME, at=snapshot.taken_at, basis=then.evidence_hash, content=content)
    return report.model_copy(update=change)


def _brief(marks: Marks) -> str:
    """The priority whose label is on, which a command may have set."""
    return next((name.removeprefix(FAMILY) for name in PRIORITIES if marks.labels.get(name)), "")


def _called(report: Report, snapshot: Snapshot) -> Report:
    """The report of a target that is not judged, with the operator's label as long as another check calls him.

    A draft or a closed target does not need him for what only the judgment called him for.
    """
    calls = called(snapshot)
    if ESCALATED in report.commanded or not (calls or report.labels.get(ESCALATED)):
        return report
    basis = {ESCALATED: canonical([[call.check, call.action] for call in calls])} if calls else {}
    return report.model_copy(
        update={
            "labels": report.labels | {ESCALATED: bool(calls)},
            "label_bases": report.label_bases | basis,
        }
    )


def _explanation(payload: Payload, ruled: Ruled) -> str:
    rows = [
        f"| {plain(one.name)} | {one.weight} | {plain(one.says)} | {cell(one.ref, 120)} | {one.line or ''} | "
        f"{plain(one.quote)} |"
        for one in ruled.signals
    ]
    head = ["| Signal | Weight | Meaning | Evidence | Line | Words |", "| --- | --- | --- | --- | --- | --- |"]
    table = "\n".join([*head, *rows]) if rows else NO_SIGNALS
    return EXPLAINED.format(
        runtime=plain(payload.judge_actor.runtime),
        at=judge_comment.when(payload.judged_at),
        reason=payload.rerun_reason,
        table=table,
    )


def _labels(opinion: Opinion, snapshot: Snapshot) -> tuple[str, ...]:
    return labels_of(opinion, step_label(opinion.recommended_next_action, snapshot.policy.judge.candidates))


def _reason(opinion: Opinion) -> str:
    """The rationale without the priority and step that the rules put first: the summary already begins with them."""
    words = opinion.rationale_summary
    return words.partition(": ")[2] if words.startswith(f"{opinion.priority.upper()}, ") else words


def _escalates(opinion: Opinion) -> bool:
    return opinion.escalation is not None or opinion.recommended_next_action == "operator_needed"


def _operators(floor: Opinion) -> dict[str, object]:
    return {"recommended_next_action": "operator_needed", "escalation": floor.escalation}


def _state(snapshot: Snapshot) -> str:
    if snapshot.inputs.state != "open":
        return "closed"
    return "a draft" if snapshot.inputs.draft else "open"


CHECK = Check(
    name=NAME,
    on=frozenset(Kind),
    assess=assess,
    labels=LABELS,
    guards=False,
    tables={"judge-signals": signals_table()},
)
"""The check, with the table of signals for its page."""
