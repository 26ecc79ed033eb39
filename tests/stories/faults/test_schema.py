"""A way back to the schema before, and forth again, with work in flight: all of it is done, once."""

import asyncio

import httpx
import pytest

from bot.model import Kind, Repo
from bot.sandbox.faults import Fault
from bot.sandbox.world import AGENT, REPOSITORY
from bot.store import deliveries, downgrade_database, open_store, owned, targets, upgrade_database
from tests.stories.pushes import token_line
from tests.stories.stage import Stage

pytestmark = pytest.mark.long

BEFORE = "0008"


async def in_flight(url: str, stage: Stage, numbers: list[int]) -> tuple[int, int, int]:
    """Dirty targets, deliveries that were not routed, and writes that were not confirmed."""
    repo = Repo(id=stage.sandbox.repository_id(REPOSITORY), name=REPOSITORY)
    store = await open_store(url)
    try:
        async with store.read() as session:
            rows = [await targets.row_of(session, repo.target(number, Kind.PULL)) for number in numbers]
            held = [await owned.held(session, repo.target(number, Kind.PULL)) for number in numbers]
            dirty = sum(row is not None and row.desired_generation > row.observed_generation for row in rows)
            intents = sum(bool(thing.intended) for things in held for thing in things)
        return dirty, await deliveries.count_waiting(store), intents
    finally:
        await store.close()


async def test_work_in_flight_is_done_after_the_way_back_and_forth(stage: Stage, store_url: str) -> None:
    stage.server.environment["ASSAY_DATABASE_URL"] = store_url
    pulls = [await stage.pull(f"codex/{name}", token_line()) for name in ("a", "b", "c")]
    numbers = [number for number, _ in pulls]
    # The first write of each arrives and its answer is lost; then the server takes none, and the process is killed.
    stage.sandbox.faults[:] = [
        Fault("lost", r"/issues/[0-9]+/comments", "POST", times=3),
        Fault("hang", r"/(comments|labels|statuses)", "POST"),
    ]
    await stage.server.start()
    await stage.hook()
    async with httpx.AsyncClient() as client:
        for number in numbers:
            assert (await stage.server.deliver(client, number, AGENT))[0] == 202

    async def begun() -> bool:
        return (await in_flight(store_url, stage, numbers))[2] >= len(numbers)

    await stage.until(begun)
    async with httpx.AsyncClient() as client:  # acknowledged at the last moment
        await asyncio.gather(*(stage.server.deliver(client, number, AGENT) for number in numbers))
    await stage.server.kill()
    before = await in_flight(store_url, stage, numbers)
    assert before[0] == len(numbers)
    downgrade_database(store_url, BEFORE)
    upgrade_database(store_url)
    assert await in_flight(store_url, stage, numbers) == before
    stage.sandbox.faults.clear()
    await stage.server.start()
    assert await stage.until_judged([head for _, head in pulls]) == ["failure"] * len(pulls)

    async def done() -> bool:
        return (await in_flight(store_url, stage, numbers))[:2] == (0, 0)

    await stage.until(done)
    assert [await stage.reports(number) for number in numbers] == [1] * len(pulls)
    assert [one for number in numbers for one in await stage.said(number) if "somebody else" in one["body"]] == []
