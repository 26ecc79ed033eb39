"""The ledger records of a soak: new or lost evidence, changed states, opened or closed gates."""

from collections.abc import Iterator

from bot.model import Record
from handlers.soak.state.machine import STAYS, Soak
from handlers.soak.state.next_step import why
from handlers.soak.state.progress import Seen


def records(soak: Soak) -> Iterator[Record]:
    """Return the ledger records for the changes since the last run."""
    before, now = soak.inputs.kept, soak.kept()
    known = {(one.comment, one.index): one for one in before.evidence}
    name = f"soak:{soak.inputs.soak.name}"
    for one in now.evidence:
        old = known.get((one.comment, one.index))
        where = f"{name}:{one.comment}:{one.index}"
        if old is None:
            seen = soak.said().get((one.comment, one.index), Seen(False, ""))
            detail = {"hash": one.body_hash, "at": one.at.isoformat(), "counts": seen.counts, "why": seen.why}
            yield Record(kind="evidence", object=where, actor=one.by, detail={**detail, "evidence": one.evidence})
        elif one.lost and not old.lost:
            detail = {"lost": one.lost, "hash": one.body_hash}
            yield Record(kind="evidence", object=where, actor=one.by, detail=detail)
    if before.state != now.state:
        detail = {"from": before.state, "to": now.state, "why": why(soak)}
        yield Record(kind="soak", object=name, actor="", detail=detail)
    yield from _of_gate(soak)


def _of_gate(soak: Soak) -> Iterator[Record]:
    opened, before = soak.progress.phrase, soak.inputs.kept.gate
    place = f"gate:{soak.inputs.soak.gate}"
    if opened is not None and opened != before:
        detail = {"comment": opened.comment, "at": opened.at.isoformat(), "state": soak.inputs.kept.state}
        yield Record(kind="gate", object=place, actor=opened.by, detail={"open": True, **detail})
    elif before is not None and opened is None and not soak.open and soak.inputs.kept.state in {"approved", *STAYS}:
        yield Record(kind="gate", object=place, actor=before.by, detail={"open": False, "why": soak.what_fell()})
