"""Whose fault a failed evaluation is: an outage parks nothing, and what fails alone is parked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from bot.forgejo.errors import (
    ForgejoError,
    Malformed,
    Oversized,
    RateLimited,
    ServerFault,
    Unauthorised,
    Unreachable,
    Validation,
)
from bot.git import GitError, GitOverBound
from bot.history import Moved
from bot.model import Kind, Repo
from bot.reconcile.blame import RECENT, is_its_own
from bot.store import Store, StoreError, repositories, targets
from bot.store.tables import TargetRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GARDEN = Repo(id=17, name="workshop/garden")
PULL, OTHER = GARDEN.target(4, Kind.PULL), GARDEN.target(5, Kind.ISSUE)


def answered(kind: type[ForgejoError], status: int) -> ForgejoError:
    return kind("GET", "/repos/workshop/garden/pulls/4", status)


OF_ITS_OWN = (
    RuntimeError(),
    Moved("moved"),
    answered(Validation, 422),
    answered(Malformed, 200),
    answered(Oversized, 200),
)
SHARED = (
    Unreachable("GET", "/version", "refused", sent=False),
    answered(Unauthorised, 401),
    answered(RateLimited, 429),
    StoreError("full"),
    OperationalError("UPDATE", {}, Exception("locked")),
    TimeoutError(),
    OSError(24, "Too many open files"),
    GitOverBound("disk", lasting=False),
)
DOUBTFUL = (answered(ServerFault, 500), answered(ServerFault, 502), GitError("fatal"))


async def counts(store: Store, fault: Exception, others_at: datetime | None) -> bool:
    async with store.session() as session:
        await repositories.serve(session, GARDEN, NOW)
        await targets.add_targets(session, [PULL, OTHER], quiet=False)
        await session.execute(update(TargetRow).where(TargetRow.number == OTHER.number).values(observed_at=others_at))
        return await is_its_own(session, PULL, fault, NOW)


@pytest.mark.parametrize("fault", OF_ITS_OWN, ids=repr)
async def test_what_no_server_does_to_others_counts(store: Store, fault: Exception) -> None:
    assert await counts(store, fault, None)


@pytest.mark.parametrize("fault", SHARED, ids=repr)
async def test_what_hits_all_never_counts(store: Store, fault: Exception) -> None:
    assert not await counts(store, fault, NOW)


@pytest.mark.parametrize("fault", DOUBTFUL, ids=repr)
async def test_a_fault_of_one_path_or_of_all_counts_only_while_others_are_evaluated(
    store: Store, fault: Exception
) -> None:
    assert await counts(store, fault, NOW - RECENT)
    assert not await counts(store, fault, NOW - RECENT - timedelta(seconds=1))


async def test_a_bound_of_the_disk_counts_if_another_try_comes_to_it_again(store: Store) -> None:
    assert await counts(store, GitOverBound("too large"), None)
