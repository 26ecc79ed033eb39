"""1,000 comments on 50 issues, as fast as the sandbox takes them: how many evaluations follow, and what is lost."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import AGENT, REPOSITORY
from tests.bench.harness.figures import Row, at_most
from tests.bench.harness.serve import at_rest, metrics
from tests.bench.rows.worlds import bench

TARGETS = 50
COMMENTS = 20


async def rows() -> list[Row]:
    """Evaluations, lost deliveries, and the time until the bot is at rest."""
    async with (
        bench() as world,
        httpx.AsyncClient() as client,
        HttpxForgejo(world.forge.url, world.forge.tokens[AGENT]) as agent,
    ):
        made = [agent.post(f"/repos/{REPOSITORY}/issues", {"title": f"Bed {number}"}) for number in range(TARGETS)]
        numbers = [issue["number"] for issue in await asyncio.gather(*made)]
        await world.forge.ask("hooks_idle")
        await at_rest(world.server, calm=15.0)  # the rest of a target after an evaluation is over then
        before, begun = await metrics(world.server, client), time.perf_counter()
        for part in range(COMMENTS):
            posts = [
                agent.post(f"/repos/{REPOSITORY}/issues/{number}/comments", {"body": f"drop {part}"})
                for number in numbers
            ]
            await asyncio.gather(*posts)
        await world.forge.ask("hooks_idle")
        sent = time.perf_counter() - begun
        await at_rest(world.server, calm=15.0)
        after = await metrics(world.server, client)
        lost = TARGETS * COMMENTS - _stored(world.server.root / "data" / "assay.db")
    looks = after["assay_reconciles_total"] - before["assay_reconciles_total"]
    name = f"burst of 1,000 deliveries on {TARGETS} targets in {sent:.1f} s"
    return [at_most(f"{name}: evaluations", looks, "", 100), at_most(f"{name}: lost", lost, "", 0)]


def _stored(database: Path) -> int:
    """How many comments of people were acknowledged: the bot is told of its own as well."""
    query = "SELECT count(*) FROM deliveries WHERE event LIKE '%comment' AND action = 'created' AND sender = ?"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        found: int = connection.execute(query, (AGENT,)).fetchone()[0]
        return found
