"""Resident memory of the bot's own process: idle, and after 10,000 deliveries."""

import asyncio
import tempfile
from pathlib import Path

import httpx

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox import Sandbox
from bot.sandbox.world import AGENT, REPOSITORY, people
from tests.bench.harness.figures import Row
from tests.bench.harness.process import resident
from tests.stories.server import Server

DELIVERIES = 10_000
TARGETS = 20


async def rows() -> list[Row]:
    """Megabytes; the scanner's rules are loaded in both."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        sandbox = Sandbox(Path(folder) / "forge")
        await sandbox.start()
        tokens = await people(sandbox)
        server = Server(Path(folder), sandbox, tokens)
        server.fresh = True
        async with HttpxForgejo(sandbox.url, tokens[AGENT]) as agent, httpx.AsyncClient() as client:
            numbers = [(await _issue(agent, n))["number"] for n in range(TARGETS)]
            await server.start()
            await _ready(client, server)
            idle = resident(server.pid)
            for start in range(0, DELIVERIES, 100):
                batch = [
                    server.deliver(client, numbers[n % TARGETS], AGENT, "issues") for n in range(start, start + 100)
                ]
                await asyncio.gather(*batch)
            busy = resident(server.pid)
            await server.stop()
        await sandbox.stop()
    return [
        Row(name="resident memory, idle", value=idle, unit="MB", budget="under 150", ok=idle < 150),
        Row(name="resident memory after 10,000 deliveries", value=busy, unit="MB", budget="under 200", ok=busy < 200),
    ]


async def _issue(agent: HttpxForgejo, number: int) -> dict[str, int]:
    answer: dict[str, int] = await agent.post(f"/repos/{REPOSITORY}/issues", {"title": f"Bed {number}"})
    return answer


async def _ready(client: httpx.AsyncClient, server: Server) -> None:
    while (await client.get(f"{server.address}/readyz")).status_code != 200:  # noqa: ASYNC110 - asked until it says so
        await asyncio.sleep(0.05)
