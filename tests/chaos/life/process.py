"""The bot of a life as a process of its own: killed, terminated, without disk, files or database for a while."""

import asyncio
import os
import random
import resource
import signal
import sys
from pathlib import Path

import httpx
from sqlalchemy import func, select, text, update

from bot.sandbox import Sandbox
from bot.sandbox.world import settings_for
from bot.store import Store, open_store
from bot.store.scheduling import due
from bot.store.tables import Delivery, Repository, TargetRow
from tests.chaos.life.house import share_key
from tests.stories.server import RULES

START_SECONDS = 60.0
REST_SECONDS = 90.0
QUIET_SECONDS = 1.0
ENDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)


class ProcessHouse:
    """`assay serve` with its settings in the environment."""

    overlaps = 0

    def __init__(self, root: Path, sandbox: Sandbox, token: str, chance: random.Random, database_url: str = "") -> None:
        self.settings = settings_for(root, sandbox, token, rules_cache_dir=RULES, database_url=database_url)
        share_key(self.settings)
        self.root = root
        self._sandbox = sandbox
        self._chance = chance
        self._process: asyncio.subprocess.Process | None = None
        self._store: Store | None = None
        clean = {key: value for key, value in os.environ.items() if not key.startswith("ASSAY_")}
        self._environment = clean | {
            "ASSAY_FORGEJO_URL": sandbox.url,
            "ASSAY_TOKEN": token,
            "ASSAY_DATA_DIR": str(self.settings.data_dir),
            "ASSAY_RULES_CACHE_DIR": str(RULES),
            "ASSAY_OPERATORS": ",".join(self.settings.operators),
            "ASSAY_PORT": str(self.settings.port),
            **({"ASSAY_DATABASE_URL": database_url} if database_url else {}),
        }

    async def start(self) -> None:
        with (self.root / "serve.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.cli", "serve", env=self._environment, stdout=log, stderr=log, cwd=self.root
            )
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
            while True:
                assert self._process.returncode is None, (self.root / "serve.log").read_text()[-2000:]
                try:
                    if (await client.get(f"http://127.0.0.1:{self.settings.port}/healthz")).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.02)

    async def close(self) -> None:
        await self._ended(signal.SIGTERM)
        if self._store is not None:
            await self._store.close()

    async def _ended(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.wait()

    async def trouble(self) -> str:
        """Something that happens to the process or to what it stands on; gives its name."""
        troubles = {"end": self._end, "the disk is full": self._full, "no files are left": self._no_files}
        if self.settings.database_url:
            troubles["the database's connections break"] = self._cut
        name = self._chance.choice(["end", *troubles])
        return await troubles[name]() or name

    async def _end(self) -> str:
        how = self._chance.choice(ENDS)
        await self._ended(how)
        await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.5)))
        await self.start()
        return f"the bot gets {how.name}"

    async def _full(self) -> str:
        await self._limited(resource.RLIMIT_FSIZE, 4096)
        return ""

    async def _no_files(self) -> str:
        assert self._process is not None
        used = len(list(await asyncio.to_thread(os.listdir, f"/proc/{self._process.pid}/fd")))
        await self._limited(resource.RLIMIT_NOFILE, used)
        return ""

    async def _limited(self, what: int, limit: int) -> None:
        assert self._process is not None
        before = resource.prlimit(self._process.pid, what)
        resource.prlimit(self._process.pid, what, (limit, before[1]))
        await asyncio.sleep(self._chance.uniform(0.1, 1.5))
        resource.prlimit(self._process.pid, what, before)

    async def _cut(self) -> str:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        async with (await self.store()).session() as session:
            await session.execute(text(f"{cut} AND pid <> pg_backend_pid()"))
        return ""

    async def store(self) -> Store:
        """The bot's database, opened beside it."""
        if self._store is None:
            self._store = await open_store(self.settings.store_url())
        return self._store

    async def settle(self) -> None:
        """Return when nothing waits and the bot has been quiet for a while."""
        async with asyncio.timeout(REST_SECONDS):
            calls = -1
            while calls != len(self._sandbox.calls) or await self._waiting():
                calls = len(self._sandbox.calls)
                await asyncio.sleep(QUIET_SECONDS)

    async def _waiting(self) -> int:
        async with (await self.store()).read() as session:
            unrouted = select(func.count()).select_from(Delivery).where(Delivery.routed_at.is_(None))
            return await due.backlog(session) + (await session.execute(unrouted)).scalar_one()

    async def rest(self) -> None:
        """A new process looks at everything; what was put off is due."""
        await self._ended(signal.SIGTERM)
        async with (await self.store()).session() as session:
            await session.execute(update(Repository).values(listed_at=None))
            dirty = {"desired_generation": TargetRow.desired_generation + 1, "not_before": None, "attempts": 0}
            await session.execute(update(TargetRow).values(dirty))
        await self.start()
        await self.settle()
