"""Which targets are due: for an evaluation that was asked for, a look at their statuses, or their daily evaluation.

Every function works inside a transaction of its caller. The conditions are written out and not bound as parameters, so
that both databases use the indexes that have them.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Kind, Target
from bot.store.tables import Repository, TargetRow

DIRTY = TargetRow.desired_generation > TargetRow.observed_generation
OPEN = TargetRow.state == literal_column("'open'")
PULL = TargetRow.kind == literal_column("'pull'")
HEARS_RUNS = Repository.hears_runs.is_(True)
MOST_DIRTY = 2000
"""Targets that one sweep submits: more than can be evaluated until the next one."""
EACH_PULL = timedelta(days=1)
EACH_ISSUE = timedelta(days=7)
"""How often an open target is evaluated without any sign of a change. Of issues, listings tell nearly everything."""
ROUND = timedelta(minutes=1)
RESERVE = 1.2
"""So much more than the steady rate is evaluated in a round, to make up for times when the bot did not run."""


class Watched(NamedTuple):
    """An open pull request whose statuses are looked at: its head, and a digest of those that should be there."""

    target: Target
    head: str
    statuses: str


async def dirty(session: AsyncSession, now: datetime, limit: int = MOST_DIRTY) -> list[tuple[Target, int]]:
    """Return the targets that wait for an evaluation and are due, with their priority, the most pressing first."""
    query = (
        _of(TargetRow.priority)
        .where(DIRTY, _due(now), _visible(now))
        .order_by(TargetRow.priority, TargetRow.repository_id, TargetRow.number)
        .limit(limit)
    )
    return [(_target(row), row.priority) for row in await session.execute(query)]


async def backlog(session: AsyncSession) -> int:
    """Return how many targets wait for an evaluation, in repositories that can be seen; parked ones do not."""
    query = (
        select(func.count())
        .select_from(TargetRow)
        .join(Repository, Repository.id == TargetRow.repository_id)
        .where(DIRTY, Repository.unseen_since.is_(None), TargetRow.parked_at.is_(None))
    )
    return (await session.execute(query)).scalar_one()


async def watched(
    session: AsyncSession, now: datetime, each: timedelta, each_told: timedelta, limit: int
) -> list[Watched]:
    """Return open pull requests whose statuses were not looked at for the time `each`, those of longest ago first.

    `each_told` is that time in repositories whose deliveries tell of the end of runs.
    """
    query = (
        _of(TargetRow.head_sha, TargetRow.statuses)
        .where(OPEN, PULL, TargetRow.statuses_at < now - each, _due(now), _visible(now))
        .where(or_(~HEARS_RUNS, TargetRow.statuses_at < now - each_told))
        .order_by(TargetRow.statuses_at)
        .limit(limit)
    )
    return [Watched(_target(row), row.head_sha, row.statuses) for row in await session.execute(query)]


async def watched_at(session: AsyncSession, targets: Iterable[Target], now: datetime) -> None:
    """Record that the statuses of pull requests were looked at."""
    values = [{"repository": one.repository_id, "target": one.number} for one in targets]
    if values:
        table = TargetRow.__table__.c
        this = (table.repository_id == bindparam("repository")) & (table.number == bindparam("target"))
        statement = update(TargetRow.__table__).where(this).values(statuses_at=now)  # type: ignore[arg-type]
        await (await session.connection()).execute(statement, values)


async def daily(session: AsyncSession, now: datetime) -> list[Target]:
    """Return open targets that were not evaluated for long, as many as keep a steady rate over the day."""
    found: list[Target] = []
    for kind, each in ((PULL, EACH_PULL), (~PULL, EACH_ISSUE)):
        count = (await session.execute(select(func.count()).where(OPEN, kind))).scalar_one()
        query = (
            _of()
            .where(OPEN, kind, TargetRow.observed_at < now - each, _due(now), _visible(now))
            .order_by(TargetRow.observed_at)
            .limit(math.ceil(RESERVE * count * (ROUND / each)))
        )
        found += [_target(row) for row in await session.execute(query)]
    return found


def _of(*columns: Any) -> Select[Any]:
    """Return the query for targets with the names of their repositories; those whose name isn't known are left out."""
    return (
        select(TargetRow.repository_id, TargetRow.number, TargetRow.kind, Repository.full_name, *columns)
        .join(Repository, Repository.id == TargetRow.repository_id)
        .where(Repository.full_name != "")
    )


def _due(now: datetime) -> ColumnElement[bool]:
    """Return the condition for targets that do not wait for the time of their next attempt."""
    return TargetRow.not_before.is_(None) | (TargetRow.not_before <= now)


def _visible(now: datetime) -> ColumnElement[bool]:
    return (Repository.ask_again_at.is_(None)) | (Repository.ask_again_at <= now)


def _target(row: Any) -> Target:
    return Target(repository=row.full_name, repository_id=row.repository_id, number=row.number, kind=Kind(row.kind))
