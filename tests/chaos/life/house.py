"""Where the bot of a life lives: in this process, started and ended again and again on one data directory."""

import asyncio
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from bot.app import Machine, Service, assemble
from bot.config import Settings
from bot.engine import Lease
from bot.intake import HookSecrets, Signer
from bot.model import SignerKind
from bot.reconcile import Reconciler
from bot.sandbox import Sandbox
from bot.sandbox.world import REPOSITORY, settings_for
from bot.store import Store
from bot.store.scheduling import due
from tests.stories.server import RULES

KEY = "installation.key"


class House(Protocol):
    """A way to run the bot."""

    settings: Settings

    @property
    def evaluated(self) -> int:
        """How many evaluations there were, in bots that have ended."""

    @property
    def overlaps(self) -> int:
        """How many of them began before an earlier one of their target had ended."""

    async def start(self) -> None:
        """Start it, and return when it hears deliveries."""

    async def trouble(self) -> str:
        """Let something happen to the bot, and give its name; it runs afterwards."""

    async def settle(self) -> None:
        """Return when what was heard is dealt with."""

    async def rest(self) -> None:
        """Return when every target has been looked at again, and nothing is left to do."""

    async def store(self) -> Store:
        """Give its database."""

    async def ended(self) -> None:
        """End the bot. Its database can be read until the house is closed."""

    async def close(self) -> None:
        """End it for good."""


@dataclass
class Watched:
    """A reconciler that counts looks at one target that overlap."""

    inner: Reconciler
    evaluated: int = 0
    overlaps: int = 0
    busy: set[str] = field(default_factory=set)

    async def run(self, lease: Lease) -> None:
        key = str(lease.target)
        self.evaluated += 1
        self.overlaps += key in self.busy
        self.busy.add(key)
        try:
            await self.inner.run(lease)
        finally:
            self.busy.discard(key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class HereHouse:
    """The bot in this process and loop; it ends by being cancelled."""

    def __init__(
        self, root: Path, sandbox: Sandbox, token: str, clock: Callable[[], datetime], chance: random.Random
    ) -> None:
        self.settings = settings_for(root, sandbox, token, rules_cache_dir=RULES, keep_deliveries_days=365)
        self._chance = chance
        share_key(self.settings)
        self.evaluated = self.overlaps = 0
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._service: Service | None = None

    async def start(self) -> None:
        ready = asyncio.Event()
        self._task = asyncio.create_task(self._live(ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done():
            await self._task

    async def _live(self, ready: asyncio.Event) -> None:
        async with assemble(self.settings, self._clock) as machine:
            watched = Watched(machine.reconciler)
            self._service = Service(replace(machine, reconciler=cast("Reconciler", watched)), self._clock)
            try:
                async with self._service.running():
                    ready.set()
                    await asyncio.Event().wait()
            finally:
                self.evaluated += watched.evaluated
                self.overlaps += watched.overlaps

    async def trouble(self) -> str:
        await self.close()
        await asyncio.sleep(self._chance.choice((0.0, 0.0, 2.0)))
        await self.start()
        return "the bot ends"

    async def close(self) -> None:
        await self.ended()

    async def ended(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._task = self._service = None

    async def store(self) -> Store:
        return self.machine.store

    @property
    def machine(self) -> Machine:
        assert self._service is not None
        return self._service._machine

    async def settle(self) -> None:
        """Return when what was heard is dealt with."""
        assert self._service is not None
        await self._service.worker.settled(600)

    async def rest(self) -> None:
        """Return when every target has been looked at again, and nothing is left to do."""
        machine, service = self.machine, self._service
        assert service is not None
        await machine.account.known.wait()
        await service.worker.settled(600)
        await machine.resync.recent()
        await machine.resync.listings()
        await machine.resync.relook()
        await service.worker.settled(600)
        while await self._daily():
            await service.worker.settled(600)

    async def _daily(self) -> bool:
        """Do a round of the daily evaluations; say whether there was something to do."""
        machine = self.machine
        async with machine.store.read() as session:
            waiting = await due.daily(session, self._clock())
        await machine.resync.daily()
        return bool(waiting)


def share_key(settings: Settings) -> None:
    """Give all lives of a script one key: findings are in the order of their fingerprints, which depend on it."""
    here, shared = settings.data_dir, settings.data_dir.parents[1] / KEY
    if shared.exists():
        here.mkdir(mode=0o700)
        shutil.copy(shared, here / KEY)
    settings.installation_key()
    shutil.copy(here / KEY, shared)


def hook_of(settings: Settings, sandbox: Sandbox) -> dict[str, Any]:
    """The webhook as `assay setup` makes it."""
    signer = Signer(SignerKind.REPOSITORY, sandbox.repository_id(REPOSITORY))
    secret = HookSecrets(settings.installation_key()).secret(signer).decode()
    address = f"http://127.0.0.1:{settings.port}/webhooks/forgejo?{signer.query}"
    events = ["push", "pull_request", "pull_request_comment", "issues", "issue_comment"]
    config = {"url": address, "content_type": "json", "secret": secret}
    return {"type": sandbox.server.hook_types[0], "active": True, "events": events, "config": config}
