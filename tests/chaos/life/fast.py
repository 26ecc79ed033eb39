"""A loop whose time runs faster: all waits of bot, sandbox and script are shorter by one factor."""

import asyncio
import selectors
import time
from datetime import UTC, datetime, timedelta

SPEED = 10.0


class Selector(selectors.DefaultSelector):
    """Waits a fraction of what the loop asks for."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / SPEED if timeout else timeout)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop for a compressed life."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        super().__init__(Selector())

    def time(self) -> float:
        return self._begun + (time.monotonic() - self._begun) * SPEED


class Clock:
    """The time of day in a compressed life, which can be put forward."""

    def __init__(self) -> None:
        self._begun, self._real = datetime.now(UTC), time.monotonic()

    def __call__(self) -> datetime:
        return self._begun + timedelta(seconds=(time.monotonic() - self._real) * SPEED)

    def forward(self, by: timedelta) -> None:
        self._begun += by
