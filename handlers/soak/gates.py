"""Gates: steps that only an operator opens, by writing an agreed phrase on a line of its own.

Runs on what the policy names for a gate, a soak's or one of its own, and on every pull request where gates protect
something. Who nearly opened one is told once what is missing. Where phrases were written is kept, since they count for
other issues and pull requests, too.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.model import (
    Answer,
    Check,
    CommentText,
    Finding,
    Judgment,
    Kind,
    Location,
    Record,
    Report,
    Severity,
    Snapshot,
    Tools,
    Verdict,
    canonical,
    digest,
)
from bot.policy import GatePolicy, SoakPolicy, named
from bot.text import code, plain
from handlers.facts.modes import listed
from handlers.soak.labels import CUTOVER
from handlers.soak.phrase_readings import Reading, Spoken
from handlers.soak.pull_rules import touches, unlooked
from handlers.soak.state.describe import describe
from handlers.soak.state.inputs import PHRASES as NAME
from handlers.soak.state.inputs import Phrase, all_soak_inputs, phrases_in
from handlers.soak.state.machine import Soak

OFF = "no policy names a gate here"
TOPIC = "gate"
PATIENCE = timedelta(seconds=30)
"""How long a comment's delivery may take, which bears witness to it."""
MOST_REPLIES = 10
"""Near misses of others than operators that get words on one target."""
AGAIN = "Write it again, as a new comment: an edited one opens nothing."

MISSES = {
    "author": "{phrase} opens a gate, and only an operator's word counts: {operators}.",
    "edited": "{phrase} stands in a comment that was edited, and any writer can edit anybody's. {again}",
    "unwitnessed": "{phrase} stands in a comment that the bot didn't see come, so whose words are they? {again}",
    "misspelt": "Nearly: the phrase is {phrase}, letter by letter. {again}",
    "aside": "{phrase} stands in a quotation, in code or in a list: talk about it. Plain, on a line of its own, it "
    "opens the gate. {again}",
    "inside": "{phrase} stands among other words: talk about it. On a line of its own it opens the gate. {again}",
    "early": "{phrase} came too early: the soak {soak} is {state}, {why}. It counts when it comes after the audit.",
}
"""What those hear who nearly opened a gate."""


@dataclass(frozen=True)
class Gate:
    """A gate whose phrase counts on a target: of a soak, or one of the policy's own."""

    phrase: str
    about: str
    soak: Soak | None = None
    policy: GatePolicy | None = None


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives what gates say of a target: near misses answered, and blocked where a closed one's things are touched."""
    policy = snapshot.policy
    if not policy.gates and not any(soak.gate for soak in policy.soaks):
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, shown=False, status=False)
    # Each comment is held against each phrase, and everybody waits who shares the loop.
    return await asyncio.to_thread(_assessed, snapshot)


def _assessed(snapshot: Snapshot) -> Report:
    policy = snapshot.policy
    here = tuple(_here(snapshot))
    written = phrases_in(snapshot.inputs.comments, [gate.phrase for gate in here], policy.operators or ())
    answers, waits = _answers(snapshot, here, written)
    return _report(snapshot, here, written).model_copy(
        update={
            "answers": answers,
            "again": PATIENCE.total_seconds() if waits else 0.0,
            "explanation": _table(snapshot, here, written),
            **_kept(snapshot, written),
        }
    )


def _here(snapshot: Snapshot) -> Iterator[Gate]:
    """The gates whose phrases count on the target."""
    number, pull = snapshot.target.number, snapshot.target.kind is Kind.PULL
    soaks = {inputs.soak.name: Soak(inputs) for inputs in all_soak_inputs(snapshot)}
    for policy in snapshot.policy.soaks:
        if policy.gate and _counts(policy, number, pull=pull):
            yield Gate(policy.gate, f"the soak {policy.name}", soak=soaks.get(policy.name))
    for gate in snapshot.policy.gates:
        if number in gate.targets:
            yield Gate(gate.phrase, gate.about, policy=gate)


def _counts(policy: SoakPolicy, number: int, *, pull: bool) -> bool:
    return number in policy.gate_on if pull else number == policy.issue


def _opener(gate: GatePolicy, snapshot: Snapshot, written: Sequence[Phrase]) -> Phrase | None:
    """The operator's words that opened a gate of the policy's own, wherever it has them."""
    elsewhere = (
        Phrase(phrase=one.phrase, comment=one.comment, by=one.by, at=one.at)
        for one in snapshot.inputs.phrases
        if one.number in gate.targets and one.number != snapshot.target.number
    )
    return next((one for one in (*written, *elsewhere) if one.phrase == gate.phrase), None)


def _report(snapshot: Snapshot, here: Sequence[Gate], written: Sequence[Phrase]) -> Report:
    gates = snapshot.policy.gates
    closed = [gate for gate in gates if _opener(gate, snapshot, written) is None]
    waiting = [gate for gate in here if gate.policy in closed]
    marks = {CUTOVER: True} if waiting else {} if snapshot.policy.soaks else {CUTOVER: False}
    if snapshot.target.kind is not Kind.PULL or snapshot.inputs.state != "open" or not gates:
        summary = f"{len(waiting)} of {len(here)} gates here closed" if here else "no gate here"
        verdict = Verdict.PASS if here else Verdict.SKIP
        return Report(check=NAME, verdict=verdict, summary=summary, labels=marks, shown=False, status=False)
    findings = tuple(_findings(snapshot, closed))
    unseen = unlooked(snapshot, [gate.protects for gate in closed])
    verdict = Verdict.BLOCK if findings else Verdict.ERROR if unseen else Verdict.PASS
    told = [*findings, *unseen]
    summary = told[0].title if told else "nothing is touched that waits for a gate"
    return Report(check=NAME, verdict=verdict, summary=summary, findings=tuple(told), labels=marks)


