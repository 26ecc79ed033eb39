"""The check `gates`: steps that only an operator can allow, by writing an agreed phrase on a line of its own.

Runs if the policy defines a gate, of a soak or a separate one, or if a description announces one. A failed attempt to
open a gate is answered once with the reason; an operator who writes a phrase where it does not count is told where it
does. The places of phrases are stored, because they also count for other issues and pull requests.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

from bot.model import (
    Actor,
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
from bot.policy import GatePolicy, named
from bot.text import cell, code, plain
from handlers.facts.modes import listed
from handlers.soak.gate_model import Gate, Gates, announced_in
from handlers.soak.labels import CUTOVER
from handlers.soak.phrase_readings import Reading, Spoken
from handlers.soak.pull_rules import touches, unlooked
from handlers.soak.state.describe import describe
from handlers.soak.state.inputs import PHRASES as NAME
from handlers.soak.state.inputs import Phrase

OFF = "the policy defines no gate"
TOPIC = "gate"
PATIENCE = timedelta(seconds=30)
"""Maximum time until the delivery of a comment arrives, which proves the comment's author."""
MOST_ROWS = 30
NO_GATE = "No gate can be opened here."
OPENS = "An operator opens a gate by writing its phrase on a line of its own, where it counts."
MOST_REPLIES = 10
"""Number of failed attempts by accounts other than operators that get a reply on one target."""
AGAIN = "Post it again as a new comment; an edited comment does not count."

MISSES = {
    "author": "{phrase} does not open the gate: only operators can open it ({operators}).",
    "edited": "{phrase} does not count: the comment was edited, and anyone with write access can edit it. {again}",
    "unwitnessed": "{phrase} does not count: the bot received no webhook delivery for this comment, so it cannot "
    "verify the author. {again}",
    "moved": "{phrase} no longer counts: the pull request's head, base branch or merge base is another one than when "
    "it was written. Look at it again, and post the phrase again as a new comment if it still holds.",
    "misspelt": "Typo in the phrase: expected exactly {phrase}. {again}",
    "aside": "{phrase} does not count in a quotation, in code or in a list: write it as plain text on a line of its "
    "own. {again}",
    "inside": "{phrase} does not count within other text: write it on a line of its own. {again}",
    "review": "{phrase} does not count in a review or in a comment on a line: write it as a comment of the "
    "conversation{place}, on a line of its own.",
    "elsewhere": "{phrase} does not count here: it counts on {where}. Write it there, on a line of its own.",
    "early": "{phrase} came too early: the soak {soak} is {state} ({why}). Write it again after the audit.",
}
"""The replies to a failed attempt to open a gate, by the reason."""


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Return the report: replies to failed attempts, and `block` if the change touches content behind a closed gate."""
    if not _ruled(snapshot) and snapshot.policy.contract.mode == "off":
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, shown=False, status=False)
    # Each comment is compared with each phrase; this runs in a thread to keep the event loop free.
    return await asyncio.to_thread(_assessed, snapshot)


def _assessed(snapshot: Snapshot) -> Report:
    gates = Gates(snapshot, announced_in(snapshot))
    if not gates.all:
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, shown=False, status=False)
    answers, waits = _answers(snapshot, gates)
    return _report(snapshot, gates).model_copy(
        update={
            "answers": answers,
            "again": PATIENCE.total_seconds() if waits else 0.0,
            "explanation": _table(gates),
            **_kept(snapshot, gates),
        }
    )


def _ruled(snapshot: Snapshot) -> bool:
    policy = snapshot.policy
    return bool(policy.gates) or any(soak.gate for soak in policy.soaks)


def _report(snapshot: Snapshot, gates: Gates) -> Report:
    here = gates.here
    separate = [gate for gate in gates.all if gate.policy is not None]
    closed = [gate.policy for gate in separate if gate.policy and gates.opened(gate) is None]
    waiting = [gate for gate in here if gate.policy in closed]
    marks = {CUTOVER: True} if waiting else {} if snapshot.policy.soaks or not separate else {CUTOVER: False}
    if snapshot.target.kind is not Kind.PULL or snapshot.inputs.state != "open" or not separate:
        summary = f"{len(waiting)} of {len(here)} gates here are closed" if here else "no gate here"
        verdict = Verdict.PASS if here else Verdict.SKIP
        return Report(check=NAME, verdict=verdict, summary=summary, labels=marks, shown=False, status=False)
    findings = tuple(_findings(snapshot, closed))
    unseen = unlooked(snapshot, [gate.protects for gate in closed])
    verdict = Verdict.BLOCK if findings else Verdict.ERROR if unseen else Verdict.PASS
    found = [*findings, *unseen]
    summary = found[0].title if found else "no gated files touched"
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
                actor=Actor.OPERATOR,
                action=f"decide, and write {gate.phrase} on {where} to approve",
            )


def _answers(snapshot: Snapshot, gates: Gates) -> tuple[tuple[Answer, ...], bool]:
    """Return one answer for each comment with a phrase or a failed attempt, and whether a delivery may still arrive."""
    found, waits, strangers = list[Answer](), False, 0
    for comment in sorted(snapshot.inputs.comments, key=lambda one: one.id):
        own = _operator(snapshot, comment)
        if not comment.author or not snapshot.inputs.live(comment) or not (own or strangers < MOST_REPLIES):
            continue
        spoken = Spoken(comment.body)
        for gate in gates.all if own else gates.here:
            counts = any((one.comment, one.phrase) == (comment.id, gate.phrase) for one in gates.written)
            miss = _timely(gate, comment) if counts else _miss(snapshot, comment, spoken.reading(gate.phrase), gate)
            if miss == "unwitnessed" and snapshot.taken_at - comment.created_at < PATIENCE:
                waits = True
            elif miss == "counts":
                found.append(Answer(comment_id=comment.id, reactions=("eyes", "+1"), topic=TOPIC))
            elif miss:
                strangers += not own
                words = _words(snapshot, gate, miss)
                found.append(Answer(comment_id=comment.id, reactions=("confused",), reply=words, topic=TOPIC))
    found += [answer for remark in snapshot.inputs.remarks for answer in _in_review(snapshot, remark, gates)]
    return tuple(found), waits


def _in_review(snapshot: Snapshot, remark: CommentText, gates: Gates) -> Iterator[Answer]:
    """Return answers to an operator's review that has a phrase on a line of its own."""
    if not _operator(snapshot, remark) or not snapshot.inputs.live(remark):
        return
    spoken = Spoken(remark.body)
    for gate in gates.all:
        if spoken.reading(gate.phrase) in {"counts", "misspelt"}:
            yield Answer(comment_id=remark.id, reactions=(), reply=_words(snapshot, gate, "review"), topic=TOPIC)


