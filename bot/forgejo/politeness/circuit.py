"""A circuit breaker: after faults of different requests in a row, no request is sent for a while, and then one.

A fault is what tells of the server as a whole: no answer, 502, 503, 504. A 500, or a page where JSON was due, may be
the fault of one path: of those, faults in different repositories count. Any other answer shows that the server works.
"""

import re
from http import HTTPStatus

import structlog

from bot.forgejo.errors import ForgejoError, Malformed, Oversized, RateLimited, ServerFault, Unreachable
from bot.forgejo.politeness.limits import Limits

log = structlog.get_logger(__name__)

OF_SERVER = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)
_REPOSITORY = re.compile(r"/repos/[^/]+/[^/]+")


class Circuit:
    """Open while the server fails. Half open: one request at a time is sent, to see whether it works again."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._faults: set[str] = set()
        self._until: float | None = None
        self._pause = limits.first_pause
        self._probing = False

    @property
    def open(self) -> bool:
        """Return whether the server is taken to fail: open or half open."""
        return self._until is not None

    def wait(self, now: float) -> float:
        """Return the seconds until a request may be sent as a probe, 0 if it may be sent now."""
        return 0.0 if self._until is None else max(0.0, self._until - now)

    def lets(self, now: float) -> bool:
        """Return whether a request may be sent: all while closed, one at a time while half open."""
        return self._until is None or (self._until <= now and not self._probing)

    def went(self) -> None:
        """Note that a request is sent."""
        self._probing = self.open

    def undecided(self) -> None:
        """Note that a request ended without telling anything of the server, such as one that was cancelled."""
        self._probing = False

    def answered(self) -> None:
        """Note an answer: the server works."""
        self._faults.clear()
        self._probing = False
        if self.open:
            self._until, self._pause = None, self._limits.first_pause
            log.info("forgejo.works-again", next="requests are sent again")

    def failed(self, error: ForgejoError, now: float) -> None:
        """Note a failed request."""
        if (key := fault_of(error)) is None:
            self.answered()
            return
        probed, self._probing = self._probing, False
        if self.open and not probed:
            return  # sent before the circuit opened
        self._faults.add(key)
        if len(self._faults) >= self._limits.faults or (probed and of_server(error)):
            self._open(error, now)

    def _open(self, error: ForgejoError, now: float) -> None:
        pause, again = self._pause, self.open
        self._until, self._pause = now + pause, min(2 * pause, self._limits.longest_pause)
        self._faults.clear()
        if not again:
            next_step = "requests wait; check the server and the network"
            log.warning("forgejo.fails", error=str(error), probe_in_seconds=pause, next=next_step)


def of_server(error: ForgejoError) -> bool:
    """Return whether an error surely tells of the server as a whole, and not of one path."""
    return isinstance(error, Unreachable) or error.status in OF_SERVER


def fault_of(error: ForgejoError) -> str | None:
    """Return what a fault is counted as: once for each; None for an error that shows that the server works."""
    if isinstance(error, RateLimited | Oversized | Malformed) or not isinstance(error, ServerFault | Unreachable):
        return None
    if of_server(error):
        return f"{error.method} {error.path}"
    found = _REPOSITORY.match(error.path)
    return found[0] if found else error.path
