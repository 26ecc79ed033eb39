"""Two processes of `assay serve` on one PostgreSQL against one, when their work waits on the network.

Each API request waits 100 ms in the sandbox, and each process may evaluate four targets at a time, so that one of them
leaves the processor idle for most of the time.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import httpx

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import AGENT, REPOSITORY
from tests.bench.harness.figures import Row, at_least, told
from tests.bench.harness.forge import Forge, running_forge
from tests.bench.harness.serve import metrics, postgres, serving
from tests.stories.server import Server

DELAY = 0.1
TARGETS = 120
AT_A_TIME = 4
ENVIRONMENT = {"ASSAY_WORKERS": str(AT_A_TIME), "ASSAY_FORGEJO_CONCURRENCY": "64", "ASSAY_LOG_LEVEL": "warning"}


async def rows() -> list[Row]:
    """The ratio of targets in a second, and both figures."""
    one, two = await measured(1), await measured(2)
    name = f"targets a second at {DELAY * 1000:.0f} ms a call"
    return [
        at_least("two workers on PostgreSQL against one", two / one, "times", 1.7),
        told(f"{name}, one worker", one, "targets/s"),
        told(f"{name}, two workers", two, "targets/s"),
    ]


async def measured(count: int, targets: int = TARGETS) -> float:
    """Targets in a second of so many processes: new issues that get their first report.

    Raises RuntimeError where PostgreSQL is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name, postgres() as url:
        if url is None:
            raise RuntimeError("PostgreSQL is not installed; apt-get install postgresql")
        async with running_forge(Path(name)) as forge:
            environment = {**ENVIRONMENT, "ASSAY_DATABASE_URL": url}
            async with serving(Path(name), forge, count=count, environment=environment) as servers:
                await _issues(forge, 2 * AT_A_TIME * count)  # what the first evaluations make is made by these
                await _ended(servers, 2 * AT_A_TIME * count)
                before = await _evaluations(servers)
                await forge.ask("delay", seconds=DELAY)
                begun = time.perf_counter()
                await _issues(forge, targets)
                await _ended(servers, before + targets)
                return targets / (time.perf_counter() - begun)


async def _issues(forge: Forge, count: int) -> None:
    """Opens issues without the delay of the network counting: as many at a time as the sandbox takes."""
    async with HttpxForgejo(forge.url, forge.tokens[AGENT]) as agent:
        posts = [agent.post(f"/repos/{REPOSITORY}/issues", {"title": f"Bed {number}"}) for number in range(count)]
        await asyncio.gather(*posts)


async def _ended(servers: list[Server], count: float) -> None:
    async with asyncio.timeout(300):
        while await _evaluations(servers) < count:  # noqa: ASYNC110 - other processes, asked until they say so
            await asyncio.sleep(0.1)


async def _evaluations(servers: list[Server]) -> float:
    """How many targets all of them have written to: each new issue once."""
    async with httpx.AsyncClient(timeout=60) as client:
        found = [await metrics(server, client) for server in servers]
    return sum(each.get("assay_reconciles_total", 0.0) for each in found)
