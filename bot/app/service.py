"""The server process: a receiver of deliveries and a worker that evaluates targets, together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from bot.app.health import Health
from bot.app.machine import Machine, now
from bot.app.receiver import Receiver
from bot.app.worker import Worker
from bot.intake import take_note

log = structlog.get_logger(__name__)

SHARED_NEXT = (
    "each administrator of one repository can forge deliveries of all; remove ASSAY_SHARE_WEBHOOK_SECRET, restart, and "
    "run assay setup for each repository"
)


class Service:
    """The server: its two sides, and the health of both."""

    def __init__(self, machine: Machine, clock: Callable[[], datetime] = now) -> None:
        self._machine = machine
        self.health = Health(machine)
        self.worker = Worker(machine, clock)
        self.receiver = Receiver(
            machine.settings,
            machine.store,
            secrets=machine.hook_secrets,
            metrics=machine.metrics,
            pages=self.health,
            clock=clock,
            on_stored=self.worker.wake,
        )

    @asynccontextmanager
    async def running(self, *, listen: bool = True) -> AsyncIterator[str]:
        """Run everything and yield the address; deliveries are accepted before the first request to Forgejo."""
        await self._check_secrets()
        async with self.receiver.running(listen=listen) as address:
            try:
                async with self.worker.running():
                    yield address
            finally:
                await self.health.stop()

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
