"""What listings told of targets: their times of change, and a digest of what a listing shows of each.

Every function works inside a transaction of its caller, for some targets of one repository.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Kind, Repo, Target
from bot.store.tables import TargetRow

STEP = 500
"""Targets in one statement or transaction; a larger one would keep other writers waiting."""

T = TypeVar("T")


class Known(NamedTuple):
    """What is known of a target from deliveries, evaluations and listings before."""

    kind: Kind
    state: str
    updated_at: datetime | None
    listed: str


def steps(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in parts of which each fits a short transaction."""
    for start in range(0, len(items), STEP):
        yield items[start : start + STEP]


async def known(session: AsyncSession, repo: Repo, numbers: Iterable[int] | None = None) -> dict[int, Known]:
    """Return what is known of some targets of a repository by number; without `numbers`, of its open ones."""
    columns = (TargetRow.number, TargetRow.kind, TargetRow.state, TargetRow.updated_at, TargetRow.listed)
    query = select(*columns).where(TargetRow.repository_id == repo.id)
    if numbers is None:
        rows = (await session.execute(query.where(TargetRow.state == "open"))).all()
    else:
        rows = [
            row
            for part in steps(sorted(set(numbers)))
            for row in await session.execute(query.where(TargetRow.number.in_(part)))
        ]
    return {row.number: Known(Kind(row.kind), row.state, row.updated_at, row.listed) for row in rows}


async def updated(session: AsyncSession, found: Mapping[Target, datetime]) -> None:
    """Record the targets' update times from Forgejo."""
    await _each(session, {"updated_at": bindparam("value")}, found)


async def shown(session: AsyncSession, found: Mapping[Target, str]) -> None:
    """Record digests of what a listing showed."""
    await _each(session, {"listed": bindparam("value")}, found)


async def wake(session: AsyncSession, targets: Iterable[Target]) -> None:
    """End the silence of targets that are older than the bot, because of a new event."""
    await _each(session, {"quiet": False}, dict.fromkeys(targets))


async def _each(session: AsyncSession, change: Mapping[str, Any], found: Mapping[Target, object]) -> None:
    rows = [{"repository": one.repository_id, "target": one.number, "value": value} for one, value in found.items()]
    table = TargetRow.__table__.c
    this = (table.repository_id == bindparam("repository")) & (table.number == bindparam("target"))
    statement = update(TargetRow.__table__).where(this).values(**change)  # type: ignore[arg-type]
    for part in steps(rows):
        await (await session.connection()).execute(statement, part)
