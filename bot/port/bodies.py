"""Reads bodies within one budget of bytes for all connections together.

Bodies of the usual size are not charged: the number of connections bounds them. Small ones have a part of the budget of
their own, so that large ones cannot keep them out. Bytes are charged when they arrive, not when they are announced. If
the budget is used up, a body of which nothing has come for the longest time is refused first: an honest sender needs
milliseconds.
"""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

BODY_SECONDS = 10.0
"""Forgejo gives up after five seconds by default."""
FREE = 64 * 1024
"""Bytes of an announced body up to which it is not charged; Forgejo's usual deliveries have 10 to 20 KiB."""
SMALL = 256 * 1024
STALE_SECONDS = 1.0
FLOOD = 8 * 1024 * 1024
"""Bytes in use at once after which memory is given back."""


class BodyTooLarge(Exception):
    """The body exceeds the maximum size of one."""


class BodyNoRoom(Exception):
    """The budget of all bodies is used up."""


class BodyLate(Exception):
    """The body was not complete in time."""


class BodyIncomplete(Exception):
    """The connection ended within the body, or the body cannot be decoded."""


@dataclass
class _Lane:
    """A part of the budget, and the readings that have bytes in it, the last that got some at the end."""

    budget: int
    used: int = 0
    readings: "dict[Reading, None]" = field(default_factory=dict)

    def make_room(self, more: int, than: "Reading") -> None:
        """Raise BodyNoRoom unless the bytes fit, possibly after stale readings were refused."""
        for reading in list(self.readings):
            if self.used + more <= self.budget:
                return
            if reading is not than and reading.stale(than.now()):
                reading.refuse()
        if self.used + more > self.budget:
            raise BodyNoRoom


class Bodies:
    """The budget. `total` is in bytes; what is copied while a body is checked is not counted in it."""

    def __init__(self, total: int, *, stale_seconds: float = STALE_SECONDS) -> None:
        self.small = _Lane(total // 4)
        self.large = _Lane(total - total // 4)
        self.small_most = min(SMALL, self.small.budget)
        self.stale_seconds = stale_seconds
        self._peak = 0

    @property
    def used(self) -> int:
        """Return the bytes in use."""
        return self.small.used + self.large.used

    def reading(self, announced: int | None) -> "Reading":
        """Return a new reading of a body with this `Content-Length`; it must be released."""
        return Reading(self, announced)

    def lane(self, announced: int | None, size: int) -> _Lane | None:
        """Return the lane of a body that has this size so far; None if it is not charged.

        A chunked body announces nothing.
        """
        if announced is None or announced > SMALL or size > self.small_most:
            return self.large
        return self.small if max(announced, size) > FREE else None

    def saw(self) -> None:
        """Note the use of the budget."""
        self._peak = max(self._peak, self.used)

    def flood_is_over(self) -> bool:
        """Return True once after large bodies were in use and no longer are."""
        over = self._peak > FLOOD and not self.used
        if over:
            self._peak = 0
        return over


class Reading:
    """One body that arrives: its bytes count until `release`, since they are checked after they are complete."""

    def __init__(self, bodies: Bodies, announced: int | None) -> None:
        self._bodies = bodies
        self._announced = announced
        self._lane: _Lane | None = None
        self._size = 0
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._deadline: asyncio.Timeout | None = None
        self._refused = False

    def now(self) -> float:
        """Return the loop's time."""
        return self._loop.time()

    def stale(self, now: float) -> bool:
        """Return whether the body still arrives, and for longer than an honest sender needs."""
        return self._deadline is not None and now - self._begun > self._bodies.stale_seconds

    def refuse(self) -> None:
        """End the reading: others need its bytes."""
        self._refused = True
        if self._deadline is not None:
            self._deadline.reschedule(self._loop.time())
        self.release()

    async def read(self, request: web.Request, limit: int) -> bytes:
        """Return the body. Its size is counted while reading: a chunked body does not announce it.

        Raises BodyTooLarge for more than `limit` bytes, BodyNoRoom, BodyLate and BodyIncomplete.
        """
        try:
            async with asyncio.timeout(BODY_SECONDS) as self._deadline:
                return await self._pieces(request, limit)
        except TimeoutError:
            if self._refused:
                raise BodyNoRoom from None
            raise BodyLate from None
        except (web.RequestPayloadError, HttpProcessingError, ConnectionError):
            raise BodyIncomplete from None
        finally:
            self._deadline = None

    async def _pieces(self, request: web.Request, limit: int) -> bytes:
        pieces: list[bytes] = []
        while piece := await request.content.readany():
            if self._size + len(piece) > limit:
                raise BodyTooLarge
            self._charge(len(piece))
            pieces.append(piece)
        return b"".join(pieces)

    def _charge(self, more: int) -> None:
        if self._refused:
            raise BodyNoRoom
        size = self._size + more
        lane = self._bodies.lane(self._announced, size)
        if lane is not None:
            lane.make_room(more if lane is self._lane else size, self)
        self.release()
        self._lane, self._size = lane, size
        if lane is not None:
            lane.used += size
            lane.readings[self] = None
            self._bodies.saw()

    def release(self) -> None:
        """Give the bytes back."""
        if self._lane is not None:
            self._lane.used -= self._size
            self._lane.readings.pop(self, None)
        self._lane, self._size = None, 0
