"""The bot of a life as one process or several: killed, terminated, without disk, files or database for a while."""

import asyncio
import os
import random
import resource
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import text, update

from bot.config import Settings
from bot.sandbox import Sandbox
from bot.sandbox.world import settings_for
from bot.store import Store, deliveries, open_store
from bot.store.scheduling import due
from bot.store.tables import Repository, TargetRow
from tests.chaos.life.house import KEY, share_key
from tests.chaos.life.overlaps import Evaluation, evaluations, overlaps
from tests.postgres import Cluster
from tests.stories.server import RULES

START_SECONDS = 60.0
REST_SECONDS = 180.0
QUIET_SECONDS = 1.0
ENDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)
DATABASE_ENDS = (signal.SIGQUIT, signal.SIGINT)


@dataclass(frozen=True)
class Database:
    """The PostgreSQL of a life: the URL of its database, and its own server."""

    url: str
    cluster: Cluster


class Server:
    """One `assay serve` with its settings in the environment, and with logs of its own."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.settings = settings
        self._root = root
        self._process: asyncio.subprocess.Process | None = None
        self._log = root / "none.log"
        self._starts = 0
        self.evaluations: list[tuple[str, Evaluation]] = []
        clean = {key: value for key, value in os.environ.items() if not key.startswith("ASSAY_")}
        self._environment = clean | {
            "ASSAY_FORGEJO_URL": settings.forgejo_url,
            "ASSAY_TOKEN": settings.read_token(),
            "ASSAY_DATA_DIR": str(settings.data_dir),
            "ASSAY_RULES_CACHE_DIR": str(RULES),
            "ASSAY_OPERATORS": ",".join(settings.operators),
            "ASSAY_PORT": str(settings.port),
            "ASSAY_LOG_LEVEL": "debug",
            **({"ASSAY_DATABASE_URL": settings.store_url()} if settings.database_url else {}),
        }

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it, and return when it hears deliveries."""
        self._starts += 1
        self._log = self._root / f"{self.settings.data_dir.name}-{self._starts}.log"
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.cli", "serve", env=self._environment, stdout=log, stderr=log, cwd=self._root
            )
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
            while True:
                assert self.runs, self._log.read_text()[-2000:]
                try:
                    if (await client.get(f"http://127.0.0.1:{self.settings.port}/healthz")).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.02)

    async def end(self, how: signal.Signals) -> None:
        """End it, and take from its log what it did."""
        if self._process is None:
            return
        if self.runs:
            self._process.send_signal(how)
        await self._process.wait()
        self._process = None
        self.evaluations += evaluations(self._log, datetime.now(UTC))


class ProcessHouse:
    """As many processes as are wanted, each with a data directory of its own; the webhook names the first one."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a house stands on, and how it is lived in
        self,
        root: Path,
        sandbox: Sandbox,
        token: str,
        chance: random.Random,
        database: Database | None = None,
        count: int = 1,
    ) -> None:
        more = {"database_url": database.url} if database else {}
        self.settings = settings_for(root, sandbox, token, rules_cache_dir=RULES, **more)
        share_key(self.settings)
        self._servers = [Server(root, self.settings)]
        for number in range(2, count + 1):
            folder = root / f"data-{number}"
            folder.mkdir(mode=0o700)
            shutil.copy(self.settings.data_dir / KEY, folder)
            settings = settings_for(root, sandbox, token, rules_cache_dir=RULES, data_dir=folder, **more)
            self._servers.append(Server(root, settings))
        self._sandbox = sandbox
        self._chance = chance
        self._database = database
        self._store: Store | None = None

    @property
    def overlaps(self) -> int:
        """How many evaluations of one target overlapped, in all processes that have ended."""
        return overlaps(one for server in self._servers for one in server.evaluations)

    @property
    def evaluated(self) -> int:
        """How many evaluations there were."""
        return sum(len(server.evaluations) for server in self._servers)

    async def start(self) -> None:
        for server in self._servers:  # one after the other: the first one makes the tables
            await server.start()

    async def close(self) -> None:
        await self.ended()
        await self._leave()

    async def ended(self) -> None:
        """End all processes as an operator does."""
        await asyncio.gather(*(server.end(signal.SIGTERM) for server in self._servers))

    async def trouble(self) -> str:
        """Something that happens to a process or to what it stands on; gives its name."""
        one = self._chance.choice(self._servers)
        troubles: dict[str, Callable[[Server], Awaitable[str]]] = {
            "end": self._end,
            "the disk is full": self._full,
            "no files are left": self._no_files,
        }
        if self._database is not None:
            troubles |= {"the database's connections break": self._cut, "the database ends": self._restart}
        name = self._chance.choice(["end", *troubles])
        told = await troubles[name](one) or name
        for server in self._servers:
            if not server.runs:
                told += "; a bot ended by itself"
                await server.end(signal.SIGTERM)
                await server.start()
        return told

    async def _end(self, one: Server) -> str:
        how = self._chance.choice(ENDS)
        await one.end(how)
        await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.5)))
        await one.start()
        return f"{one.settings.data_dir.name} gets {how.name}"

    async def _full(self, one: Server) -> str:
        await self._limited(one, resource.RLIMIT_FSIZE, 4096)
        return ""

    async def _no_files(self, one: Server) -> str:
        used = len(list(await asyncio.to_thread(os.listdir, f"/proc/{one.pid}/fd")))
        await self._limited(one, resource.RLIMIT_NOFILE, used)
        return ""

    async def _limited(self, one: Server, what: int, limit: int) -> None:
        before = resource.prlimit(one.pid, what)
        resource.prlimit(one.pid, what, (limit, before[1]))
        await asyncio.sleep(self._chance.uniform(0.1, 1.5))
        if one.runs:
            resource.prlimit(one.pid, what, before)

    async def _cut(self, _: Server) -> str:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        async with (await self.store()).session() as session:
            await session.execute(text(f"{cut} AND pid <> pg_backend_pid()"))
        return ""

    async def _restart(self, _: Server) -> str:
        assert self._database is not None
        how = self._chance.choice(DATABASE_ENDS)
        await self._leave()
        await asyncio.to_thread(self._database.cluster.end, how)
        await asyncio.sleep(self._chance.choice((0.0, 1.0)))
        await asyncio.to_thread(self._database.cluster.start)
        return f"the database gets {how.name}"

    async def store(self) -> Store:
        """The bot's database, opened beside it."""
        if self._store is None:
            self._store = await open_store(self.settings.store_url())
        return self._store

    async def _leave(self) -> None:
        if self._store is not None:
            await self._store.close()
        self._store = None

    async def settle(self) -> None:
        """Return when nothing waits and the bot has been quiet for a while."""
        async with asyncio.timeout(REST_SECONDS):
            calls = -1
            while calls != len(self._sandbox.calls) or await self._waiting():
                calls = len(self._sandbox.calls)
                await asyncio.sleep(QUIET_SECONDS)

    async def _waiting(self) -> int:
        store = await self.store()
        async with store.read() as session:
            dirty = await due.backlog(session)
        return dirty + await deliveries.count_waiting(store)

    async def rest(self) -> None:
        """New processes look at everything; what was put off is due."""
        await self.ended()
        async with (await self.store()).session() as session:
            await session.execute(update(Repository).values(listed_at=None))
            dirty = {"desired_generation": TargetRow.desired_generation + 1, "not_before": None, "attempts": 0}
            await session.execute(update(TargetRow).values(dirty))
        await self.start()
        await self.settle()