def _findings(snapshot: Snapshot, closed: Sequence[GatePolicy]) -> Iterator[Finding]:
    for gate in closed:
        found = touches(snapshot, gate.protects)
        if found:
            where = listed([f"#{number}" for number in gate.targets])
            yield Finding(
                rule="gate-protected",
                severity=Severity.CRITICAL,
                title=f"It touches what waits for {gate.phrase}",
                location=Location(where="target"),
                evidence=f"touched: {listed(list(found))}",
                next_step=f"An operator writes the phrase on {where} when it may be done; this follows by itself.",
            )


def _answers(snapshot: Snapshot, here: Sequence[Gate], written: Sequence[Phrase]) -> tuple[tuple[Answer, ...], bool]:
    """What those hear who wrote a phrase or nearly did, each once; and whether a comment's witness may still come."""
    found, waits, strangers = list[Answer](), False, 0
    for comment in sorted(snapshot.inputs.comments, key=lambda one: one.id):
        own = _operator(snapshot, comment)
        if not comment.author or not snapshot.inputs.live(comment) or not (own or strangers < MOST_REPLIES):
            continue
        spoken = Spoken(comment.body)
        for gate in here:
            counts = any((one.comment, one.phrase) == (comment.id, gate.phrase) for one in written)
            miss = _timely(gate, comment) if counts else _miss(snapshot, comment, spoken.reading(gate.phrase))
            if miss == "unwitnessed" and snapshot.taken_at - comment.created_at < PATIENCE:
                waits = True
            elif miss == "counts":
                found.append(Answer(comment_id=comment.id, reactions=("eyes", "+1"), topic=TOPIC))
            elif miss:
                strangers += not own
                words = _words(snapshot, gate, miss)
                found.append(Answer(comment_id=comment.id, reactions=("confused",), reply=words, topic=TOPIC))
    return tuple(found), waits


def _miss(snapshot: Snapshot, comment: CommentText, how: Reading) -> str:
    """What a comment lacks to open a gate, by how it has the phrase; empty where it doesn't mean to.

    Who is no operator and only talks about it isn't answered: agents name phrases in all their reports.
    """
    if not _operator(snapshot, comment):
        return "author" if how in {"counts", "misspelt"} else ""
    if how == "counts":
        return "edited" if comment.edited else "unwitnessed"
    return how


def _timely(gate: Gate, comment: CommentText) -> str:
    if gate.soak is None:
        return "counts"
    opened = (gate.soak.progress.phrase, gate.soak.inputs.kept.gate)
    if any(one is not None and one.comment == comment.id for one in opened):
        return "counts"
    return "early" if comment.id in gate.soak.progress.early else ""


def _operator(snapshot: Snapshot, comment: CommentText) -> bool:
    return named(comment.author, snapshot.policy.operators or ())


def _words(snapshot: Snapshot, gate: Gate, miss: str) -> str:
    told = describe(gate.soak) if gate.soak else None
    return MISSES[miss].format(
        again=AGAIN,
        phrase=code(gate.phrase),
        operators=", ".join(map(plain, snapshot.policy.operators or ())) or "nobody is one here",
        soak=code(told.soak) if told else "",
        state=code(told.state) if told else "",
        why=plain(told.why) if told else "",
    )


def _table(snapshot: Snapshot, here: Sequence[Gate], written: Sequence[Phrase]) -> str:
    if not here:
        return "No gate is opened here."
    rows = [f"| {code(gate.phrase)} | {plain(gate.about)} | {_state(gate, snapshot, written)} |" for gate in here]
    head = ["| phrase | opens | state |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n\nAn operator opens a gate by its phrase, on a line of its own."


def _state(gate: Gate, snapshot: Snapshot, written: Sequence[Phrase]) -> str:
    by: Phrase | None = None
    if gate.policy is not None:
        by = _opener(gate.policy, snapshot, written)
    elif gate.soak is not None:
        opened = gate.soak.gate
        if opened is not None and opened.by and opened.at is not None and opened.open:
            by = Phrase(phrase=gate.phrase, comment=opened.comment, by=opened.by, at=opened.at)
        elif not gate.soak.open:
            return f"closed; the soak is {code(gate.soak.name)}"
    return f"open, by {plain(by.by)} on {by.at:%Y-%m-%d %H:%M} UTC" if by else "closed"


def _kept(snapshot: Snapshot, written: Sequence[Phrase]) -> dict[str, object]:
    """Where phrases stand now, and for the ledger what changed: of soaks' gates their own check tells it."""
    known = [one for one in snapshot.memory.judgments if one.check == NAME]
    content = {"phrases": [one.model_dump(mode="json") for one in written]}
    if (not known and not written) or (known and canonical(known[-1].content) == canonical(content)):
        return {}
    before = [Phrase.model_validate(one) for one in known[-1].content.get("phrases", ())] if known else []
    own = {gate.phrase for gate in snapshot.policy.gates}
    changes = [(one, True) for one in written if one not in before] + [
        (one, False) for one in before if one not in written
    ]
    records = tuple(
        Record(
            kind="gate",
            object=f"gate:{one.phrase}",
            actor=one.by,
            detail={"open": there, "comment": one.comment, "at": one.at.isoformat(), "state": ""},
        )
        for one, there in changes
        if one.phrase in own
    )
    judgment = Judgment(
        check=NAME, at=snapshot.taken_at, ground=digest(canonical(content)), content=content, replaces=True
    )
    return {"judgment": judgment, "records": records}


CHECK = Check(name=NAME, on=frozenset(Kind), assess=assess, labels=(CUTOVER,), guards=False)
