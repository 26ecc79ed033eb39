"""Several processes of `assay serve` share a PostgreSQL database, and one of them dies."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from bot.engine.jobs import DEAD
from bot.engine.procrastinate import HEARTBEAT
from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.sandbox.world import AGENT, OPERATOR, people
from tests.stories.server import Server
from tests.stories.stage import Stage

pytestmark = [pytest.mark.long, pytest.mark.postgres, pytest.mark.timeout(300)]
IN_FLIGHT = 12


class Shared:
    """The sandbox, and processes that share a database, each with its own data directory."""

    def __init__(self, stage: Stage, servers: list[Server], url: str) -> None:
        self.stage = stage
        self.servers = servers
        self.url = url

    async def jobs(self, status: str) -> int:
        """How many jobs of the queue have a status."""
        return await self._count("SELECT count(*) FROM procrastinate_jobs WHERE status = %s", status)

    async def living(self) -> int:
        """How many processes sent a heartbeat lately."""
        recent = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - %s * interval '1 second'"
        return await self._count(recent, 2 * HEARTBEAT)

    async def _count(self, query: LiteralString, *values: object) -> int:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            row = await (await connection.execute(query, values)).fetchone()
        return row[0] if row else 0


@asynccontextmanager
async def shared(root: Path, url: str, *roles: str) -> AsyncIterator[Shared]:
    sandbox = Sandbox(root / "forge")
    await sandbox.start()
    tokens = await people(sandbox)
    servers: list[Server] = []
    for number, role in enumerate(roles, 1):
        folder = root / str(number)
        (folder / "data").mkdir(parents=True, mode=0o700)
        if servers:
            shutil.copy(servers[0].root / "data" / "installation.key", folder / "data")
        servers.append(Server(folder, sandbox, tokens, role=role))
        more = {"ASSAY_DATABASE_URL": url, "ASSAY_WORKERS": str(IN_FLIGHT), "ASSAY_FORGEJO_CONCURRENCY": "64"}
        servers[-1].environment |= more
    async with (
        HttpxForgejo(sandbox.url, tokens[OPERATOR]) as operator,
        HttpxForgejo(sandbox.url, tokens[AGENT]) as agent,
    ):
        yield Shared(Stage(sandbox, servers[0], operator, agent), servers, url)
    for server in servers:
        await server.stop()
    await sandbox.stop()


async def comes(condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> float:
    """Waits until a condition holds, and gives the seconds that it took."""
    begun = asyncio.get_running_loop().time()
    while not await condition():
        assert asyncio.get_running_loop().time() < begun + seconds, "it didn't come to pass"
        await asyncio.sleep(0.05)
    return asyncio.get_running_loop().time() - begun


async def test_what_a_killed_worker_had_in_flight_is_done_by_another(tmp_path: Path, postgres_url: str) -> None:
    async with shared(tmp_path, postgres_url, "both", "worker") as cast:
        first, second = cast.servers
        stage = cast.stage
        await first.start()
        await stage.hook()
        stage.sandbox.faults.append(Fault("hang", r"/pulls/\d+$", "GET"))
        heads = [(await stage.pull(f"p{number}", f"A={number}\n"))[1] for number in range(IN_FLIGHT - 1)]

        async def all_in_flight() -> bool:
            return await cast.jobs("doing") == len(heads)

        await comes(all_in_flight, 90)
        await second.start()
        stage.sandbox.faults.clear()
        await first.kill()
        begun = asyncio.get_running_loop().time()
        states = await stage.until_judged(heads)
        took = asyncio.get_running_loop().time() - begun
        assert set(states) == {"success"}
        assert {await stage.reports(number) for number in range(1, len(heads) + 1)} == {1}
        assert took < DEAD + HEARTBEAT + 60


async def test_a_web_process_only_receives_and_a_worker_only_evaluates(tmp_path: Path, postgres_url: str) -> None:
    async with shared(tmp_path, postgres_url, "web", "worker") as cast:
        web, worker = cast.servers
        await web.start()
        await cast.stage.hook()
        number, head = await cast.stage.pull("one", "A=1\n")
        await cast.stage.sandbox.hooks_idle()
        assert await cast.stage.status(head) == ""
        await worker.start()
        assert await cast.stage.until_judged([head]) == ["success"]
        _, second = await cast.stage.pull("two", "A=2\n")
        begun = asyncio.get_running_loop().time()
        assert await cast.stage.until_judged([second]) == ["success"]
        assert asyncio.get_running_loop().time() - begun < 20, "the web process didn't call the worker"
        assert await cast.stage.reports(number) == 1


async def in_flight(cast: Shared, number: int) -> list[str]:
    """Has the first process begin to evaluate so many pull requests, each of which hangs, and gives their heads."""
    await cast.servers[0].start()
    await cast.stage.hook()
    cast.stage.sandbox.faults.append(Fault("hang", r"/pulls/\d+$", "GET"))
    heads = [(await cast.stage.pull(f"p{one}", f"A={one}\n"))[1] for one in range(number)]

    async def all_doing() -> bool:
        return await cast.jobs("doing") == number

    await comes(all_doing)
    for other in cast.servers[1:]:
        await other.start()
    cast.stage.sandbox.faults.clear()
    return heads


async def test_what_a_stopped_process_could_not_end_is_done_by_another_at_once(
    tmp_path: Path, postgres_url: str
) -> None:
    async with shared(tmp_path, postgres_url, "both", "worker") as cast:
        cast.servers[0].environment["ASSAY_STOP_SECONDS"] = "1"
        heads = await in_flight(cast, 3)
        begun = asyncio.get_running_loop().time()
        await cast.servers[0].stop()
        assert await cast.stage.until_judged(heads) == ["success"] * 3
        assert asyncio.get_running_loop().time() - begun < DEAD
        assert {await cast.stage.reports(number) for number in (1, 2, 3)} == {1}


async def test_what_a_killed_process_was_doing_begins_again_as_soon_as_it_is_started(
    tmp_path: Path, postgres_url: str
) -> None:
    async with shared(tmp_path, postgres_url, "both") as cast:
        heads = await in_flight(cast, 3)
        await cast.servers[0].kill()
        await cast.servers[0].start()
        assert await cast.stage.until_judged(heads) == ["success"] * 3
        assert {await cast.stage.reports(number) for number in (1, 2, 3)} == {1}
        log = (cast.servers[0].root / "serve.log").read_text()
        assert "queue.taken-up-again" in log
        assert "queue.taken-over" not in log


async def test_a_process_that_stood_still_writes_nothing_of_what_others_took_over(
    tmp_path: Path, postgres_url: str
) -> None:
    async with shared(tmp_path, postgres_url, "both", "worker") as cast:
        heads = await in_flight(cast, 3)
        os.kill(cast.servers[0].pid, signal.SIGSTOP)
        assert await cast.stage.until_judged(heads) == ["success"] * 3
        os.kill(cast.servers[0].pid, signal.SIGCONT)

        async def both_alive() -> bool:
            return await cast.living() == 2

        await comes(both_alive)
        _, another = await cast.stage.pull("another", "B=1\n")
        assert await cast.stage.until_judged([another]) == ["success"]
        assert {await cast.stage.reports(number) for number in (1, 2, 3, 4)} == {1}
        assert "declared-dead" in (cast.servers[0].root / "serve.log").read_text()
