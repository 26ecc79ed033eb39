"""The ledger is anchored once a day, and the log tells when it no longer fits its anchor."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from bot.app.anchoring import anchor_ledger
from bot.store import Store
from bot.store.ledger import Entry, append
from bot.store.ledger.anchors import read
from bot.store.tables import LedgerEntry
from tests.snapshots import BOT, PULL

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def write(store: Store, count: int) -> None:
    async with store.session() as session:
        await append(session, [Entry.of(PULL, "intent", BOT)] * count, AT)


def sequences(path: Path) -> list[int]:
    return [anchor.sequence for anchor in read(path)[0]]


async def test_a_day_has_one_anchor_and_a_quiet_day_none(store: Store, tmp_path: Path) -> None:
    place = tmp_path / "anchors.jsonl"
    await anchor_ledger(store, place, AT)
    assert not place.exists()
    await write(store, 3)
    for hours in (0, 5, 11):
        await anchor_ledger(store, place, AT + timedelta(hours=hours))
        await write(store, 1)
    assert sequences(place) == [3]
    await anchor_ledger(store, place, AT + DAY)
    await anchor_ledger(store, place, AT + 2 * DAY)
    assert sequences(place) == [3, 6]


async def test_entries_that_are_gone_are_told_and_the_rest_is_anchored(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "anchors.jsonl"
    await write(store, 3)
    await anchor_ledger(store, place, AT)
    async with store.session() as session:
        await session.execute(delete(LedgerEntry).where(LedgerEntry.sequence == 3))
    await anchor_ledger(store, place, AT + DAY)
    assert "ledger.differs-from-anchor" in capsys.readouterr().out
    assert sequences(place) == [3, 2]


async def test_a_file_that_cannot_be_written_is_told_and_nothing_else_happens(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await write(store, 3)
    await anchor_ledger(store, tmp_path / "nowhere" / "anchors.jsonl", AT)
    told = capsys.readouterr().out
    assert "ledger.not-anchored" in told
    assert "No such file or directory" in told
