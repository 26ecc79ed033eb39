"""What an engine is: it wakes the work on targets; the database says what is dirty."""

import abc
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.model import Target


@dataclass(frozen=True)
class Lease:
    """The right to work on one target, alone. `superseded` is set when a newer head makes the work pointless."""

    target: Target
    superseded: asyncio.Event = field(default_factory=asyncio.Event)


Work = Callable[[Lease], Awaitable[None]]
Failed = Callable[[Target, Exception], Awaitable[None]]
"""Called after work that failed with an exception, so that it is retried later and not immediately."""


class Engine(abc.ABC):
    """Runs the work for targets: never two of one target at once, bursts of one target as one."""

    @abc.abstractmethod
    async def start(self, work: Work, failed: Failed) -> None:
        """Begins to run `work` for each target submitted, and `failed` after each run that raised."""

    @abc.abstractmethod
    async def submit(
        self, target: Target, *, priority: int = 0, delay: float = 0.0, urgent: bool = False, spaced: bool = False
    ) -> None:
        """Asks for one run of a target, after `delay` seconds, lower `priority` first.

        `urgent` tells a run of the target that is under way that it is superseded. `spaced` lets the target rest
        after its last run for a multiple of the time that it took, so that a burst of deliveries becomes few runs.
        """

    @abc.abstractmethod
    async def cancel(self, target: Target) -> None:
        """Forgets what was asked for a target; a run under way goes on."""

    @abc.abstractmethod
    def every(self, name: str, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        """Runs a job on a schedule, first at once, never two of it at the same time."""

    @abc.abstractmethod
    async def idle(self) -> None:
        """Returns when nothing runs or waits for a worker; what is only due later isn't waited for."""

    @abc.abstractmethod
    async def stop(self) -> None:
        """Ends the workers; what they were doing is taken up again by the next sweep."""
