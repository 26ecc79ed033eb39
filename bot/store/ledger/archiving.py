"""Moves the old part of the ledger to a file. The chain goes on behind it, by the hash of its last entry.

The file is complete, on the disk and verified before anything is deleted. The record of it is an entry of the chain.
Deleting is done in steps; a process that is killed at any point leaves a ledger that verifies, and the same command
goes on where it ended.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database.session import Store
from bot.store.housekeeping import STEP, in_steps
from bot.store.ledger.chain import ARCHIVE, KEPT, Archived, Entry, append, archived, first_whole
from bot.store.ledger.files import LedgerFileError, Span, export_file, verify_file
from bot.store.tables import LedgerEntry


@dataclass(frozen=True)
class Order:
    """An archive: the entries before a time, to a file, in the name of somebody, at a time."""

    before: datetime
    path: Path
    actor: str
    at: datetime


async def archive(store: Store, order: Order, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Span:
    """Write the old entries to the file, verify it, record it, and delete them; return which ones they are.

    Nothing is done if there are none. A file that an interrupted archive left is used. Raises LedgerFileError, and
    OSError if the file cannot be written.
    """
    if not order.path.exists():
        async with store.read() as session:
            span = await export_file(session, order.path, until=order.before)
        if not span.entries:
            order.path.unlink()
            return span
    span = await asyncio.to_thread(verify_file, order.path)
    async with store.session() as session:
        await _record(session, span, order)
    await in_steps(store, _Deleting(span.last), pause)
    return span


@dataclass(frozen=True)
class _Deleting:
    """Deletes the oldest entries up to one, but for those that the bot reads."""

    through: int

    async def __call__(self, session: AsyncSession) -> int:
        old = select(LedgerEntry.sequence).where(LedgerEntry.sequence <= self.through, LedgerEntry.kind.not_in(KEPT))
        oldest = old.order_by(LedgerEntry.sequence).limit(STEP)
        result = await session.execute(delete(LedgerEntry).where(LedgerEntry.sequence.in_(oldest)))
        return result.rowcount if isinstance(result, CursorResult) else 0


async def _record(session: AsyncSession, span: Span, order: Order) -> None:
    """Append the record of the file, unless it is there. Raises LedgerFileError if it isn't of this ledger."""
    past = await archived(session)
    if Archived(span.last, span.hash) == past:
        return
    last = await session.scalar(select(LedgerEntry.hash).where(LedgerEntry.sequence == span.last))
    if last != span.hash or span.first > await first_whole(session, past) or span.last <= past.through:
        raise LedgerFileError(f"{order.path} is not the oldest part of this ledger; use another name")
    young = select(LedgerEntry.sequence).where(LedgerEntry.sequence <= span.last, LedgerEntry.at >= order.before)
    if (await session.execute(young.limit(1))).first() is not None:
        raise LedgerFileError(f"{order.path} has entries that are not older than the given time; use another name")
    detail = {"through": span.last, "hash": span.hash, "first": span.first, "file": order.path.name}
    await append(session, [Entry(ARCHIVE, "", 0, order.actor, detail=detail)], order.at)
