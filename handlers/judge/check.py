"""The judgment: how much an issue or pull request matters, who should take it next, and why.

Runs on every pull request and issue that is open and no draft. The rules judge alone, or as the floor under a model
that the policy names; an account of the policy's list may judge in their place. A judgment stands until something that
it read has changed, so most looks make none and write nothing. What is closed or a draft keeps what it has.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from bot.model import Check, Judgment, Kind, OwnWords, Report, Snapshot, Target, Tools, Verdict, canonical
from bot.text import code, plain
from handlers.judge import comment as judge_comment
from handlers.judge.external_judges import Foreign, look, outdated
from handlers.judge.human_decisions import binding, borne, bound, current_labels, spoken_labels
from handlers.judge.inputs import readable, seen
from handlers.judge.labels import LABELS, STALE, Marks
from handlers.judge.model_opinion import Resolves, advised
from handlers.judge.payload import SCHEMA, JudgeActor, Opinion, Payload, PayloadTarget, fitting, labels_of
from handlers.judge.previous import NAME, Past, old, why_anew
from handlers.judge.rules import Ruled, judge
from handlers.judge.signals.table import signals_table
from handlers.language.text import read, resolves

JUDGE = "assaymaster"
MODEL = "model"

OFF = "switched off by the policy: nobody judges here"
UNJUDGED = "not judged while it is {state}"
RESTING = "not judged anew while it is {state}; before it was {found}"
THEIRS = "{found}, by {judge} in comment {comment}"
FLOOR = "{judge} judges {step}; the rules find a matter for the operator, so that stays on: {reason}"
EXPLAINED = "Judged by {runtime} on {at}, because: {reason}. What the rules see now:\n\n{table}"
NO_SIGNALS = "The rules see no signal here."

Rules = Callable[[Snapshot], Ruled]

# A parser puts its rules together at its first use, and a second thread would find half of them.
read("A word.")


async def assess(snapshot: Snapshot, tools: Tools) -> Report:
    """Gives the judgment that stands, made anew where something it read has changed; `skip` where none is made."""
    return await Judge(judge, resolves).assess(snapshot, tools)


@dataclass(frozen=True)
class Judge:
    """The check with the rules that it goes by."""

    rules: Rules
    resolves: Resolves

    async def assess(self, snapshot: Snapshot, tools: Tools) -> Report:
        """Gives the report on one snapshot."""
        if snapshot.policy.judge.mode == "off":
            return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, status=False)
        # Reading all the words there are takes its time, and everybody waits who shares the loop.
        ruled = await asyncio.to_thread(self.rules, readable(snapshot))
        past, others = Past.of(snapshot), await asyncio.to_thread(look, snapshot)
        resting = _state(snapshot) != "open"
        if others.standing is not None:
            report = _theirs(others.standing, ruled, snapshot)
        elif resting:
            report = _kept(past, ruled, snapshot) if past.judged else _unjudged(snapshot)
        else:
            report = await self._own(ruled, past, snapshot, tools)
        return _rested(report, past, snapshot) if resting else report.model_copy(update={"answers": others.answers})

    async def _own(self, ruled: Ruled, past: Past, snapshot: Snapshot, tools: Tools) -> Report:
        reason = why_anew(past, snapshot, ruled.signals)
        if reason is None:
            return _kept(past, ruled, snapshot)
        opinion, runtime = await advised(ruled.opinion, readable(snapshot), tools, self.resolves)
        now = seen(snapshot, ruled.signals)
        decided = bound(opinion, binding(snapshot))
        payload = fitting(
            Payload(
                **dict(decided),
                schema=SCHEMA,
                judge_actor=JudgeActor(name=JUDGE, runtime=runtime),
                judged_at=snapshot.taken_at.astimezone(UTC).replace(microsecond=0),
                labels_to_apply=labels_of(decided),
                rerun_reason=reason,
                target=_target(snapshot.target),
                target_snapshot=now,
            )
        )
        made = Judgment(check=NAME, at=snapshot.taken_at, ground=now.evidence_hash, content=payload.content())
        return _kept(Past((*past.judged, payload)), ruled, snapshot).model_copy(update={"judgment": made})


def _target(target: Target) -> PayloadTarget:
    return PayloadTarget(kind=target.kind.value, number=target.number, repo=target.repository)


def _kept(past: Past, ruled: Ruled, snapshot: Snapshot) -> Report:
    """The report on the bot's own last judgment."""
    *earlier, payload = past.judged
    at, basis = payload.judged_at, payload.target_snapshot.evidence_hash
    stale = _state(snapshot) != "closed" and old(payload, snapshot)
    decided = borne(payload, binding(snapshot))
    marks = Marks.of((*payload.labels_to_apply, *((STALE,) if stale else ())), basis)
    marks.bases[STALE] = f"{basis} {at.isoformat()}"
    return Report(
        check=NAME,
        verdict=Verdict.PASS,
        summary=f"{found(payload)}: {_reason(payload)}",
        notes=tuple(ref.note for ref in payload.evidence_refs if ref.type == MODEL),
        comment=OwnWords(body=judge_comment.body(payload, earlier, decided)),
        explanation=_explanation(payload, ruled),
        status=False,
        **marks.decided(decided).spoken(current_labels(spoken_labels(snapshot, judged=at), decided)).told(),
    )


