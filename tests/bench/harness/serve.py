"""`assay serve` as one process or several, measured from outside."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import OPERATOR
from tests.bench.harness.forge import Forge
from tests.postgres import fresh_database, postgres_binaries, running_postgres
from tests.scan.compiled import cache_dir
from tests.stories.server import Server

READY_SECONDS = 300.0


@asynccontextmanager
async def serving(
    root: Path,
    forge: Forge,
    *,
    count: int = 1,
    environment: Mapping[str, str] | None = None,
    prepare: Callable[[Server], Awaitable[None]] | None = None,
) -> AsyncIterator[list[Server]]:
    """Start processes, one after the other, each with a data directory and a port of its own; end them.

    They have the key of the first, to which the world's repository sends its events. `prepare` runs before each starts.
    """
    async with AsyncExitStack() as stack:
        servers = list[Server]()
        for number in range(count):
            servers.append(server := _made(root / f"serve-{number}", forge, servers))
            server.environment |= {"ASSAY_RULES_CACHE_DIR": str(cache_dir()), **(environment or {})}
            if prepare is not None:
                await prepare(server)
            stack.push_async_callback(server.stop)
            await server.start()
            await until_ready(server)
        async with HttpxForgejo(forge.url, forge.tokens[OPERATOR]) as owner:
            await forge.hook(owner, servers[0].webhook, servers[0].secret)
        yield servers


def _made(place: Path, forge: Forge, before: list[Server]) -> Server:
    (place / "data").mkdir(parents=True)
    if before:
        shutil.copy2(before[0].root / "data" / "installation.key", place / "data" / "installation.key")
    return Server(place, forge, forge.tokens)


async def command(server: Server, *words: str) -> str:
    """What a command of `assay` prints with the settings of a server. Raises RuntimeError if it fails."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", *words),
        env=server.environment,
        cwd=server.root,
        stdout=pipe,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    if process.returncode:
        raise RuntimeError(f"assay {words[0]} ended with {process.returncode}: {said}")
    return said


async def until_ready(server: Server) -> None:
    """Return when `/readyz` says so. Raises TimeoutError."""
    async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient() as client:
        while (await client.get(f"{server.address}/readyz")).status_code != 200:  # noqa: ASYNC110 - asked until it says so
            await asyncio.sleep(0.02)


async def metrics(server: Server, client: httpx.AsyncClient) -> dict[str, float]:
    """What `/metrics` says: the sum of each metric over all its labels, by its name."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families((await client.get(f"{server.address}/metrics")).text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


async def at_rest(server: Server, seconds: float = 600.0, *, calm: float = 1.0) -> None:
    """Return when no evaluation has ended and no target has waited for `calm` seconds. Raises TimeoutError."""
    before, since = None, asyncio.get_running_loop().time()
    async with asyncio.timeout(seconds), httpx.AsyncClient(timeout=60) as client:
        while asyncio.get_running_loop().time() - since < calm:
            now = await metrics(server, client)
            seen = {name: now.get(name) for name in ("assay_reconcile_seconds_count", "assay_deliveries_total")}
            if seen != before:
                before, since = seen, asyncio.get_running_loop().time()
            await asyncio.sleep(0.1)


@contextmanager
def postgres() -> Any:
    """The URL of an empty database on a PostgreSQL started for it, or None where PostgreSQL isn't installed."""
    binaries = postgres_binaries()
    if binaries is None:
        with nullcontext() as nothing:
            yield nothing
        return
    with (
        running_postgres(binaries, "shared_buffers=128MB", "max_connections=200") as server,
        fresh_database(server) as url,
    ):
        yield url
