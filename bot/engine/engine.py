"""What an engine is: it wakes the work on targets; the database says what is dirty."""

import abc
import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import structlog

from bot.model import Target
from bot.urgency import Urgency

log = structlog.get_logger(__name__)

REST = 24.0
"""A target rests for this multiple of its last run before a spaced run: the loop's time is for deliveries first."""
LONGEST_REST = 10.0


def rest_after(seconds: float) -> float:
    """Return how long a target rests after a run of so many seconds."""
    return min(REST * seconds, LONGEST_REST)


async def _always() -> bool:
    return True


@dataclass(frozen=True)
class Lease:
    """The right to work on one target, alone. `superseded` is set when a newer head makes the work pointless.

    `urgency` is the priority with which the work was asked for; it falls when somebody asks for it more pressingly.
    `held` says whether the right still stands: of a process that stood still, others have taken it over.
    """

    target: Target
    superseded: asyncio.Event = field(default_factory=asyncio.Event)
    urgency: Urgency = field(default_factory=Urgency)
    held: Callable[[], Awaitable[bool]] = _always


Work = Callable[[Lease], Awaitable[None]]
Failed = Callable[[Target, Exception], Awaitable[None]]
"""Called after work that failed with an exception, so that it is retried later and not immediately."""


async def perform(work: Work, failed: Failed, lease: Lease) -> None:
    """Run the work of one target and report its failure: a target that fails must not take the others with it."""
    try:
        await work(lease)
    except Exception as fault:  # the workers' loop
        log.exception("work.failed", target=str(lease.target))
        try:
            await failed(lease.target, fault)
        except Exception:  # such as without a database; the next sweep finds the target
            log.exception("failure.not-recorded", target=str(lease.target))


async def attempt(name: str, job: Callable[[], Awaitable[None]]) -> None:
    """Run the job of a schedule, which outlives one failing run."""
    try:
        await job()
    except Exception:  # the schedule's loop
        log.exception("schedule.failed", job=name)


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

    async def submit_all(self, targets: Iterable[tuple[Target, int]]) -> None:
        """Asks for one run of each target with its priority."""
        for target, priority in targets:
            await self.submit(target, priority=priority)

    @abc.abstractmethod
    async def cancel(self, target: Target) -> None:
        """Forgets what was asked for a target; a run under way goes on."""

    @abc.abstractmethod
    def every(
        self, name: str, seconds: float, job: Callable[[], Awaitable[None]], *, in_each_process: bool = False
    ) -> None:
        """Runs a job on a schedule, first at once, never two of it at the same time.

        Of several processes that share the work one runs it, unless it is to run in each of them.
        """

    @abc.abstractmethod
    async def idle(self) -> None:
        """Returns when nothing runs or waits for a worker; what is only due later isn't waited for."""

    @abc.abstractmethod
    async def failed(self) -> None:
        """Waits until a part of the engine ends in an unforeseen way, and raises its exception."""

    @abc.abstractmethod
    async def stop(self) -> None:
        """Begins no more work, lets what runs end within the engine's limit, and then ends it.

        What was ended is taken up again by another process or by the next sweep.
        """

    @property
    @abc.abstractmethod
    def leads(self) -> bool:
        """Whether this process does what one of those that share the work has to do, such as routing."""

    @abc.abstractmethod
    def lead(self, called: Callable[[], None]) -> None:
        """Has `called` called in the process that leads, when it begins to lead and after each `call_leader`."""

    @abc.abstractmethod
    async def call_leader(self) -> None:
        """Tells the process that leads, if it is another one, that there is something for it in the database."""

    @abc.abstractmethod
    def on_change(self, *forget: Callable[[Target], None]) -> None:
        """Has `forget` called for each target of which another process tells by `changed`."""

    @abc.abstractmethod
    async def changed(self, target: Target) -> None:
        """Tells other processes that a target was closed, merged or opened again: what they remember of it is old."""

    @abc.abstractmethod
    async def sharing(self) -> int:
        """Returns how many processes share the work, this one included."""
