"""How the client behaves: limits, waits, repeated attempts, and the clock and chance that tests put in."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from bot.forgejo.errors import ForgejoError, RateLimited, Unreachable
from bot.forgejo.politeness import DEFAULT, Limits
from bot.network import DIRECT, Network

IDEMPOTENT = frozenset({"GET", "PUT", "PATCH", "DELETE"})
REDIRECT, FAULT = 300, 500
_noted: ContextVar[list[str] | None] = ContextVar("unanswered", default=None)


@dataclass(frozen=True)
class Options:
    """Limits of the client; times in seconds, sizes in bytes.

    `total_timeout` bounds one attempt as a whole, since a server that sends a byte now and then never trips
    `read_timeout`. No new attempt begins later than `patience` after the first.
    """

    limits: Limits = DEFAULT
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    total_timeout: float = 120.0
    body_limit: int = 64 << 20
    pages_limit: int = 2000
    attempts: int = 4
    patience: float = 60.0
    first_wait: float = 0.25
    longest_wait: float = 10.0
    network: Network = DIRECT
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def wait(self, error: ForgejoError, attempt: int, elapsed: float) -> float | None:
        """Gives the seconds to wait before attempt `attempt + 1`, None where there shall be none.

        The wait doubles from attempt to attempt, less up to half of it by chance; a `Retry-After` is never undercut.
        """
        if attempt >= self.attempts or not error.repeatable:
            return None
        wait = min(self.longest_wait, self.first_wait * 2 ** (attempt - 1)) * (1 - self.chance() / 2)
        wait = max(wait, error.retry_after or 0.0)
        return wait if elapsed + wait <= self.patience else None


def harmless(method: str, error: ForgejoError, *, repeat: bool) -> bool:
    """Return whether a call may be repeated: it is idempotent, declared repeatable, or certainly had no effect.

    A call has no effect if it did not arrive, or got 429 Too Many Requests (RFC 6585, section 4).
    """
    undone = isinstance(error, RateLimited) or (isinstance(error, Unreachable) and not error.sent)
    return repeat or method in IDEMPOTENT or undone


@contextmanager
def noting_unanswered() -> Iterator[list[str]]:
    """Give the paths of the writes in the block, and in tasks that it starts, of which an attempt was not answered.

    Such an attempt may have its effect much later, after a repeated one was answered.
    """
    paths: list[str] = []
    before = _noted.set(paths)
    try:
        yield paths
    finally:
        _noted.reset(before)


def note_unanswered(method: str, error: ForgejoError) -> None:
    """Note a failed attempt of a write if it may still have an effect.

    What a proxy says is no answer of the server, be it an error or a page.
    """
    paths = _noted.get()
    may_arrive = error.sent if isinstance(error, Unreachable) else error.status >= FAULT or error.status < REDIRECT
    if paths is not None and method != "GET" and may_arrive:
        paths.append(error.path)
