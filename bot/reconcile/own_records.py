"""Records after an evaluation what the bot owns: current evidence, and objects that it finds on the server."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Held, KnownLabels, Snapshot
from bot.plan import arrived_labels, current_evidence
from bot.reconcile.evaluate import Evaluation
from bot.store import owned


async def record_own(
    session: AsyncSession, evaluation: Evaluation, labels: KnownLabels, now: datetime, written: Collection[str]
) -> None:
    """Record the evidence of labels, objects without a history, and writes that arrived without an answer.

    `written` are the objects that this evaluation wrote: the snapshot is older than they are.
    """
    snapshot, plan = evaluation.snapshot, evaluation.plan
    target = snapshot.target
    await owned.update_evidence(session, target, current_evidence(plan, snapshot, labels), now)
    if snapshot.own.quiet:
        return
    if not written:
        await owned.adopt(session, target, adoptable(snapshot), now)
    arrived = (*arrived_comments(snapshot), *arrived_labels(plan, snapshot, labels))
    await owned.confirm(session, target, [one for one in arrived if one.object not in written], now)


def adoptable(snapshot: Snapshot) -> tuple[Held, ...]:
    """Return objects of the bot's account without a ledger history: they are adopted silently."""
    first = {own.purpose: own for own in reversed(snapshot.own.comments)}
    return tuple(
        Held(object=f"comment:{purpose}", value=own.body_hash, remote_id=own.id)
        for purpose, own in sorted(first.items())
        if snapshot.own.held_at(f"comment:{purpose}") is None
    )


def arrived_comments(snapshot: Snapshot) -> tuple[Held, ...]:
    """Return the comments that are as a write without an answer left them."""
    found = []
    for held in snapshot.own.held:
        head, _, purpose = held.object.partition(":")
        there = snapshot.own.comments_for(purpose) if head == "comment" and held.unanswered else []
        if there and there[0].body_hash in held.unanswered - {held.value}:
            found.append(held.model_copy(update={"value": there[0].body_hash, "remote_id": there[0].id}))
    return tuple(found)
