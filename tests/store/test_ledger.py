"""The ledger: whoever changes its past breaks the chain, and verify says where."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from bot.store.database.session import Store
from bot.store.ledger import GENESIS, Entry, Proof, append, chain, tail, verify, walk
from bot.store.tables import LedgerEntry
from tests.snapshots import BOT, PULL

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
COUNT = 6


def entry(number: int, **change: Any) -> Entry:
    detail = {"action": "label.add", "number": number, "words": ["grün", None, 1.5, True]}
    return Entry.of(PULL, "intent", BOT, object=f"label:{number}", detail=detail, **change)


@pytest.fixture
async def written(store: Store) -> Store:
    """A store with six entries, of three transactions."""
    for start in range(0, COUNT, 2):
        async with store.session() as session:
            await append(session, [entry(start + 1), entry(start + 2)], AT + timedelta(seconds=start))
    return store


async def proof(store: Store) -> Proof:
    async with store.read() as session:
        return await verify(session)


async def test_an_empty_ledger_holds(store: Store) -> None:
    async with store.session() as session:
        await append(session, [], AT)
    assert await proof(store) == Proof(0)


async def test_the_chain_holds_and_begins_at_its_beginning(written: Store) -> None:
    assert await proof(written) == Proof(COUNT)
    async with written.read() as session:
        rows = [row async for row in walk(session)]
    assert [row.sequence for row in rows] == list(range(1, COUNT + 1))
    assert [row.previous for row in rows] == [GENESIS, *(row.hash for row in rows[:-1])]
    assert (rows[0].at, rows[0].detail["words"]) == (AT, ["grün", None, 1.5, True])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", AT + timedelta(microseconds=1)),
        ("kind", "result"),
        ("repository", "workshop/other"),
        ("repository_id", 99),
        ("repository_id", 0),
        ("number", 13),
        ("actor", "mallory"),
        ("object", "label:judge/p0"),
        ("detail", {}),
        ("snapshot_hash", "sha256:0"),
        ("result", "done"),
        ("previous", "1" * 64),
        ("hash", "1" * 64),
    ],
)
async def test_an_edit_of_anything_breaks_the_chain_at_the_entry(written: Store, column: str, value: object) -> None:
    async with written.session() as session:
        await session.execute(update(LedgerEntry).where(LedgerEntry.sequence == 3).values({column: value}))
    assert await proof(written) == Proof(2, broken_at=3)


@pytest.mark.parametrize("gone", [1, 3])
async def test_a_deleted_entry_breaks_the_chain_where_it_stood(written: Store, gone: int) -> None:
    async with written.session() as session:
        await session.execute(delete(LedgerEntry).where(LedgerEntry.sequence == gone))
    assert await proof(written) == Proof(gone - 1, broken_at=gone)


async def rows_of(store: Store) -> list[dict[str, Any]]:
    async with store.read() as session:
        return [
            {name: getattr(row, name) for name in (*chain.FIELDS, "repository_id", "hash")}
            async for row in walk(session)
        ]


async def rewrite(store: Store, rows: list[dict[str, Any]]) -> None:
    async with store.session() as session:
        await session.execute(delete(LedgerEntry))
        await session.execute(insert(LedgerEntry), rows)


async def test_a_deleted_entry_shows_when_the_others_are_renumbered_too(written: Store) -> None:
    rows = await rows_of(written)
    rest = rows[:2] + [row | {"sequence": row["sequence"] - 1} for row in rows[3:]]
    await rewrite(written, rest)
    assert await proof(written) == Proof(2, broken_at=3)


async def test_an_entry_slipped_in_breaks_the_chain_behind_it(written: Store) -> None:
    rows = await rows_of(written)
    forged = rows[2] | {"sequence": 4, "actor": "mallory", "previous": rows[2]["hash"]}
    forged["hash"] = chain.hash_of(forged)
    later = [row | {"sequence": row["sequence"] + 1} for row in rows[3:]]
    await rewrite(written, [*rows[:3], forged, *later])
    assert await proof(written) == Proof(4, broken_at=5)


async def test_swapped_entries_break_the_chain_at_the_first(written: Store) -> None:
    rows = await rows_of(written)
    rows[2], rows[3] = rows[3] | {"sequence": 3}, rows[2] | {"sequence": 4}
    await rewrite(written, rows)
    assert await proof(written) == Proof(2, broken_at=3)


async def test_writers_at_once_grow_one_chain(store: Store) -> None:
    async def write(number: int) -> None:
        async with store.session() as session:
            await append(session, [entry(number), entry(number)], AT)

    await asyncio.gather(*(write(number) for number in range(10)))
    assert await proof(store) == Proof(20)


async def test_a_transaction_that_fails_leaves_the_chain_whole(written: Store) -> None:
    async def give_up() -> None:
        async with written.session() as session:
            await append(session, [entry(99)], AT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await give_up()
    async with written.session() as session:
        await append(session, [entry(7)], AT)
    assert await proof(written) == Proof(COUNT + 1)


async def test_the_zone_of_the_writer_makes_no_difference(store: Store) -> None:
    async with store.session() as session:
        await append(session, [entry(1)], AT.astimezone(timezone(timedelta(hours=5))))
    assert await proof(store) == Proof(1)


async def test_a_long_ledger_is_walked_in_batches_and_from_any_place(written: Store) -> None:
    async with written.read() as session:
        assert [row.sequence async for row in walk(session, batch=2)] == [1, 2, 3, 4, 5, 6]
        assert [row.sequence async for row in walk(session, after=4, batch=1)] == [5, 6]


async def test_the_newest_entries_come_oldest_first(written: Store) -> None:
    async with written.read() as session:
        assert [row.sequence for row in await tail(session, 2)] == [5, 6]
        assert len(await tail(session, 50)) == COUNT
        assert (await session.scalars(select(LedgerEntry.object).limit(1))).one() == "label:1"
