"""What is deleted, what stays, and that nobody waits for it."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from bot.model import Kind, Repo
from bot.store import Store, repositories, targets
from bot.store.housekeeping import Deleting, Kept, in_steps, prune, steps
from bot.store.tables import Delivery, Head, LedgerEntry, Repository, SnapshotRow, TargetRow
from bot.store.targets import MAX_HEADS

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEPT = Kept(timedelta(days=30), timedelta(days=90))
OTHER = {"repository_id": 5}
PULL = Repo(id=17, name="workshop/garden").target(4, Kind.PULL)


def delivery(name: str, days: int, *, routed: bool = True) -> dict[str, Any]:
    at = NOW - timedelta(days=days)
    return {
        "id": name,
        "event": "push",
        "size": 1,
        "body_hash": "",
        "received_at": at,
        "routed_at": NOW if routed else None,
    }


def target(number: int, state: str, **more: Any) -> dict[str, Any]:
    row = {
        "repository_id": 17,
        "number": number,
        "kind": "pull",
        "state": state,
        "observed_at": NOW,
        "not_before": None,
    }
    return {**row, "desired_generation": 1, "observed_generation": 1, "snapshot_hash": "sha256:1", **more}


def snapshot(number: int, days: int) -> dict[str, Any]:
    at = NOW - timedelta(days=days)
    return {"hash": f"sha256:{days}", "repository_id": 17, "number": number, "taken_at": at, "content": b""}


async def fill(store: Store, table: type[Any], *rows: dict[str, Any]) -> None:
    async with store.session() as session:
        await session.execute(insert(table), list(rows))


async def found(store: Store, column: Any) -> set[Any]:
    async with store.read() as session:
        return set((await session.execute(select(column))).scalars())


async def test_old_deliveries_go_and_those_that_wait_stay(store: Store) -> None:
    await fill(store, Delivery, delivery("old", 31), delivery("young", 29), delivery("waits", 90, routed=False))
    assert (await prune(store, KEPT, NOW))["deliveries"] == 1
    assert await found(store, Delivery.id) == {"young", "waits"}


async def test_old_snapshots_go_with_closed_targets_only(store: Store) -> None:
    await fill(store, TargetRow, target(1, "open"), target(2, "closed"), target(3, "gone"))
    await fill(store, SnapshotRow, *(snapshot(number, days) for number in (1, 2, 3) for days in (1, 100)))
    assert (await prune(store, KEPT, NOW))["snapshots"] == 2
    async with store.read() as session:
        rows = await session.execute(select(SnapshotRow.number, SnapshotRow.hash))
        assert {tuple(row) for row in rows} == {(1, "sha256:1"), (1, "sha256:100"), (2, "sha256:1"), (3, "sha256:1")}


async def test_targets_that_only_deliveries_named_go_and_what_was_ever_seen_stays(store: Store) -> None:
    never = {"observed_at": None, "snapshot_hash": ""}
    long_ago, lately = NOW - timedelta(days=2), NOW - timedelta(hours=2)
    await fill(
        store,
        TargetRow,
        target(1, "gone", **never, not_before=long_ago),
        target(2, "gone", **never, not_before=lately),
        target(3, "gone", not_before=long_ago),
        target(4, "open", **never, not_before=long_ago),
        target(5, "gone", **{**never, "not_before": long_ago, "desired_generation": 2}),
    )
    assert (await prune(store, KEPT, NOW))["targets"] == 1
    assert await found(store, TargetRow.number) == {2, 3, 4, 5}


async def test_a_long_work_is_done_in_steps_and_others_write_between_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "STEP", 10)
    await fill(store, Delivery, *(delivery(f"{number}", 31) for number in range(95)))
    left: list[int] = []

    async def write_too(_seconds: float) -> None:
        async with store.session() as session:
            session.add(Head(repository_id=1, number=1, sha=f"{len(left)}", seen_at=NOW))
            left.append(await session.scalar(select(func.count()).select_from(Delivery)) or 0)

    query = select(Delivery.id).order_by(Delivery.received_at)
    deleting = Deleting(Delivery, query)
    assert await in_steps(store, deleting, write_too) == 95
    assert left == list(range(85, 0, -10))


async def test_what_a_killed_process_left_is_deleted_by_the_next(store: Store) -> None:
    await fill(store, Delivery, *(delivery(f"{number}", 31) for number in range(steps.STEP + 700)))

    async def end(_seconds: float) -> None:
        raise asyncio.CancelledError

    deleting = Deleting(Delivery, select(Delivery.id).order_by(Delivery.received_at))
    with pytest.raises(asyncio.CancelledError):
        await in_steps(store, deleting, end)
    assert len(await found(store, Delivery.id)) == 700
    assert (await prune(store, KEPT, NOW))["deliveries"] == 700


async def test_a_repository_is_forgotten_in_steps_and_a_second_call_ends_what_was_interrupted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "STEP", 10)
    garden, shed = Repo(id=17, name="workshop/garden"), Repo(id=5, name="workshop/shed")
    async with store.session() as session:
        for repo in (garden, shed):
            await repositories.serve(session, repo, NOW)
    await fill(store, TargetRow, *(target(number, "open") for number in range(1, 41)), target(1, "open") | OTHER)
    await fill(store, SnapshotRow, *(snapshot(number, 1) for number in range(1, 41)), snapshot(1, 1) | OTHER)
    pauses = 0

    async def end_later(_seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(repositories, "in_steps", partial(in_steps, pause=end_later))
    with pytest.raises(asyncio.CancelledError):
        await repositories.forget(store, garden, "op", NOW)
    async with store.read() as session:
        listed = {one.full_name: one.unseen_why for one in await repositories.known(session)}
    assert listed == {"workshop/garden": repositories.FORGETTING, "workshop/shed": ""}
    assert await repositories.forget(store, garden, "op", NOW) == 10
    assert await found(store, TargetRow.repository_id) == await found(store, SnapshotRow.repository_id) == {5}
    assert await found(store, Repository.id) == {5}
    async with store.read() as session:
        told = await session.execute(select(LedgerEntry.object, LedgerEntry.repository_id))
        assert [tuple(row) for row in told] == [("forgotten", 17)]


async def test_of_many_heads_as_many_are_kept_as_are_read(store: Store) -> None:
    for number in range(MAX_HEADS + 5):
        async with store.session() as session:
            await targets.keep_heads(session, PULL, [f"{number:040}"], NOW + timedelta(seconds=number))
    kept = await found(store, Head.sha)
    assert kept == {f"{number:040}" for number in range(5, MAX_HEADS + 5)}
