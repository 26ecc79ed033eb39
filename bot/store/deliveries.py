"""Reads stored deliveries for routing and the command line.

They are written by `writer.py`, on SQLite to a file from which `take_in` moves them into the tables.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Envelope, SignerKind
from bot.store import witnesses
from bot.store.database.session import Store
from bot.store.tables import Delivery

SLICE = 500
"""Maximum number of ids in one statement."""

_COLUMNS = tuple(Envelope.model_fields)
_SELECTED = [getattr(Delivery, name) for name in _COLUMNS]


class Kept(NamedTuple):
    """A stored delivery, and when it was routed; None if it waits."""

    envelope: Envelope
    routed_at: datetime | None


async def unrouted(session: AsyncSession, limit: int, skip: int = 0) -> list[Envelope]:
    """The deliveries that no routing pass has taken yet, oldest first, without the first `skip`."""
    waiting = select(*_SELECTED).where(Delivery.routed_at.is_(None)).order_by(Delivery.received_at, Delivery.id)
    return [_envelope(row) for row in await session.execute(waiting.limit(limit).offset(skip))]


async def count_waiting(store: Store) -> int:
    """How many deliveries wait for a routing pass."""
    spooled = await store.spool.count() if store.spool is not None else 0
    async with store.read() as session:
        return spooled + (await session.scalar(select(func.count()).where(Delivery.routed_at.is_(None))) or 0)


async def take_in(store: Store) -> None:
    """Take what SQLite's file of arrivals has into the tables, and leave what arrives meanwhile for the next time.

    A crash may repeat a step, which changes nothing.
    """
    if store.spool is None:
        return
    more = True
    while more and (arrivals := await store.spool.oldest(SLICE)):
        more = len(arrivals) == SLICE
        envelopes = [Envelope.model_validate_json(one.envelope) for one in arrivals]
        async with store.session() as session:
            new = insert(Delivery).on_conflict_do_nothing(index_elements=["id"])
            await session.execute(new, [vars(one) for one in envelopes])
            await witnesses.bear(session, [one for one in envelopes if one.bears_witness])
        await store.spool.remove(arrivals)


async def mark_routed(session: AsyncSession, ids: Sequence[str], at: datetime | None) -> None:
    """Mark deliveries as routed at a time, or with None as not routed."""
    for start in range(0, len(ids), SLICE):
        some = Delivery.id.in_(ids[start : start + SLICE])
        await session.execute(update(Delivery).where(some).values(routed_at=at))


async def disown(session: AsyncSession, ids: Sequence[str]) -> None:
    """Take from deliveries what they claim of a repository that their signer does not speak for: they tell nothing."""
    nothing = {"repository_id": 0, "number": None, "review": "", "comment_id": None, "witness": False}
    for start in range(0, len(ids), SLICE):
        some = Delivery.id.in_(ids[start : start + SLICE])
        await session.execute(update(Delivery).where(some).values(**nothing))


def believed() -> ColumnElement[bool]:
    """Return the condition for deliveries that are known to be about their repository.

    Whether an owner has the repository that his delivery names, the server says when the delivery is routed.
    """
    return Delivery.routed_at.is_not(None) | Delivery.signer.not_like(f"{SignerKind.OWNER}:%")


async def listed(session: AsyncSession, *, repository: str = "", event: str = "", limit: int = 50) -> list[Kept]:
    """The newest deliveries, newest first; optionally of one repository or one event."""
    chosen = _kept()
    if repository:
        chosen = chosen.where(Delivery.repository == repository)
    if event:
        chosen = chosen.where(Delivery.event == event)
    newest = chosen.order_by(Delivery.received_at.desc(), Delivery.id).limit(limit)
    return [_read(row) for row in await session.execute(newest)]


async def shown(session: AsyncSession, beginning: str, limit: int = 5) -> list[Kept]:
    """The deliveries whose id has this prefix: one if it is complete or unambiguous."""
    begins = _kept().where(Delivery.id.startswith(beginning, autoescape=True)).order_by(Delivery.id).limit(limit)
    return [_read(row) for row in await session.execute(begins)]


async def last_signers(session: AsyncSession) -> dict[int, tuple[datetime, str]]:
    """Return for each repository the time of its newest stored delivery, and whose secret signed it."""
    newest = select(Delivery.repository_id, func.max(Delivery.received_at).label("at")).group_by(Delivery.repository_id)
    last = newest.subquery()
    query = select(Delivery.repository_id, Delivery.received_at, Delivery.signer).join(
        last, (Delivery.repository_id == last.c.repository_id) & (Delivery.received_at == last.c.at)
    )
    return {number: (at, signer) for number, at, signer in await session.execute(query)}


def _kept() -> Select[Any]:
    return select(*_SELECTED, Delivery.routed_at)


def _read(row: Any) -> Kept:
    return Kept(_envelope(row), row.routed_at)


def _envelope(row: Any) -> Envelope:
    return Envelope(**{name: getattr(row, name) for name in _COLUMNS})
