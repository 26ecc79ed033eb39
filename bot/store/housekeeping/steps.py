"""Long work on the database as a row of short transactions, with pauses in which others write."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, tuple_
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database.session import Store
from bot.store.tables import Table

STEP = 500
"""Rows of one transaction: some ten milliseconds on SQLite."""
LEAST_PAUSE = 0.005

Step = Callable[[AsyncSession], Awaitable[int]]
"""Changes at most `STEP` rows, and returns how many."""


async def in_steps(store: Store, step: Step, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> int:
    """Repeat a step until it finds fewer rows than it may change; return the number of all.

    After each it pauses for as long as the step took, so half of the time belongs to others. A process that ends in
    between leaves the rest for the next time.
    """
    total = 0
    while True:
        begun = time.monotonic()
        async with store.session() as session:
            count = await step(session)
        total += count
        if count < STEP:
            return total
        await pause(max(time.monotonic() - begun, LEAST_PAUSE))


@dataclass(frozen=True)
class Deleting:
    """The step that deletes the first rows that a query of a table's key gives."""

    table: type[Table]
    query: Select[*tuple[Any, ...]]

    async def __call__(self, session: AsyncSession) -> int:
        """Delete at most `STEP` rows; return how many."""
        result = await session.execute(
            delete(self.table).where(tuple_(*key_of(self.table)).in_(self.query.limit(STEP)))
        )
        return result.rowcount if isinstance(result, CursorResult) else 0


def key_of(table: type[Table]) -> list[Any]:
    """Return the columns of a table's primary key."""
    return [getattr(table, column.name) for column in table.__table__.primary_key]
