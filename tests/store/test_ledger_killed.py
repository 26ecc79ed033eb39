"""An archive of the ledger whose process is killed again and again loses no entry, and verifies after each kill."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.store import Store
from bot.store.ledger import Entry, Order, append, verify
from bot.store.ledger.files import verify_file
from bot.store.tables import LedgerEntry
from tests.children import archive_ledger, processes
from tests.snapshots import BOT, PULL

pytestmark = pytest.mark.long

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNT, KEPT = 3000, 100
KILLED_AFTER = (0.0, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Seconds from the open database on: while the file is written, between file and record, while entries are deleted."""


async def write(store: Store, count: int, at: datetime) -> None:
    async with store.session() as session:
        await append(session, [Entry.of(PULL, "intent", BOT, object="comment:report")] * count, at)


async def left(store: Store) -> list[int]:
    async with store.read() as session:
        return list((await session.execute(select(LedgerEntry.sequence).order_by(LedgerEntry.sequence))).scalars())


async def attempt(url: str, order: Order, seconds: float | None) -> int:
    """Archive in a process that is killed after some seconds, or not; gives its exit status."""
    ours, theirs = processes().Pipe()
    child = processes().Process(target=archive_ledger, args=(url, order, theirs))
    child.start()
    try:
        await asyncio.to_thread(ours.recv)
        await asyncio.to_thread(child.join, 60 if seconds is None else seconds)
    finally:
        child.kill()
        child.join()
    return child.exitcode or 0


async def test_an_archive_that_is_killed_anywhere_loses_nothing(store: Store, store_url: str, tmp_path: Path) -> None:
    for _ in range(COUNT // 500):
        await write(store, 500, AT)
    await write(store, KEPT, AT + timedelta(days=9))
    place = tmp_path / "old.jsonl"
    order = Order(AT + timedelta(days=1), place, "op", AT + timedelta(days=10))
    for seconds in KILLED_AFTER:
        ended = await attempt(store_url, order, seconds)
        there = await left(store)
        async with store.read() as session:
            assert (await verify(session)).broken_at is None
        # What is no longer in the database is in a file that is complete.
        gone = set(range(1, COUNT + KEPT + 1)) - set(there)
        if gone:
            span = verify_file(place)
            assert (span.first, span.last) == (1, COUNT)
        if not ended:
            break
    assert await attempt(store_url, order, None) == 0
    assert await left(store) == [*range(COUNT + 1, COUNT + KEPT + 2)]
    assert verify_file(place).entries == COUNT
