"""What one more evaluation of a pull request asks of the server when nothing has happened on it."""

import httpx

from bot.sandbox.world import AGENT
from tests.bench.harness.figures import Row, at_most
from tests.bench.harness.serve import at_rest
from tests.bench.rows.worlds import POLICY, bench


async def rows() -> list[Row]:
    """Calls and writes, with defaults and with all checks on."""
    return [*await _measured("defaults", "", 5), *await _measured("all checks", POLICY, 6)]


async def _measured(name: str, policy: str, most: int) -> list[Row]:
    async with bench(policy) as world, httpx.AsyncClient() as client:
        number, head, opened = await world.pull("bench")
        await world.forge.until_written(head, opened)
        await at_rest(world.server)
        for _ in range(2):  # the first one still learns what later ones know
            await world.forge.ask("reset")
            await world.server.deliver(client, number, AGENT)
            await world.forge.until_called(rf"/pulls/{number}$", method="GET")
            await at_rest(world.server)
        calls = sum((await world.forge.ask("calls")).values())
        writes = len(await world.forge.ask("writes", since=0.0))
    told = f"of an unchanged pull request, {name}"
    return [at_most(f"API calls {told}", calls, "calls", most), at_most(f"writes {told}", writes, "calls", 0)]
