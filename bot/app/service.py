"""The server process: receives deliveries, reconciles targets, and serves health and metrics."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot.addresses import REACHED, local_address
from bot.app.health import RENEW, Health
from bot.app.machine import Machine, now
from bot.app.operators import operator_problems
from bot.config import ConfigError
from bot.forgejo.errors import ForgejoError, Unauthorised, Unreachable
from bot.intake import Inbox, Origins, add_webhook, route_pending, take_note
from bot.model import Envelope
from bot.port import Bodies, Port, PortLimits, TooFewFiles, open_files, port_limits, trim
from bot.store import StoreError, targets

log = structlog.get_logger(__name__)

CONNECT_AGAIN = 5.0
DAY = 24 * 3600.0
HEALTH_CONNECTIONS = 64
SHARED_NEXT = (
    "each administrator of one repository can forge deliveries of all; remove ASSAY_SHARE_WEBHOOK_SECRET, restart, and "
    "run assay setup for each repository"
)


def give_back() -> None:
    """Return freed memory to the operating system after startup, if the C library supports it."""
    gc.collect()
    trim()


class Service:
    """The server: its web application, its schedules, and the path from a delivery to an evaluation."""

    def __init__(self, machine: Machine, clock: Callable[[], datetime] = now) -> None:
        self._machine = machine
        self._clock = clock
        self._settings = machine.settings
        self._routing = asyncio.Lock()
        self._arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.inbox = Inbox(machine.store, max_backlog=machine.settings.max_backlog, on_stored=self._stored)
        self._origins = Origins(machine.names, machine.store, clock)
        self.health = Health(machine)
        self.health_address = ""
        self.bodies = Bodies(self._settings.bodies_bytes())
        self.app = self._application()

    @asynccontextmanager
    async def running(self, *, listen: bool = True) -> AsyncIterator[str]:
        """Run everything and yield the address; deliveries are accepted before the first request to Forgejo."""
        limits = self._limits()
        await self.inbox.start()
        await self._check_secrets()
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self.inbox.stop)
            address = await self._listen(limits, closing) if listen else ""
            closing.push_async_callback(self._end)
            self._keep(self._work())
            yield address

    def _limits(self) -> PortLimits:
        settings = self._settings
        try:
            return port_limits(settings.max_connections, settings.max_connections_per_address, open_files())
        except TooFewFiles as fault:
            raise ConfigError(str(fault)) from None

    async def _listen(self, limits: PortLimits, closing: AsyncExitStack) -> str:
        """Open the ports, and return the address for deliveries; health and metrics may have a port of their own."""
        settings, closed = self._settings, self._machine.metrics.connections_closed
        port = Port(self.app, limits, bodies=self.bodies, on_closed=lambda why: closed.labels(reason=why).inc())
        closing.push_async_callback(port.stop)
        number = await port.start(settings.host, settings.port)
        address = local_address(REACHED.get(settings.host, settings.host), number)
        self.health_address = await self._listen_for_health(closing) or address
        log.info("listening", address=address, health=self.health_address)
        return address

    async def _listen_for_health(self, closing: AsyncExitStack) -> str:
        host, wanted = self._settings.health_host, self._settings.health_port
        if wanted is None:
            return ""
        app = web.Application()
        self.health.add_to(app)
        port = Port(app, PortLimits(HEALTH_CONNECTIONS, HEALTH_CONNECTIONS))
        closing.push_async_callback(port.stop)
        return local_address(REACHED.get(host, host), await port.start(host, wanted))

    async def _end(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.health.stop()
        await self._machine.engine.stop()

    async def settled(self, seconds: float = 60.0) -> None:
        """Return once every delivery is routed and every target is evaluated; raise TimeoutError otherwise."""
        async with asyncio.timeout(seconds):
            while True:
                if self.inbox.backlog:
                    await self.route()
                await self._machine.engine.idle()
                async with self._machine.store.read() as session:
                    waiting = await targets.dirty(session, self._clock())
                if not waiting and not self.inbox.backlog:
                    return
                if waiting:
                    await self._machine.resync.sweep()

    async def route(self) -> None:
        """Route new deliveries: mark targets dirty in the database, then wake the engine."""
        machine = self._machine
        if not machine.account.login:
            return
        async with self._routing:
            changed = await route_pending(machine.store, self.inbox, self._origins, machine.account.id, self._clock())
        for change in changed:
            await machine.engine.submit(change.target, urgent=change.urgent, spaced=True)

    def _stored(self, _new: Sequence[Envelope]) -> None:
        self._arrived.set()

    def _keep(self, coroutine: Awaitable[None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        machine = self._machine
        await self._connect()
        await machine.engine.start(machine.reconciler.run, machine.reconciler.failed)
        give_back()
        machine.engine.every("mirrors", 3600.0, machine.mirrors.tidy)
        machine.engine.every("server", 60.0, self._refresh)
        machine.engine.every("resync", 60.0, self.catch_up)
        machine.engine.every("resync-all", DAY, machine.resync.everything)
        machine.engine.every("sweep", 60.0, self._sweep)
        machine.engine.every("reevaluate", 60.0, machine.resync.relook)
        machine.engine.every("prune", 3600.0, self._prune)
        machine.engine.every("operators", DAY, self._check_operators)
        while True:
            await self._arrived.wait()
            self._arrived.clear()
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

    async def _refresh(self) -> None:
        await take_note(self._machine.store, self._machine.hook_secrets)
        await self._machine.server.refresh()

    async def _check_secrets(self) -> None:
        """Learn which repositories may still use a shared webhook secret, and warn that there is one."""
        await take_note(self._machine.store, self._machine.hook_secrets)
        if self._settings.share_webhook_secret:
            log.warning("webhook-secret.shared-by-all", next=SHARED_NEXT)
        elif self._machine.hook_secrets.shared:
            place = self._settings.shared_secret_place()
            next_step = f"run assay setup for each repository of `assay webhooks list`, then remove {place} and restart"
            log.warning("webhook-secret.still-shared", next=next_step)

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

    async def catch_up(self) -> None:
        """List the targets changed since the last resync in every repository, and mark them dirty."""
        await self._machine.resync.recent()

    async def _sweep(self) -> None:
        await self.route()
        await self._machine.resync.sweep()
        async with self._machine.store.read() as session:
            self._machine.metrics.dirty.set(await targets.backlog(session))

    async def _prune(self) -> None:
        await self.inbox.prune(self._clock() - timedelta(days=self._settings.keep_deliveries_days))

    def _application(self) -> web.Application:
        app = web.Application()
        add_webhook(
            app,
            self.inbox,
            secrets=self._machine.hook_secrets,
            witness_key=self._settings.installation_key(),
            limit=self._settings.max_body_bytes,
            clock=self._clock,
            bodies=self.bodies,
            on_result=lambda result: self._machine.metrics.deliveries.labels(result=result).inc(),
        )
        if self._settings.health_port is None:
            self.health.add_to(app)
        return app
