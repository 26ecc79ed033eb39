"""The working side of the server: connects to Forgejo, routes stored deliveries, and evaluates targets.

It reads deliveries from the database and needs no port, so that it can run alone.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.app.anchoring import anchor_ledger
from bot.app.health import RENEW
from bot.app.machine import Machine, now
from bot.app.operators import operator_problems
from bot.forgejo.errors import ForgejoError, Unauthorised, Unreachable
from bot.intake import Origins, route_pending, take_note
from bot.memory import trim
from bot.store import StoreError, deliveries, parking
from bot.store.housekeeping import Kept, prune
from bot.store.scheduling import due

log = structlog.get_logger(__name__)

CONNECT_AGAIN = 5.0
HOUR, DAY = 3600.0, 24 * 3600.0
SHARE = 10.0


def give_back() -> None:
    """Return freed memory to the operating system after startup, if the C library supports it.

    What is there then stays: a full collection, which stops all threads, no longer looks through it.
    """
    gc.collect()
    gc.freeze()
    trim()


class Worker:
    """The schedules, and the path from a stored delivery to an evaluation."""

    def __init__(self, machine: Machine, clock: Callable[[], datetime] = now) -> None:
        self._machine = machine
        self._clock = clock
        self._settings = machine.settings
        self._routing = asyncio.Lock()
        self._arrived = asyncio.Event()
        self._origins = Origins(machine.names, machine.store, clock)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Future[None]]:
        """Connect, then route and evaluate, until the end; yield a future that is only done if that fails."""
        work = asyncio.ensure_future(self._work())
        try:
            yield work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await self._machine.engine.stop()

    def wake(self) -> None:
        """Have new deliveries routed now; called on the worker's own event loop."""
        self._arrived.set()

    async def settled(self, seconds: float = 60.0) -> None:
        """Return once every delivery is routed and every target is evaluated; raise TimeoutError otherwise."""
        async with asyncio.timeout(seconds):
            while True:
                if await deliveries.count_waiting(self._machine.store):
                    await self.route()
                await self._machine.engine.idle()
                async with self._machine.store.read() as session:
                    waiting = await due.dirty(session, self._clock())
                if not waiting and not await deliveries.count_waiting(self._machine.store):
                    return
                if waiting:
                    await self._machine.resync.sweep()

    async def route(self) -> None:
        """Route new deliveries: mark targets dirty in the database, then wake the engine."""
        machine = self._machine
        if not machine.account.login:
            return
        async with self._routing:
            changed = await route_pending(machine.store, self._origins, machine.account.id, self._clock())
        for change in changed:
            await machine.engine.submit(change.target, priority=change.priority, urgent=change.urgent, spaced=True)

    async def catch_up(self) -> None:
        """List the targets changed since the last resync in every repository, and mark them dirty."""
        await self._machine.resync.recent()

    async def prune(self) -> None:
        """Delete what is older than the settings say, such as routed deliveries."""
        settings = self._settings
        kept = Kept(timedelta(days=settings.keep_deliveries_days), timedelta(days=settings.keep_snapshots_days))
        if any((deleted := await prune(self._machine.store, kept, self._clock())).values()):
            log.info("pruned", **deleted)

    async def _work(self) -> None:
        machine = self._machine
        await self._connect()
        machine.engine.lead(self._arrived.set)
        await machine.engine.start(machine.reconciler.run, machine.reconciler.failed)
        give_back()
        machine.engine.every("mirrors", HOUR, machine.mirrors.tidy, in_each_process=True)
        machine.engine.every("server", 60.0, self._refresh, in_each_process=True)
        machine.engine.every("share", SHARE, self._share, in_each_process=True)
        machine.engine.every("resync", 60.0, self.catch_up)
        machine.engine.every("listings", 60.0, machine.resync.listings)
        machine.engine.every("sweep", 60.0, self._sweep)
        machine.engine.every("backlog", 60.0, self._count, in_each_process=True)
        machine.engine.every("statuses", 60.0, machine.resync.relook)
        machine.engine.every("daily", 60.0, machine.resync.daily)
        machine.engine.every("prune", HOUR, self.prune)
        machine.engine.every("anchor", HOUR, self._anchor, in_each_process=True)
        machine.engine.every("operators", DAY, self._check_operators)
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            if not machine.engine.leads:
                await machine.engine.call_leader()
                continue
            try:
                await self.route()
            except (StoreError, SQLAlchemyError) as fault:
                # The sweep retries a minute later; an exception here would end all routing.
                log.warning("routing.failed", error=type(fault).__name__, next="check the database and free disk space")

    async def _connect(self) -> None:
        while True:
            try:
                login = await self._machine.account.ask()
                await self._machine.server.refresh()
            except Unauthorised as fault:
                log.warning("forgejo.token-rejected", error=str(fault), next=RENEW)
                await asyncio.sleep(CONNECT_AGAIN)
            except ForgejoError as fault:
                event = "forgejo.unreachable" if isinstance(fault, Unreachable) else "forgejo.refused"
                log.warning(event, error=str(fault), next="check ASSAY_FORGEJO_URL and the server")
                await asyncio.sleep(CONNECT_AGAIN)
            else:
                log.info("forgejo.connected", account=login, url=self._settings.forgejo_url)
                await self._check_operators()
                return

    async def _anchor(self) -> None:
        await anchor_ledger(self._machine.store, self._settings.anchors_file(), self._clock())

    async def _refresh(self) -> None:
        await take_note(self._machine.store, self._machine.hook_secrets)
        await self._machine.server.refresh()

    async def _share(self) -> None:
        """Use this process's part of the limits of requests to Forgejo: all processes ask the same server."""
        self._machine.client.politeness.share(await self._machine.engine.sharing())

    async def _check_operators(self) -> None:
        """Warn if nobody can decide; the server runs all the same, and `setup` says the same."""
        operators = self._settings.operators
        if not operators:
            log.warning("operators.none", next="set ASSAY_OPERATORS to the logins of those who decide")
        try:
            for problem in await operator_problems(self._machine.accounts, operators):
                log.warning("operators.unknown", problem=problem)
        except ForgejoError as fault:
            log.warning("operators.not-checked", error=str(fault))

    async def _sweep(self) -> None:
        await self.route()
        await self._machine.resync.sweep()

    async def _count(self) -> None:
        """Tell in each process how much waits in the database: whoever asks may ask any of them."""
        async with self._machine.store.read() as session:
            self._machine.metrics.dirty.set(await due.backlog(session))
            self._machine.metrics.parked.set(await parking.count(session))
