"""The check `gates`: steps that only an operator can allow, by writing an agreed phrase on a line of its own.

Runs on the targets that the policy names for a gate (of a soak, or a separate one), and on every pull request if gates
protect something. A failed attempt to open a gate is answered once with the reason. The places of phrases are stored,
because they also count for other issues and pull requests.
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

OFF = "the policy defines no gate"
TOPIC = "gate"
PATIENCE = timedelta(seconds=30)
"""Maximum time until the delivery of a comment arrives, which proves the comment's author."""
MOST_REPLIES = 10
"""Number of failed attempts by accounts other than operators that get a reply on one target."""
AGAIN = "Post it again as a new comment; an edited comment does not count."

MISSES = {
    "author": "{phrase} does not open the gate: only operators can open it ({operators}).",
    "edited": "{phrase} does not count: the comment was edited, and anyone with write access can edit it. {again}",
    "unwitnessed": "{phrase} does not count: the bot received no webhook delivery for this comment, so it cannot "
    "verify the author. {again}",
    "misspelt": "Typo in the phrase: expected exactly {phrase}. {again}",
    "aside": "{phrase} does not count in a quotation, in code or in a list: write it as plain text on a line of its "
    "own. {again}",
    "inside": "{phrase} does not count within other text: write it on a line of its own. {again}",
    "early": "{phrase} came too early: the soak {soak} is {state} ({why}). Write it again after the audit.",
}
"""The replies to a failed attempt to open a gate, by the reason."""


@dataclass(frozen=True)
class Gate:
    """A gate whose phrase counts on a target: of a soak, or a separate one of the policy."""

    phrase: str
    about: str
    soak: Soak | None = None
    policy: GatePolicy | None = None


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Return the report: replies to failed attempts, and `block` if the change touches content behind a closed gate."""
    policy = snapshot.policy
    if not policy.gates and not any(soak.gate for soak in policy.soaks):
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, shown=False, status=False)
    # Each comment is compared with each phrase; this runs in a thread to keep the event loop free.
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
    """Return the gates whose phrases count on the target."""
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
    """Return the operator's phrase that opened a separate gate, from any of its targets; None if it is closed."""
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
        summary = f"{len(waiting)} of {len(here)} gates here are closed" if here else "no gate here"
        verdict = Verdict.PASS if here else Verdict.SKIP
        return Report(check=NAME, verdict=verdict, summary=summary, labels=marks, shown=False, status=False)
    findings = tuple(_findings(snapshot, closed))
    unseen = unlooked(snapshot, [gate.protects for gate in closed])
    verdict = Verdict.BLOCK if findings else Verdict.ERROR if unseen else Verdict.PASS
    found = [*findings, *unseen]
    summary = found[0].title if found else "nothing behind a closed gate is touched"
    return Report(check=NAME, verdict=verdict, summary=summary, findings=tuple(found), labels=marks)


def _findings(snapshot: Snapshot, closed: Sequence[GatePolicy]) -> Iterator[Finding]:
    for gate in closed:
        found = touches(snapshot, gate.protects)
        if found:
            where = listed([f"#{number}" for number in gate.targets])
            yield Finding(
                rule="gate-protected",
                severity=Severity.CRITICAL,
                title=f"Touches content behind the closed gate {gate.phrase}",
                location=Location(where="target"),
                evidence=f"touched: {listed(list(found))}",
                next_step=f"Ask an operator to write the phrase on {where}; this check then passes by itself.",
            )


def _answers(snapshot: Snapshot, here: Sequence[Gate], written: Sequence[Phrase]) -> tuple[tuple[Answer, ...], bool]:
    """Return one answer for each comment with a phrase or a failed attempt, and whether a delivery may still arrive."""
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
    """Return the reason why a comment does not open a gate; empty if it is no attempt to.

    An account that is not an operator and only mentions the phrase gets no answer: agents mention phrases in reports.
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
    soak = describe(gate.soak) if gate.soak else None
    return MISSES[miss].format(
        again=AGAIN,
        phrase=code(gate.phrase),
        operators=", ".join(map(plain, snapshot.policy.operators or ())) or "none defined",
        soak=code(soak.soak) if soak else "",
        state=code(soak.state) if soak else "",
        why=plain(soak.why) if soak else "",
    )


def _table(snapshot: Snapshot, here: Sequence[Gate], written: Sequence[Phrase]) -> str:
    if not here:
        return "No gate can be opened here."
    rows = [f"| {code(gate.phrase)} | {plain(gate.about)} | {_state(gate, snapshot, written)} |" for gate in here]
    head = ["| phrase | opens | state |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n\nAn operator opens a gate by writing its phrase on a line of its own."


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
    """Return the places of phrases now, and ledger records of the changes to separate gates.

    Changes to gates of soaks are recorded by the check `soak-evidence`.
    """
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
        check=NAME, at=snapshot.taken_at, basis=digest(canonical(content)), content=content, replaces=True
    )
    return {"judgment": judgment, "records": records}


CHECK = Check(name=NAME, on=frozenset(Kind), assess=assess, labels=(CUTOVER,), guards=False)
