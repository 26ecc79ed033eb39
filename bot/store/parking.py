"""Parked targets (dead letters): their evaluation failed many times in the same way, so they are retried once a day.

A parked target stays dirty. It is evaluated at its next event, once a day, or when an operator asks for it; the first
evaluation that succeeds, or fails in another way, ends it. Every function works inside a transaction of its caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Target
from bot.store import targets
from bot.store.tables import TargetRow

PARKED_AFTER = 12
"""Failures of one kind in a row; with their back-off they take about 45 minutes."""
PARKED_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Failing:
    """A target whose last evaluation failed: how often in a row, why last, and when it is due again."""

    target: Target
    attempts: int
    why: str
    due: datetime | None
    parked_at: datetime | None


def failed(row: TargetRow, kind: str, now: datetime) -> bool:
    """Count a failure of a kind that is the target's own; return whether the target is parked now."""
    row.failures = row.failures + 1 if row.failure_kind == kind else 1
    row.failure_kind = kind
    row.parked_at = (row.parked_at or now) if row.failures >= PARKED_AFTER else None
    return row.parked_at is not None


def worked(row: TargetRow) -> None:
    """Forget all failures of a target."""
    row.attempts, row.last_error, row.not_before = 0, "", None
    row.failures, row.failure_kind, row.parked_at = 0, "", None


async def another_worked(session: AsyncSession, target: Target, since: datetime) -> bool:
    """Return whether the evaluation of another target succeeded since a time: the server is not to blame then."""
    query = select(TargetRow.number).where(
        TargetRow.attempts == literal_column("0"),  # written out, so that both databases use the index that has it
        TargetRow.observed_at >= since,
        (TargetRow.repository_id != target.repository_id) | (TargetRow.number != target.number),
    )
    return (await session.execute(query.limit(1))).first() is not None


async def count(session: AsyncSession) -> int:
    """Return how many targets are parked."""
    return (await session.execute(select(func.count()).select_from(TargetRow).where(_parked()))).scalar_one()


async def failing(session: AsyncSession, *, parked: bool, limit: int) -> list[Failing]:
    """Return the targets whose last evaluation failed, or only those that are parked; the longest failing first."""
    query = targets.named().where(_parked() if parked else TargetRow.attempts > 0)
    found = await session.execute(
        query.order_by(TargetRow.attempts.desc(), TargetRow.repository_id, TargetRow.number).limit(limit)
    )
    return [
        Failing(
            targets.target_of(row, name),
            row.attempts,
            row.last_error,
            row.not_before,
            row.parked_at if _is(row) else None,
        )
        for row, name in found
    ]


async def retry(session: AsyncSession, chosen: Sequence[Target] | None) -> int:
    """Have failing targets evaluated at once and from the first attempt on, or with None all that are parked.

    Returns how many there are.
    """
    fresh = {"attempts": 0, "failures": 0, "failure_kind": "", "not_before": None, "parked_at": None}
    if chosen is None:
        found = await count(session)
        await session.execute(update(TargetRow).where(_parked()).values(**fresh))
        return found
    rows = [row for target in chosen if (row := await targets.row_of(session, target)) is not None]
    for row in rows:
        targets.keep_dirty(row, 0)
        for name, value in fresh.items():
            setattr(row, name, value)
    return len(rows)


def _parked() -> ColumnElement[bool]:
    # A process of an older version evaluates a target without clearing the time.
    return TargetRow.parked_at.is_not(None) & (TargetRow.desired_generation > TargetRow.observed_generation)


def _is(row: TargetRow) -> bool:
    return row.desired_generation > row.observed_generation
