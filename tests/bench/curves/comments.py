"""Comments on a target: what an evaluation of it costs."""

import asyncio
import tempfile
from pathlib import Path

import httpx

from bot.sandbox.world import AGENT
from tests.bench.curves.curve import Column, Curve
from tests.bench.harness.forge import running_forge
from tests.bench.harness.process import highest
from tests.bench.harness.serve import at_rest, metrics, serving
from tests.stories.server import Server

LOOKS = 3
SECONDS = 120.0
COUNT = "assay_reconcile_seconds_count"


async def measure(size: int) -> dict[str, float]:
    """The mean of some evaluations of a pull request with so many comments of people, on which nothing has happened."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        async with (
            running_forge(Path(name)) as forge,
            serving(Path(name), forge) as (server,),
            httpx.AsyncClient(timeout=60) as client,
        ):
            head, pushed = await forge.pushed("bench", {"bench.py": "BED = 0\n"})
            number = await forge.pull("bench", "feat: a bed")
            await forge.until_written(head, pushed)
            await forge.ask("comments", number=number, count=size)
            await _evaluated(server, client, number)  # the first one reads them all
            await forge.ask("reset")
            before = await metrics(server, client)
            for _ in range(LOOKS):
                await _evaluated(server, client, number)
            after = await metrics(server, client)
            calls = sum((await forge.ask("calls")).values())
            most = highest(server.pid)
    looks = after[COUNT] - before[COUNT]
    seconds = after["assay_reconcile_seconds_sum"] - before["assay_reconcile_seconds_sum"]
    return {"seconds": seconds / looks, "calls": calls / looks, "memory": most}


async def _evaluated(server: Server, client: httpx.AsyncClient, number: int) -> None:
    """Lets a delivery ask for an evaluation, and returns after it: a target may have to rest before."""
    before = (await metrics(server, client))[COUNT]
    await server.deliver(client, number, AGENT)
    async with asyncio.timeout(SECONDS):
        while (await metrics(server, client))[COUNT] <= before:  # noqa: ASYNC110 - another process, asked until it says so
            await asyncio.sleep(0.1)
    await at_rest(server)


CURVE = Curve(
    "comments",
    "Comments on a target",
    "An evaluation of a pull request with comments of people, on which nothing has happened since the last one.",
    "comments",
    (10, 100, 1_000, 5_000),
    (10, 200),
    (
        Column("seconds", "evaluation", "s", "seconds"),
        Column("calls", "API calls", "calls", "calls"),
        Column("memory", "memory, highest", "MB", "MB"),
    ),
    measure,
)
