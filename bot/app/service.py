"""The server process: a receiver of deliveries and a worker that evaluates targets, together or one of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from enum import StrEnum

import structlog

from bot.app.health import Health
from bot.app.machine import Machine, now
from bot.app.receiver import Page, Receiver, health_port
from bot.app.receiver_thread import ReceiverThread
from bot.app.worker import Worker
from bot.config import ConfigError
from bot.git import GitError, installed_git
from bot.intake import take_note

log = structlog.get_logger(__name__)

SHARED_NEXT = (
    "each administrator of one repository can forge deliveries of all; remove ASSAY_SHARE_WEBHOOK_SECRET, restart, and "
    "run assay setup for each repository"
)


REFRESH = 60.0
NOT_SHARED = "only servers with PostgreSQL share the work; set ASSAY_DATABASE_URL, or run assay serve without --role"


class Role(StrEnum):
    """What a process does: receive deliveries, evaluate targets, or both."""

    WEB = "web"
    WORKER = "worker"
    BOTH = "both"


class Service:
    """The server: its two sides, and the health of both. The receiver has a thread and an event loop of its own."""

    def __init__(self, machine: Machine, clock: Callable[[], datetime] = now, role: Role = Role.BOTH) -> None:
        if role is not Role.BOTH and machine.store.dialect == "sqlite":
            raise ConfigError(NOT_SHARED)
        self._machine = machine
        self._role = role
        self._clock = clock
        self._arrived = asyncio.Event()
        self._sides: list[asyncio.Future[None]] = []
        self.health = Health(machine, receives_only=role is Role.WEB)
        self.worker = Worker(machine, clock)
        self.receiver = ReceiverThread(self._receiver, self.health.pages(), self._stored)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Run the sides of the role and yield the address; deliveries are accepted before a request to Forgejo.

        Raises ConfigError.
        """
        if self._role is not Role.WEB:
            await self._check_git()
        await self._check_secrets()
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self.health.stop)
            self._sides.append(asyncio.ensure_future(self._machine.engine.failed()))
            closing.callback(self._sides[0].cancel)
            if self._role is Role.WORKER:
                address = await closing.enter_async_context(self._health_port())
            else:
                address, receiving = await closing.enter_async_context(self.receiver.running())
                self._sides.append(receiving)
            if self._role is Role.WEB:
                self._machine.engine.every("webhook-secrets", REFRESH, self._take_note, in_each_process=True)
                self._sides.append(await closing.enter_async_context(self._calling()))
            else:
                self._sides.append(await closing.enter_async_context(self.worker.running()))
            yield address

    @asynccontextmanager
    async def _health_port(self) -> AsyncIterator[str]:
        settings = self._machine.settings
        host, number = settings.host, settings.port
        if settings.health_port is not None:
            host, number = settings.health_host, settings.health_port
        async with health_port(self.health.pages(), host, number) as address:
            log.info("listening", health=address)
            yield address

    @asynccontextmanager
    async def _calling(self) -> AsyncIterator[asyncio.Future[None]]:
        calling = asyncio.ensure_future(self._call_leader())
        try:
            yield calling
        finally:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)

    async def _call_leader(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await self._machine.engine.call_leader()

    def _stored(self) -> None:
        """Have new deliveries routed: here, or by the worker that leads."""
        if self._role is Role.BOTH:
            self.worker.wake()
        else:
            self._arrived.set()

    async def failed(self) -> None:
        """Return when a side has ended before its time, or raise the exception that ended it: never half a server."""
        done, _ = await asyncio.wait(self._sides, return_when=asyncio.FIRST_COMPLETED)
        for side in done:
            side.result()

    @asynccontextmanager
    async def _receiver(self, pages: Mapping[str, Page], on_stored: Callable[[], object]) -> AsyncIterator[Receiver]:
        """Open the receiver, in its thread: with connections to the database of its own."""
        machine, store = self._machine, self._machine.store.again()
        try:
            yield Receiver(
                machine.settings,
                store,
                secrets=machine.hook_secrets,
                metrics=machine.metrics,
                pages=pages,
                clock=self._clock,
                on_stored=on_stored,
            )
        finally:
            await store.close()

    async def _check_secrets(self) -> None:
        """Learn which repositories may still use a shared webhook secret, and warn that there is one."""
        secrets, settings = self._machine.hook_secrets, self._machine.settings
        await self._take_note()
        if settings.share_webhook_secret:
            log.warning("webhook-secret.shared-by-all", next=SHARED_NEXT)
        elif secrets.shared:
            place = settings.shared_secret_place()
            next_step = f"run assay setup for each repository of `assay webhooks list`, then remove {place} and restart"
            log.warning("webhook-secret.still-shared", next=next_step)

    async def _check_git(self) -> None:
        try:
            await installed_git()
        except GitError as fault:
            raise ConfigError(str(fault)) from None

    async def _take_note(self) -> None:
        await take_note(self._machine.store, self._machine.hook_secrets)
