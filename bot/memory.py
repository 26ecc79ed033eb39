"""The memory of large evaluations: a budget that they share, and freed memory given back.

A large piece of work takes its part of the budget once, before it reads, and gives it back at its end. It never waits
for more while it has some, so no two wait for each other.
"""

import asyncio
import ctypes
import gc
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

LIGHT = 8
"""Up to this part of the budget, work is light: it does not wait behind heavier work."""
LANES = 4
"""This part of the budget is for light work alone."""


def trim() -> None:
    """Return free pages of the heap. glibc keeps them otherwise, for hours after a flood of large texts."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _give_back() -> None:
    gc.collect()  # parsed patches refer to each other
    trim()


class NoRoom(Exception):
    """Too much work waits for memory already; the work has to be tried later."""


class _Lane:
    """A part of the budget, given in the order of asking, for which so many may wait."""

    def __init__(self, size: int, most_waiting: int) -> None:
        self.size = size
        self.used = 0
        self._most_waiting = most_waiting
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> None:
        """Return when the bytes are taken; a cancelled taker has none. Raises NoRoom if too many wait."""
        if len(self._waiting) >= self._most_waiting:
            raise NoRoom
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        self._grant()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(size)
            else:
                with suppress(ValueError):
                    self._waiting.remove((size, turn))
                self._grant()  # who waited behind may fit
            raise

    def give(self, size: int) -> None:
        """Give bytes back."""
        self.used -= size
        self._grant()

    def _grant(self) -> None:
        while self._waiting and self.used + self._waiting[0][0] <= self.size:
            size, turn = self._waiting.popleft()
            if not turn.cancelled():
                self.used += size
                turn.set_result(None)


class MemoryBudget:
    """A budget in bytes, used on one event loop. Work that needs more than all of it runs alone among heavy work.

    So much heavy and so much light work may wait (`waiting`); who waits holds a worker of the engine.
    """

    def __init__(self, total: int, waiting: int = 1000) -> None:
        self._light = _Lane(total // LANES, waiting)
        self._heavy = _Lane(total - total // LANES, waiting)
        self._most_light = total // LIGHT

    @property
    def used(self) -> int:
        """Return the bytes that are taken."""
        return self._light.used + self._heavy.used

    @asynccontextmanager
    async def taken(self, size: int) -> AsyncIterator[None]:
        """Hold so many bytes; wait for them in order. At the end, freed memory is returned to the system.

        Raises NoRoom.
        """
        if not size:
            yield
            return
        lane = self._light if size <= self._most_light else self._heavy
        size = min(size, lane.size)
        await lane.take(size)
        try:
            yield
        finally:
            lane.give(size)
            if lane is self._heavy:
                await asyncio.shield(asyncio.to_thread(_give_back))
