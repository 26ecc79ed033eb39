"""The turn to write to a database that has one writer: the most pressing work first, then in order of arrival."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.urgency import current

PATIENCE = 10.0
BACKGROUND_PATIENCE = 60.0
"""How long a writer waits for its turn, in seconds: background work waits for all other work."""


class Turn:
    """A lock that is given to the most pressing of those who wait."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._sequence = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Hold the turn. Raises TimeoutError if earlier writers do not finish in time."""
        if self._taken:
            await self._wait()
        else:
            self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self) -> None:
        urgency, future = current(), asyncio.get_running_loop().create_future()
        self._sequence += 1
        heapq.heappush(self._waiting, (urgency.priority, self._sequence, future))
        try:
            async with asyncio.timeout(BACKGROUND_PATIENCE if urgency.background else PATIENCE):
                await future
        except (TimeoutError, asyncio.CancelledError):
            if future.done() and not future.cancelled():
                self._pass_on()  # it was given the turn and does not take it
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
                return
        self._taken = False
