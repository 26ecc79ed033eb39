"""A target that fails again and again is parked, and said to be."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app.machine import now
from bot.sandbox.world import AGENT, World, world
from bot.store import parking, targets
from bot.store.parking import PARKED_AFTER
from bot.store.scheduling.due import dirty
from tests.stories.conftest import hook
from tests.stories.contexts import statuses
from tests.stories.pushes import clean_pull, token_line
from tests.stories.server import RULES

pytestmark = pytest.mark.long


@pytest.fixture
async def scene(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with world(tmp_path, rules_cache_dir=RULES, database_url=store_url) as running:
        await hook(running)
        yield running


async def failing(scene: World, number: int, times: int) -> None:
    for _ in range(times):
        await scene.machine.reconciler.failed(scene.target(f"!{number}"), RuntimeError())


async def parked(scene: World) -> int:
    async with scene.machine.store.read() as session:
        return await parking.count(session)


async def due(scene: World) -> list[int]:
    async with scene.machine.store.read() as session:
        return [target.number for target, _ in await dirty(session, now())]


async def body(scene: World, number: int) -> str:
    return str((await scene.report(number) or {})["body"])


async def test_one_that_fails_in_one_way_is_parked_told_and_revived_by_a_push(
    scene: World, capsys: pytest.CaptureFixture[str]
) -> None:
    number, head = await clean_pull(scene)
    await scene.settled()
    capsys.readouterr()
    await failing(scene, number, PARKED_AFTER - 1)
    assert await parked(scene) == 0
    assert "The bot keeps trying" in await body(scene, number)
    await failing(scene, number, 1)
    assert (await parked(scene), await due(scene)) == (1, [])
    assert "tries again once a day and after the next push or command" in await body(scene, number)
    assert (await statuses(scene, head))["assay/secret-leak"] == "error"
    writes = len(scene.sandbox.writes)
    await failing(scene, number, 1)
    assert [call for call in scene.sandbox.writes[writes:] if "comments" in call.path] == []
    assert capsys.readouterr().out.count("target.parked") == 1
    await scene.service.worker._count()
    assert scene.machine.metrics.registry.get_sample_value("assay_parked_targets") == 1
    await scene.write(AGENT, number, token_line())
    await scene.settled()
    assert await parked(scene) == 0
    assert "Blocked" in await body(scene, number)


async def test_an_event_whose_wake_is_lost_revives_it_by_the_sweep(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    await failing(scene, number, PARKED_AFTER)
    async with scene.machine.store.session() as session:
        await targets.add_targets(session, [scene.target(f"!{number}")], quiet=False)
    assert await due(scene) == [number]
    await scene.settled()
    assert await parked(scene) == 0
    assert "No problems found" in await body(scene, number)
