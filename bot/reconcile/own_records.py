"""Records what the bot owns: writes that arrived without an answer, current evidence, and objects without a history."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Held, KnownLabels, Own, Snapshot, intents
from bot.plan import arrived_labels, current_evidence, status_value
from bot.reconcile.apply import RESTORES
from bot.reconcile.evaluate import Evaluation
from bot.store import Store, owned
from bot.store.ledger import Entry, append
from bot.store.tables import LedgerEntry

LATE_LOOK = timedelta(minutes=1)
"""A write without an answer may arrive after a later one, and the bot's own writes wake nobody: look again then."""


def waits_for_answers(snapshot: Snapshot) -> bool:
    """Return whether a write of the last minute, before this evaluation, was not answered."""
    since = snapshot.taken_at - LATE_LOOK
    waiting = (one for held in snapshot.own.held for one in intents(held.intended))
    return any(one.at is not None and one.at > since for one in waiting)


async def settle(store: Store, evaluation: Evaluation, labels: KnownLabels) -> Own | None:
    """Record the writes that are found on the server although no answer told of them; return the bot's things then.

    Return None if there are none. What such a write restored counts as restored.
    """
    snapshot = evaluation.snapshot
    found = [*_arrived(snapshot), *arrived_labels(evaluation.plan, snapshot, labels)]
    if not found or snapshot.own.quiet:
        return None
    target, now = snapshot.target, snapshot.taken_at
    async with store.session() as session:
        await owned.confirm(session, target, found, now)
        await append(session, [one for held in found for one in await _restores(session, snapshot, held)], now)
        held, restored = await owned.held(session, target), await owned.restored(session, target, now)
    return snapshot.own.model_copy(update={"held": held, "restored": restored})


async def record_own(
    session: AsyncSession, evaluation: Evaluation, labels: KnownLabels, now: datetime, *, wrote: bool
) -> None:
    """Record the evidence of labels, and adopt objects without a history unless this evaluation `wrote` something."""
    snapshot = evaluation.snapshot
    await owned.update_evidence(session, snapshot.target, current_evidence(evaluation.plan, snapshot, labels), now)
    if not wrote and not snapshot.own.quiet:
        await owned.adopt(session, snapshot.target, _adoptable(snapshot), now)


def _adoptable(snapshot: Snapshot) -> tuple[Held, ...]:
    """Objects of the bot's account without a ledger history: they are adopted silently."""
    first = {own.purpose: own for own in reversed(snapshot.own.comments)}
    return tuple(
        Held(object=f"comment:{purpose}", value=own.body_hash, remote_id=own.id)
        for purpose, own in sorted(first.items())
        if snapshot.own.held_at(f"comment:{purpose}") is None
    )


def _arrived(snapshot: Snapshot) -> list[Held]:
    """The comments and statuses that are as a write without an answer left them."""
    found = []
    for held in snapshot.own.held:
        value, remote_id = _seen(snapshot, held) if held.unanswered else ("", None)
        if value in held.unanswered - {held.value}:
            found.append(held.model_copy(update={"value": value, "remote_id": remote_id}))
    return found


def _seen(snapshot: Snapshot, held: Held) -> tuple[str, int | None]:
    """The value and the id of an own comment or status on the server; an empty value if it isn't there."""
    kind, _, place = held.object.partition(":")
    if kind == "comment":
        there = snapshot.own.comments_for(place)
        return (there[0].body_hash, there[0].id) if there else ("", None)
    sha, _, context = place.partition(":")
    if kind == "status" and sha == snapshot.inputs.head.sha:
        for seen in snapshot.own.statuses:
            if seen.context == context and snapshot.own.posted(seen):
                return status_value(seen.state, seen.description, seen.target_url), None
    return "", None


async def _restores(session: AsyncSession, snapshot: Snapshot, held: Held) -> Sequence[Entry]:
    """The entry of a restore, if the write that arrived was one and no later write has restored the same."""
    target = snapshot.target
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.repository_id == target.repository_id, LedgerEntry.number == target.number)
        .where(LedgerEntry.object == held.object, LedgerEntry.kind.in_(("intent", "restore")))
        .order_by(LedgerEntry.sequence.desc())
        .limit(owned.MAX_INTENTS)
    )
    for entry in (await session.execute(query)).scalars():
        if entry.kind == "restore":
            return ()
        if entry.detail.get("value") == held.value:
            what = entry.detail.get(RESTORES)
            detail = {"what": what}
            account = snapshot.own.account
            return [Entry.of(target, "restore", account, object=held.object, detail=detail)] if what else ()
    return ()
