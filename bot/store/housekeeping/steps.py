"""Long work on the database as a row of short transactions, with pauses in which others write."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database.session import Store

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