def _miss(snapshot: Snapshot, comment: CommentText, how: Reading, gate: Gate) -> str:
    """Return the reason why a comment does not open a gate; empty if it is no attempt to.

    An account that is not an operator and only mentions the phrase gets no answer: agents mention phrases in reports.
    """
    if not _operator(snapshot, comment):
        return "author" if how in {"counts", "misspelt"} else ""
    if not gate.here:
        return "elsewhere" if how in {"counts", "misspelt"} else ""
    if how == "counts":
        return "edited" if comment.edited else "moved" if comment.witnessed else "unwitnessed"
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
        where=plain(listed(gate.on)),
        place="" if gate.here else f" on {plain(listed(gate.on))}",
        operators=", ".join(map(plain, snapshot.policy.operators or ())) or "none defined",
        soak=code(soak.soak) if soak else "",
        state=code(soak.state) if soak else "",
        why=plain(soak.why) if soak else "",
    )


def _table(gates: Gates) -> str:
    if not gates.here and not gates.all:
        return NO_GATE
    ordered = (*gates.here, *(gate for gate in gates.all if not gate.here))
    rows = [
        f"| {cell(gate.phrase)} | {plain(gate.about)} | {plain(listed(gate.on))} | {_state(gate, gates)} |"
        for gate in ordered[:MOST_ROWS]
    ]
    head = ["| phrase | opens | counts on | state |", "| --- | --- | --- | --- |"]
    more = len(ordered) - MOST_ROWS
    tail = f"\n\n*{more} more gates not listed.*" if more > 0 else ""
    return "\n".join([*([] if gates.here else [NO_GATE, ""]), *head, *rows]) + f"\n\n{OPENS}{tail}"


def _state(gate: Gate, gates: Gates) -> str:
    if gate.ruled and gate.policy is None and gate.soak is None:
        return f"see {plain(gate.on[0])}"  # a soak is read on its issue and on pull requests only
    by = gates.opened(gate)
    if by is None and gate.soak is not None and not gate.soak.open:
        return f"closed; the soak is {cell(gate.soak.name)}"
    return f"open, by {plain(by.by)} on {by.at:%Y-%m-%d %H:%M} UTC" if by else "closed"


def _kept(snapshot: Snapshot, gates: Gates) -> dict[str, object]:
    """Return the places of phrases now, and ledger records of the changes to separate gates.

    Changes to gates of soaks are recorded by the check `soak-evidence`.
    """
    known = [one for one in snapshot.memory.judgments if one.check == NAME]
    written = [one for one in gates.written if gates.by_phrase[one.phrase].ruled]
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
