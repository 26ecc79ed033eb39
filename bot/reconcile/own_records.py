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
    seen = [*_arrived(snapshot), *arrived_labels(evaluation.plan, snapshot, labels)]
    if not seen or snapshot.own.quiet:
        return None
    async with store.read() as session:
        restores = {held.object: await _restores(session, snapshot, held) for held in seen}
    found = [held for held in seen if restores[held.object] or not _confirmed(snapshot, held)]
    if not found:
        return None
    target, now = snapshot.target, snapshot.taken_at
    async with store.session() as session:
        await owned.confirm(session, target, found, now)
        await append(session, [entry for held in found for entry in restores[held.object]], now)
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


def _confirmed(snapshot: Snapshot, held: Held) -> bool:
    """Return whether an earlier write of the same value was answered: only a restore is news then."""
    before = snapshot.own.held_at(held.object)
    return before is not None and before.value == held.value


def _arrived(snapshot: Snapshot) -> list[Held]:
    """The comments and statuses that are as a write without an answer left them."""
    found = []
    for held in snapshot.own.held:
        value, intended, remote_id = _seen(snapshot, held) if held.unanswered else ("", "", None)
        if not held.unanswered.isdisjoint({value, intended} - {""}):
            found.append(held.model_copy(update={"value": value, "remote_id": remote_id}))
    return found


def _seen(snapshot: Snapshot, held: Held) -> tuple[str, str, int | None]:
    """The value and the id of an own comment or status on the server; an empty value if it isn't there.

    Between them, the value of the intent to write it, which has no link to the report yet.
    """
    kind, _, place = held.object.partition(":")
    if kind == "comment" and (there := snapshot.own.comments_for(place)):
        return there[0].body_hash, "", there[0].id
    sha, _, context = place.partition(":")
    if kind == "status" and sha == snapshot.inputs.head.sha:
        for seen in snapshot.own.statuses:
            if seen.context == context and snapshot.own.posted(seen):
                values = [status_value(seen.state, seen.description, url) for url in (seen.target_url, "")]
                return values[0], values[1], None
    return "", "", None


async def _restores(session: AsyncSession, snapshot: Snapshot, held: Held) -> Sequence[Entry]:
    """The entry of a restore, if the write that arrived was one and no later write has restored the same."""
    target, values = snapshot.target, {held.value, _seen(snapshot, held)[1]} - {""}
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
        if entry.detail.get("value") in values:
            what = entry.detail.get(RESTORES)
            detail = {"what": what}
            account = snapshot.own.account
            return [Entry.of(target, "restore", account, object=held.object, detail=detail)] if what else ()
    return ()
