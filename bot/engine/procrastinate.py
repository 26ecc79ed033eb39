"""The engine of several processes that share one PostgreSQL: procrastinate's queue, its worker and its heartbeats.

A job only wakes a target; what is dirty stands in the database, and the sweep submits it again. So a job may be lost,
but two runs of one target never overlap: the queue's unique indexes see to that.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from bot.engine import statements
from bot.engine.engine import Engine, Failed, Lease, Work, attempt, perform
from bot.engine.folder import Folder
from bot.engine.jobs import AGAIN, DEAD, Jobs
from bot.engine.line import Line
from bot.engine.tasks import Tasks
from bot.model import Target
from bot.urgency import BACKGROUND, Urgency, working

log = structlog.get_logger(__name__)

HEARTBEAT = 5.0
"""How often a process says that it lives and looks for jobs of dead ones, in seconds."""
QUIET = 0.02
"""How often `idle` asks, in seconds."""
CONNECTIONS = 4
SLICE = 500
"""How many jobs one statement puts into the queue."""
QUEUES = (statements.PRESSING, statements.LATER)


def lock_of(target: Target) -> str:
    """Return what two jobs of one target share; the repository's name only stands for an id that isn't known."""
    return f"{target.repository_id or target.repository}{statements.SEPARATOR}{target.number}"


def _job(
    target: Target, priority: int, delay: float = 0.0, *, urgent: bool = False, spaced: bool = False
) -> dict[str, object]:
    """Return a submission as the statement takes it."""
    lock, rests = lock_of(target), spaced and not urgent
    return {
        "lock": lock,
        "queue": statements.LATER if priority >= BACKGROUND else statements.PRESSING,
        "priority": priority,
        "delay": delay,
        "spaced": rests,
        "args": {"target": target.model_dump(mode="json"), "priority": priority, "spaced": rests},
        "message": json.dumps({"lock": lock, "priority": priority, "urgent": urgent}),
    }


class ProcrastinateEngine(Engine):
    """Runs jobs of the shared queue, at most `workers` at once.

    `url` is libpq's, and `grace` how many seconds runs have to end when the process stops. `place` is a file of the
    process's data directory, by which the next process there knows what this one left.
    """

    def __init__(self, url: str, workers: int = 8, grace: float = 0.0, place: Path | None = None) -> None:
        self._count = workers
        self._grace = grace
        plans = {"options": statements.PLANS}
        connector = PsycopgConnector(conninfo=url, kwargs=plans, min_size=1, max_size=CONNECTIONS, timeout=DEAD / 2)
        self._folder = None if place is None else Folder(place)
        self._jobs = Jobs(connector, workers, self._lost, self._folder)
        self._app = App(connector=connector)
        self._app.job_manager = self._jobs
        self._app.task(name=statements.TASK, pass_context=True)(self._evaluate)
        channels = [f"procrastinate_queue_v1#{name}" for name in QUEUES]
        self._line = Line(url, [*channels, statements.ASKED, statements.LEADER, statements.CHANGED], self._heard)
        self._forget: list[Callable[[Target], None]] = []
        self._called: Callable[[], None] = lambda: None
        self._opening = asyncio.Lock()
        self._opened = False
        self._work: Work | None = None
        self._failed: Failed | None = None
        self._runs: dict[str, tuple[Lease, asyncio.Task[Any] | None]] = {}
        self._tasks = Tasks()
        self._working = Tasks(self._tasks.fault)
        logging.getLogger("procrastinate").setLevel(logging.WARNING)

    async def start(self, work: Work, failed: Failed) -> None:
        """Take part in the work. The first process of all runs every schedule at once."""
        self._work, self._failed = work, failed
        await self._open()
        await self._jobs.succeed()
        if not await self._jobs.living():
            await self._jobs.ask(statements.FORGET_SCHEDULES)
        self._tasks.keep(self._line.run())
        self._tasks.keep(self._tend())
        self._working.keep(self._worker())

    async def submit(
        self, target: Target, *, priority: int = 0, delay: float = 0.0, urgent: bool = False, spaced: bool = False
    ) -> None:
        """Put a job into the queue, or make the one that waits there more pressing; tell the process that runs it."""
        if urgent:
            self._asked(lock_of(target), priority, urgent=True)
        await self._put([_job(target, priority, delay, urgent=urgent, spaced=spaced)])

    async def submit_all(self, targets: Iterable[tuple[Target, int]]) -> None:
        """Put a job for each target with its priority, many in a statement."""
        jobs = {lock_of(target): _job(target, priority) for target, priority in targets}
        every = list(jobs.values())
        for start in range(0, len(every), SLICE):
            await self._put(every[start : start + SLICE])

    async def cancel(self, target: Target) -> None:
        """Take a target's job out of the queue. Raises ConnectorException."""
        await self._open()
        await self._jobs.ask(statements.CANCEL, lock=lock_of(target))

    def every(
        self, name: str, seconds: float, job: Callable[[], Awaitable[None]], *, in_each_process: bool = False
    ) -> None:
        """Run a job on a schedule here, or in the process that leads."""
        self._tasks.keep((self._here if in_each_process else self._in_turn)(name, seconds, job))

    async def idle(self) -> None:
        """Return when no process runs a job and none is due. Raises ConnectorException."""
        await self._open()
        while (await self._jobs.ask(statements.BUSY))[0]["busy"]:  # noqa: ASYNC110 - other processes run jobs too
            await asyncio.sleep(QUIET)

    @property
    def leads(self) -> bool:
        """Whether this process has the leadership."""
        return self._line.leads.is_set()

    def lead(self, called: Callable[[], None]) -> None:
        """Have `called` called while this process leads."""
        self._called = called

    async def call_leader(self) -> None:
        """Notify the process that leads; if that is lost, its next sweep finds what there is."""
        try:
            await self._open()
            await self._jobs.ask(statements.TELL, channel=statements.LEADER, message="")
        except ConnectorException as fault:
            log.warning("queue.leader-not-called", error=type(fault).__name__, next="the sweep finds it")

    def on_change(self, *forget: Callable[[Target], None]) -> None:
        """Keep whom to tell in this process."""
        self._forget.extend(forget)

    async def changed(self, target: Target) -> None:
        """Notify all processes; one that does not hear it remembers for some minutes what is old."""
        try:
            await self._open()
            await self._jobs.ask(statements.TELL, channel=statements.CHANGED, message=target.model_dump_json())
        except ConnectorException as fault:
            log.warning("queue.change-not-told", target=str(target), error=type(fault).__name__)

    async def sharing(self) -> int:
        """Return how many processes run jobs now. Raises ConnectorException."""
        await self._open()
        return max(1, await self._jobs.living())

    async def stop(self) -> None:
        """Take no more jobs, wait for those that run, hand back what has not ended in time, and leave the others."""
        await self._working.stop()
        await self._tasks.stop()
        await self._app.close_async()
        self._opened = False
        if self._folder is not None:
            self._folder.leave()

    async def _put(self, jobs: Sequence[Mapping[str, object]]) -> None:
        try:
            await self._open()
            await self._jobs.ask(statements.PUT, asked={"jobs": jobs})
        except ConnectorException as fault:
            log.warning("queue.wake-lost", jobs=len(jobs), error=type(fault).__name__, next="the sweep finds it")

    async def _open(self) -> None:
        if not self._opened:
            async with self._opening:
                await self._app.open_async()
                self._opened = True

    async def failed(self) -> None:
        """Wait until the worker, the heartbeat, the listener or a schedule fails, and raise its exception."""
        await self._tasks.failed()

    async def _worker(self) -> None:
        """Run procrastinate's worker. Its heartbeat would end with its stop, before its runs do: `_tend` sends it."""
        while True:
            worker = self._jobs.worker = Worker(
                self._app,
                queues=QUEUES,
                concurrency=self._count,
                shutdown_graceful_timeout=self._grace,
                install_signal_handlers=False,
                update_heartbeat_interval=float("inf"),
                stalled_worker_timeout=DEAD,
            )
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            except ConnectorException as fault:
                log.warning("queue.not-joined", error=type(fault).__name__, next="check the database")
            await asyncio.sleep(AGAIN)

    async def _evaluate(self, context: JobContext, /, *, target: dict[str, Any], priority: int, **_: object) -> None:
        if self._work is None or self._failed is None:
            return
        lock, job = context.job.lock or "", {"id": context.job.id, "worker": context.job.worker_id}

        async def held() -> bool:
            with suppress(ConnectorException):
                return bool(await self._jobs.ask(statements.HELD, **job))
            return False

        lease = Lease(Target.model_validate(target), urgency=Urgency(priority), held=held)
        self._runs[lock] = (lease, asyncio.current_task())
        try:
            with working(lease.urgency):
                await perform(self._work, self._failed, lease)
        finally:
            if self._runs.get(lock, (None,))[0] is lease:
                del self._runs[lock]

    async def _heard(self, channel: str, payload: str) -> None:
        try:
            match channel:
                case statements.ASKED:
                    message = json.loads(payload)
                    self._asked(message["lock"], message["priority"], urgent=message["urgent"])
                case statements.CHANGED:
                    target = Target.model_validate_json(payload)
                    for forget in self._forget:
                        forget(target)
                case _:
                    if channel in {"", statements.LEADER} and self.leads:
                        self._called()
                    await self._jobs.poke()
        except (ValueError, KeyError, TypeError) as fault:  # of another version; who listens no more is of no use
            log.warning("queue.message-not-understood", channel=channel, error=type(fault).__name__)

    def _asked(self, lock: str, priority: int, *, urgent: bool) -> None:
        """Tell the run of a target, if it is here, that somebody asked for the target meanwhile."""
        if lock in self._runs:
            lease, _ = self._runs[lock]
            lease.urgency.press(priority)
            if urgent:
                lease.superseded.set()

    def _lost(self) -> None:
        """End the runs that other processes have taken over."""
        for _, task in self._runs.values():
            if task is not None:
                task.cancel()

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            try:
                await self._jobs.tend()
                await self._jobs.ask(statements.FORGET_RESTS)
            except ConnectorException as fault:
                log.warning("queue.no-heartbeat", error=type(fault).__name__, next="check the database")

    async def _here(self, name: str, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            await attempt(name, job)
            await asyncio.sleep(seconds)

    async def _in_turn(self, name: str, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        """Run a job while this process leads. When it ran last stands in the database, for the next that leads."""
        while True:
            await self._line.leads.wait()
            try:
                [row] = await self._jobs.ask(statements.DUE, name=name, seconds=seconds)
                if row["seconds"]:
                    await asyncio.sleep(row["seconds"])
                elif self._line.leads.is_set():
                    await self._jobs.ask(statements.STARTED, name=name)
                    await self._line.while_leading(attempt(name, job))
            except ConnectorException as fault:
                log.warning("schedule.not-asked", job=name, error=type(fault).__name__)
                await asyncio.sleep(AGAIN)
