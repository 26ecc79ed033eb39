"""Parked targets: when a target is parked, and everything that ends it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.model import Kind, Repo
from bot.store import Store, parking, repositories, targets
from bot.store.parking import PARKED_AFTER, PARKED_FOR
from bot.store.scheduling import due
from bot.store.tables import TargetRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GARDEN = Repo(id=17, name="workshop/garden")
PULL, OTHER = GARDEN.target(4, Kind.PULL), GARDEN.target(5, Kind.ISSUE)


@pytest.fixture
async def known(store: Store) -> Store:
    async with store.session() as session:
        await repositories.serve(session, GARDEN, NOW)
        await targets.add_targets(session, [PULL, OTHER], quiet=False)
    return store


async def fail(store: Store, *kinds: str) -> bool:
    async with store.session() as session:
        row = await session.get_one(TargetRow, (PULL.repository_id, PULL.number))
        for kind in kinds:
            row.attempts += 1
            if parking.failed(row, kind, NOW):
                row.not_before = NOW + PARKED_FOR
        return row.parked_at is not None


async def waiting(store: Store, at: datetime = NOW) -> set[int]:
    async with store.read() as session:
        return {target.number for target, _ in await due.dirty(session, at)}


async def count(store: Store) -> int:
    async with store.read() as session:
        return await parking.count(session)


async def test_only_failures_of_one_kind_in_a_row_park_a_target(known: Store) -> None:
    assert not await fail(known, *["GitError"] * (PARKED_AFTER - 1))
    assert not await fail(known, "Moved", *["GitError"] * (PARKED_AFTER - 1))
    assert await fail(known, "GitError")
    assert (await count(known), await waiting(known)) == (1, {OTHER.number})


async def test_a_parked_target_is_due_once_a_day_and_parked_again_by_one_failure(known: Store) -> None:
    await fail(known, *["GitError"] * PARKED_AFTER)
    assert await waiting(known, NOW + PARKED_FOR) == {PULL.number, OTHER.number}
    assert await fail(known, "GitError")
    assert not await fail(known, "Moved")


async def test_an_event_makes_a_parked_target_due_and_leaves_the_back_off_of_others(known: Store) -> None:
    await fail(known, *["GitError"] * PARKED_AFTER)
    async with known.session() as session:
        later = NOW + timedelta(minutes=15)
        await session.execute(update(TargetRow).where(TargetRow.number == OTHER.number).values(not_before=later))
        await targets.add_targets(session, [PULL, OTHER], quiet=False)
    assert await waiting(known) == {PULL.number}


async def test_a_success_forgets_all_failures(known: Store) -> None:
    await fail(known, *["GitError"] * PARKED_AFTER)
    async with known.session() as session:
        parking.worked(await session.get_one(TargetRow, (PULL.repository_id, PULL.number)))
    assert (await count(known), await fail(known, "GitError")) == (0, False)


async def test_an_operator_retries_one_or_all(known: Store) -> None:
    for chosen in ([PULL], None):
        await fail(known, *["GitError"] * PARKED_AFTER)
        async with known.session() as session:
            (one,) = await parking.failing(session, parked=True, limit=9)
            assert (one.target, one.attempts, one.due, one.parked_at) == (PULL, PARKED_AFTER, NOW + PARKED_FOR, NOW)
            assert await parking.retry(session, chosen) == 1
            assert await parking.failing(session, parked=False, limit=9) == []
        assert (await count(known), await waiting(known)) == (0, {PULL.number, OTHER.number})


async def test_a_target_that_an_older_process_evaluated_is_no_longer_parked(known: Store) -> None:
    await fail(known, *["GitError"] * PARKED_AFTER)
    async with known.session() as session:
        await session.execute(update(TargetRow).values(observed_generation=TargetRow.desired_generation, attempts=0))
    assert await count(known) == 0


async def test_another_target_that_could_be_evaluated_is_one_that_did_not_fail_since(known: Store) -> None:
    async def another(**change: object) -> bool:
        async with known.session() as session:
            await session.execute(update(TargetRow).where(TargetRow.number == OTHER.number).values(**change))
            return await parking.another_worked(session, PULL, NOW - timedelta(minutes=15))

    assert not await another(number=OTHER.number)
    assert not await another(observed_at=NOW, attempts=1)
    assert not await another(observed_at=NOW - timedelta(hours=1), attempts=0)
    assert await another(observed_at=NOW)
