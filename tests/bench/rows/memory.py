"""Resident memory of the bot's own process: idle, and after 10,000 deliveries."""

import asyncio

import httpx

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import AGENT, REPOSITORY
from tests.bench.harness.figures import Row, under
from tests.bench.harness.process import resident
from tests.bench.rows.worlds import bench

DELIVERIES = 10_000
TARGETS = 20


async def rows() -> list[Row]:
    """Megabytes; the scanner's rules are loaded in both."""
    async with bench() as world, httpx.AsyncClient() as client:
        async with HttpxForgejo(world.forge.url, world.forge.tokens[AGENT]) as agent:
            made = [agent.post(f"/repos/{REPOSITORY}/issues", {"title": f"Bed {number}"}) for number in range(TARGETS)]
            numbers = [issue["number"] for issue in await asyncio.gather(*made)]
        idle = resident(world.server.pid)
        for start in range(0, DELIVERIES, 100):
            batch = [
                world.server.deliver(client, numbers[number % TARGETS], AGENT, "issues")
                for number in range(start, start + 100)
            ]
            await asyncio.gather(*batch)
        busy = resident(world.server.pid)
    name = "resident memory"
    return [under(f"{name}, idle", idle, "MB", 150), under(f"{name} after 10,000 deliveries", busy, "MB", 200)]
