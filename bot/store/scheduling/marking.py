"""Marks all open targets of all repositories dirty, in steps: there may be very many."""

from dataclasses import dataclass

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database.session import Store
from bot.store.housekeeping import STEP, in_steps
from bot.store.tables import TargetRow
from bot.store.targets import dirty_values

_KEY = tuple_(TargetRow.repository_id, TargetRow.number)
# A bound parameter: with a written-out state, SQLite walks the whole index of open targets in each step.
_OPEN = TargetRow.state == "open"


async def mark_all_open(store: Store, priority: int) -> int:
    """Mark all open targets dirty; return how many there are. The sweep submits them.

    A process that ends in between leaves the rest unmarked, until their daily evaluation or until it is called again.
    """
    return await in_steps(store, _Marking(priority))


@dataclass
class _Marking:
    """Marks the open targets that come next, in the order of their keys."""

    priority: int
    last: tuple[int, int] | None = None

    async def __call__(self, session: AsyncSession) -> int:
        query = select(TargetRow.repository_id, TargetRow.number).where(_OPEN)
        if self.last is not None:
            query = query.where(tuple_(*self.last) < _KEY)
        ordered = query.order_by(TargetRow.repository_id, TargetRow.number).limit(STEP)
        found = [(row.repository_id, row.number) for row in await session.execute(ordered)]
        if found:
            here = _KEY.between(tuple_(*found[0]), tuple_(*found[-1]))
            await session.execute(
                update(TargetRow)
                .where(_OPEN, here)
                .values(dirty_values(self.priority))
                .execution_options(synchronize_session=False)
            )
            self.last = found[-1]
        return len(found)
