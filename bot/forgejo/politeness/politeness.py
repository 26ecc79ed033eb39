"""Lets requests go: the most pressing first, within the limits, and none while the server fails or asks to wait."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from bot.forgejo.errors import ForgejoError, Paused, RateLimited
from bot.forgejo.politeness.circuit import Circuit
from bot.forgejo.politeness.limits import Limits
from bot.forgejo.politeness.pace import Pace
from bot.urgency import BACKGROUND, current

log = structlog.get_logger(__name__)

UNAVAILABLE = 503
LONGEST_RETRY_AFTER = 3600.0


@dataclass(frozen=True, order=True, slots=True)
class Asking:
    """A request that waits since a moment; `since` is the time of its first attempt."""

    priority: int
    sequence: int
    since: float = field(compare=False)
    method: str = field(compare=False)
    path: str = field(compare=False)
    goes: "asyncio.Future[None]" = field(compare=False)

    @property
    def background(self) -> bool:
        """Return whether nobody waits for the request."""
        return self.priority >= BACKGROUND


class Politeness:
    """What one process asks of one server. `clock` gives monotonic seconds."""

    def __init__(
        self, limits: Limits, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._all = self._limits = limits
        self._clock = clock
        self._sleep = sleep
        self._circuit = Circuit(limits)
        self._pace, self._background_pace = Pace(limits.rate), Pace(limits.background_rate)
        self._line: list[Asking] = []
        self._sequence = 0
        self._under_way = 0
        self._under_way_background = 0
        self._asked_to_wait = 0.0
        self._later: asyncio.Task[None] | None = None
        self._later_at = 0.0

    @property
    def failing(self) -> bool:
        """Return whether the server is taken to fail, so that requests wait."""
        return self._circuit.open

    def pause(self) -> float:
        """Return the seconds until a request may be sent, 0 if one may be sent now."""
        now = self._clock()
        return max(self._asked_to_wait - now, self._circuit.wait(now), 0.0)

    def share(self, workers: int) -> None:
        """Use one part of the limits: so many workers ask the same server, each in its own process."""
        self._limits = self._all.share(max(1, workers))
        self._pace.rate, self._background_pace.rate = self._limits.rate, self._limits.background_rate
        self._let_go()

    async def close(self) -> None:
        """End the timer of requests that wait."""
        if self._later is not None:
            self._later.cancel()
            await asyncio.gather(self._later, return_exceptions=True)

    @asynccontextmanager
    async def turn(self, method: str, path: str, since: float) -> AsyncIterator[None]:
        """Wait until a request may be sent, and note how it ends. `since` is the time of its first attempt.

        Raises Paused if the server fails or asks to wait for longer than the patience.
        """
        background = await self._wait(method, path, since)
        try:
            yield
        except ForgejoError as error:
            self._failed(error)
            raise
        except BaseException:
            self._circuit.undecided()
            raise
        else:
            self._circuit.answered()
        finally:
            self._under_way -= 1
            self._under_way_background -= background
            self._let_go()

    async def _wait(self, method: str, path: str, since: float) -> bool:
        """Return whether the request is background work, once it may go."""
        self._sequence += 1
        goes = asyncio.get_running_loop().create_future()
        one = Asking(current().priority, self._sequence, since, method, path, goes)
        heapq.heappush(self._line, one)
        self._give_up()
        self._let_go()
        try:
            await goes
        except asyncio.CancelledError:
            if goes.done() and not goes.cancelled() and goes.exception() is None:
                self._circuit.undecided()
                self._under_way -= 1
                self._under_way_background -= one.background
                self._let_go()
            raise
        return one.background

    def _let_go(self) -> None:
        """Let all requests go that may, and come back when the next one may."""
        while self._line:
            one, now = self._line[0], self._clock()
            if one.goes.done():
                heapq.heappop(self._line)
                continue
            if wait := max(self.pause(), self._pace.wait(now), self._background_pace.wait(now) * one.background):
                self._come_back(wait)
                return
            if not self._free(one) or not self._circuit.lets(now):
                return
            heapq.heappop(self._line)
            self._go(one, now)

    def _free(self, one: Asking) -> bool:
        """Return whether there is a place for a request."""
        limits = self._limits
        pressing = self._under_way - self._under_way_background
        most = limits.background_beside if pressing else limits.background_concurrency
        if one.background and self._under_way_background >= most:
            return False
        return self._under_way < limits.concurrency

    def _go(self, one: Asking, now: float) -> None:
        self._under_way += 1
        self._under_way_background += one.background
        self._pace.went(now)
        if one.background:
            self._background_pace.went(now)
        self._circuit.went()
        one.goes.set_result(None)

    def _come_back(self, seconds: float) -> None:
        """Try again later, unless that is planned for an earlier time."""
        at = self._clock() + seconds
        if self._later is not None and not self._later.done():
            if self._later_at <= at:
                return
            self._later.cancel()
        self._later_at = at
        self._later = asyncio.ensure_future(self._after(seconds))

    async def _after(self, seconds: float) -> None:
        await self._sleep(seconds)
        self._later = None
        self._let_go()

    def _failed(self, error: ForgejoError) -> None:
        now, failing = self._clock(), self.failing
        if error.retry_after and (isinstance(error, RateLimited) or error.status == UNAVAILABLE):
            seconds = min(error.retry_after, LONGEST_RETRY_AFTER)
            if now + seconds > self._asked_to_wait:
                self._asked_to_wait = now + seconds
                log.warning("forgejo.asks-to-wait", seconds=seconds, status=error.status)
        self._circuit.failed(error, now)
        if self.pause() or failing:
            self._give_up()

    def _give_up(self) -> None:
        """End the wait of requests whose patience is shorter than the pause."""
        until = self._clock() + (pause := self.pause())
        if not pause:
            return
        for one in self._line:
            if until - one.since > self._limits.patience and not one.goes.done():
                one.goes.set_exception(Paused(one.method, one.path, pause))