def _theirs(theirs: Foreign, ruled: Ruled, snapshot: Snapshot) -> Report:
    """The report on another judge's judgment. The bot's own steps back; an escalation and people's words hold."""
    judge, comment, said = theirs.comment.author, theirs.comment, theirs.payload
    floor, decisions = ruled.opinion, binding(snapshot)
    lowered = _escalates(floor) and not _escalates(said)
    payload = bound(said.model_copy(update=_operators(floor)) if lowered else said, decisions)
    stale = _state(snapshot) != "closed" and outdated(theirs, snapshot)
    words = [[one.comment_id, one.line] for one in decisions]
    basis = canonical([comment.id, comment.body_hash, words, _escalates(floor)])
    marks = Marks.of((*labels_of(payload), *((STALE,) if stale else ())), basis)
    said_since = current_labels(spoken_labels(snapshot, written=comment.created_at), decisions)
    note = FLOOR.format(judge=judge, step=said.recommended_next_action, reason=_reason(floor))
    return Report(
        check=NAME,
        verdict=Verdict.PASS,
        summary=THEIRS.format(found=found(payload), judge=judge, comment=comment.id),
        notes=(note,) if lowered and _escalates(payload) else (),
        comment=OwnWords(body=judge_comment.stepped_back(judge, comment.id), only_if_there=True),
        explanation=_explanation(said, ruled),
        status=False,
        **marks.decided(decisions).spoken(said_since).told(),
    )


def _unjudged(snapshot: Snapshot) -> Report:
    """The report on what was never judged: labels are what people commanded, and nothing is said."""
    marks = Marks().spoken(spoken_labels(snapshot))
    summary = UNJUDGED.format(state=_state(snapshot))
    return Report(check=NAME, verdict=Verdict.SKIP, summary=summary, status=False, **marks.told())


def _rested(report: Report, past: Past, snapshot: Snapshot) -> Report:
    """What closes is noted once, so that opening it again is seen as a change."""
    if report.verdict is Verdict.SKIP:
        return report
    state = _state(snapshot)
    change: dict[str, object] = {
        "verdict": Verdict.SKIP,
        "summary": RESTING.format(state=state, found=report.summary),
    }
    if state == "closed" and past.judged and not past.rested:
        last = past.judged[-1]
        then = last.target_snapshot.model_copy(update={"state": snapshot.inputs.state})
        content = last.model_copy(update={"target_snapshot": then}).content()
        change["judgment"] = Judgment(check=NAME, at=snapshot.taken_at, ground=then.evidence_hash, content=content)
    return report.model_copy(update=change)


def _explanation(payload: Payload, ruled: Ruled) -> str:
    rows = [f"| {plain(one.name)} | {one.weight} | {plain(one.says)} | {code(one.ref, 120)} |" for one in ruled.signals]
    head = ["| Signal | Weight | What it says | Evidence |", "| --- | --- | --- | --- |"]
    table = "\n".join([*head, *rows]) if rows else NO_SIGNALS
    return EXPLAINED.format(
        runtime=plain(payload.judge_actor.runtime),
        at=judge_comment.when(payload.judged_at),
        reason=payload.rerun_reason,
        table=table,
    )


def found(opinion: Opinion) -> str:
    """Gives priority and next step in a few words."""
    return f"{opinion.priority}, {opinion.recommended_next_action}"


def _reason(opinion: Opinion) -> str:
    """The rationale; the rules begin theirs with priority and step, which stand before it already."""
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
