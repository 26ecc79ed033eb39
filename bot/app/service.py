"""The server process: a receiver of deliveries and a worker that evaluates targets, together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from bot.app.health import Health
from bot.app.machine import Machine, now
from bot.app.receiver import Page, Receiver
from bot.app.receiver_thread import ReceiverThread
from bot.app.worker import Worker
from bot.intake import take_note

log = structlog.get_logger(__name__)

SHARED_NEXT = (
    "each administrator of one repository can forge deliveries of all; remove ASSAY_SHARE_WEBHOOK_SECRET, restart, and "
    "run assay setup for each repository"
)


class Service:
    """The server: its two sides, and the health of both. The receiver has a thread and an event loop of its own."""

    def __init__(self, machine: Machine, clock: Callable[[], datetime] = now) -> None:
        self._machine = machine
        self._clock = clock
        self._sides: tuple[asyncio.Future[None], ...] = ()
        self.health = Health(machine)
        self.worker = Worker(machine, clock)
        self.receiver = ReceiverThread(self._receiver, self.health.pages(), self.worker.wake)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Run everything and yield the address; deliveries are accepted before the first request to Forgejo."""
        await self._check_secrets()
        async with self.receiver.running() as (address, receiving):
            try:
                async with self.worker.running() as working:
                    self._sides = (receiving, working)
                    yield address
            finally:
                await self.health.stop()

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
        await take_note(self._machine.store, secrets)
        if settings.share_webhook_secret:
            log.warning("webhook-secret.shared-by-all", next=SHARED_NEXT)
        elif secrets.shared:
            place = settings.shared_secret_place()
            next_step = f"run assay setup for each repository of `assay webhooks list`, then remove {place} and restart"
            log.warning("webhook-secret.still-shared", next=next_step)
