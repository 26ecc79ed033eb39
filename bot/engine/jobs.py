"""What one process does with the shared queue: takes jobs, ends them, hands them back, takes over those of the dead.

Procrastinate's worker calls it in the place of its own job manager, which differs in four things. A job is taken with
regard to what the process runs already. What follows a run of the same target is told at once, and not found at the
next poll. An error of the database ends no worker. And a heartbeat that finds its worker declared dead says so.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback
from procrastinate.worker import Worker

from bot.engine import statements
from bot.engine.engine import rest_after
from bot.engine.folder import Folder
from bot.engine.shares import Shares
from bot.urgency import AWAITED

log = structlog.get_logger(__name__)

DEAD = 20.0
"""A process whose heartbeat is older than this is dead: its jobs are run by others."""
POLL = 5.0
"""How often the queue is asked when nobody tells of a job, in seconds."""
AGAIN = 1.0
SOONEST = 0.01


@dataclass(frozen=True)
class _Running:
    lock: str
    queue: str
    since: float
    awaited: bool


class Jobs(JobManager):
    """The jobs of one process, at most `slots` at once. `lost` is called when others have taken them over.

    `folder` tells which worker the process was that had its data directory before.
    """

    connector: PsycopgConnector

    def __init__(
        self, connector: PsycopgConnector, slots: int, lost: Callable[[], None], folder: Folder | None = None
    ) -> None:
        super().__init__(connector)
        self.worker: Worker | None = None
        self._shares = Shares(slots)
        self._lost = lost
        self._folder = folder
        self._database = ""
        self._id: int | None = None
        self._running: dict[int, _Running] = {}
        self._taking = asyncio.Lock()
        self._news = 0
        self._tell: NotificationCallback | None = None

    async def poke(self) -> None:
        """Have the worker look for a job at once."""
        self._news += 1
        if self._tell is not None:
            await self._tell(channel="", notification={"type": "job_inserted", "job_id": 0})

    async def listen_for_jobs(
        self,
        *,
        on_notification: NotificationCallback,
        queues: Iterable[str] | None = None,  # noqa: ARG002 - procrastinate's signature
    ) -> None:
        """Keep how to tell the worker; the process listens on a connection of its own."""
        self._tell = on_notification

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:  # noqa: ARG002 - as above
        """Return none: a run is superseded by its lease, which never ends it in the middle of a write."""
        return ()

    async def succeed(self) -> None:
        """Put what the last process of the data directory was running back into the queue. Raises ConnectorException.

        A folder that cannot be written only costs time: others find the old heartbeat.
        """
        if self._folder is None or self._database:
            return
        self._database = (await self.ask(statements.DATABASE))[0]["name"]
        try:
            before = self._folder.take(self._database)
        except OSError as fault:
            log.warning("queue.folder-not-used", error=type(fault).__name__, next="check the data directory")
            return
        if before is not None and (taken := await self.ask(statements.SUCCEED, worker=before)):
            log.info("queue.taken-up-again", jobs=len(taken))

    async def register_worker(self) -> int:
        """Enter this process as a worker. Raises ConnectorException."""
        self._id = await super().register_worker()
        if self._folder is not None:
            try:
                self._folder.keep(self._database, self._id)
            except OSError as fault:
                log.warning("queue.folder-not-used", error=type(fault).__name__, next="check the data directory")
        return self._id

    async def unregister_worker(self, worker_id: int) -> None:  # noqa: ARG002 - the worker may have a new id
        """Take this process out of the workers, if the database can be reached."""
        try:
            if self._id is not None:
                await super().unregister_worker(self._id)
        except ConnectorException as fault:
            log.warning("queue.not-left", error=type(fault).__name__)
        self._id = None

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:  # noqa: ARG002 - as above
        """Take the job that is due first, or return None and let the worker wait until one may be due."""
        async with self._taking:
            pause = 0.0
            while not pause:
                seen = self._news
                try:
                    if (job := await self._take()) is not None:
                        return job
                    soon = await self._pause()  # before it is asked once more: what falls due in between is taken
                    if (job := await self._take()) is not None:
                        return job
                    pause = soon if seen == self._news else 0.0
                except ConnectorException as fault:
                    log.warning("queue.not-reached", error=type(fault).__name__, next="check the database")
                    pause = AGAIN
            if self.worker is not None:
                self.worker.fetch_job_polling_interval = pause
            return None

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002 - as above
        """Delete a job that ran, and let its target rest; hand back one that was ended before."""
        known = self._running[job.id or 0]
        rest = rest_after(asyncio.get_running_loop().time() - known.since)
        try:
            if status is Status.ABORTED:
                await self.ask(statements.HAND_BACK, ids=[job.id], worker=job.worker_id)
            else:
                await self.ask(statements.FINISH, id=job.id, worker=job.worker_id, rest=rest)
        except ConnectorException as fault:
            log.warning("queue.job-not-ended", error=type(fault).__name__)  # `tend` hands it back
        finally:
            del self._running[job.id or 0]
            await self.poke()

    async def tend(self) -> None:
        """Send the heartbeat, and take over what dead processes ran. Raises ConnectorException."""
        if self._id is None:
            return
        if not await self.ask(statements.HEARTBEAT, worker=self._id):
            log.error("queue.declared-dead", next="the machine or the database stood still; its runs begin again")
            self._lost()
            await self.register_worker()
        orphans = await self._hand_back_orphans()
        if taken := await self.ask(statements.TAKE_OVER, dead=DEAD):
            log.warning("queue.taken-over", jobs=len(taken))
        if orphans or taken:
            await self.poke()

    async def living(self) -> int:
        """Return how many processes run jobs. Raises ConnectorException."""
        [row] = await self.ask(statements.LIVING, dead=DEAD)
        return int(row["living"])

    async def _hand_back_orphans(self) -> int:
        """Hand back jobs that this process has and does not run: an answer of the database was lost."""
        async with self._taking:
            mine = [row["id"] for row in await self.ask(statements.MINE, worker=self._id)]
            if orphans := [one for one in mine if one not in self._running]:
                await self.ask(statements.HAND_BACK, ids=orphans, worker=self._id)
        return len(orphans)

    async def _take(self) -> Job | None:
        """Take the job that is first of those that may have a slot."""
        counts = Counter(one.lock.partition(statements.SEPARATOR)[0] for one in self._running.values())
        asked: tuple[str, list[str]] = ("", [])
        for statement, most in self._tries():
            busy = [name for name, count in counts.items() if count >= most]
            # What somebody waits for is a part of all others: with the same repositories left out there is none.
            if not asked[0] or busy != asked[1] or statement not in (asked[0], statements.TAKE_AWAITED):
                asked = statement, busy
                for row in await self.ask(statement, busy=busy, worker=self._id):
                    since, awaited = asyncio.get_running_loop().time(), row["args"].get("priority") == AWAITED
                    self._running[row["id"]] = _Running(row["lock"], row["queue_name"], since, awaited)
                    return Job.from_row(row)
        return None

    def _tries(self) -> list[tuple[str, int]]:
        """Return the statements to try, each with how many jobs of one repository may run."""
        shares, running = self._shares, self._running.values()
        later = sum(one.queue == statements.LATER for one in running)
        most, most_awaited = (
            [shares.repository(others_wait=wait, awaited=awaited) for wait in (True, False)]
            for awaited in (False, True)
        )
        awaited = [(statements.TAKE_AWAITED, one) for one in most_awaited]
        if sum(not one.awaited for one in running) >= shares.pressing:
            return awaited
        pressing = statements.TAKE_PRESSING
        allowed = statements.TAKE if later < shares.background else pressing
        tries = [(pressing, most[0])] if later >= shares.old else []
        tries += [(allowed, one) for one in most]
        return tries + awaited

    async def _pause(self) -> float:
        [row] = await self.ask(statements.NEXT)
        return POLL if row["seconds"] is None else min(max(row["seconds"], SOONEST), POLL)

    async def ask(self, statement: Any, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a statement. Raises ConnectorException."""
        rows: list[dict[str, Any]] = await self.connector.execute_query_all_async(statement, **values)
        return rows
