"""Several processes of `assay serve` share a PostgreSQL database, and one of them dies."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

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
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            query = "SELECT count(*) FROM procrastinate_jobs WHERE status = %s"
            row = await (await connection.execute(query, [status])).fetchone()
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

        async def all_taken_over() -> bool:
            return await cast.jobs("doing") < len(heads) or await cast.jobs("todo") > 0

        await comes(all_in_flight, 90)
        await second.start()
        stage.sandbox.faults.clear()
        await first.kill()
        begun = asyncio.get_running_loop().time()
        await comes(all_taken_over, DEAD + 2 * HEARTBEAT + 10)
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
