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
LONG_PAUSE = 9
"""Failures after which a target waits for a quarter of an hour."""


@pytest.fixture
async def scene(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with world(tmp_path, rules_cache_dir=RULES, database_url=store_url) as running:
        await hook(running)
        yield running


async def failing(scene: World, number: int, times: int, mark: str = "!") -> None:
    """A target fails so many times; its next attempt is far off, so that none comes between."""
    async with scene.machine.store.session() as session:
        row = await targets.row_of(session, scene.target(f"{mark}{number}"))
        assert row is not None
        row.attempts = max(row.attempts, LONG_PAUSE)
    for _ in range(times):
        await scene.machine.reconciler.failed(scene.target(f"{mark}{number}"), RuntimeError())


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


async def test_the_report_of_an_issue_that_fails_claims_nothing_until_it_is_evaluated_again(scene: World) -> None:
    number = await scene.open_issue(AGENT, "Deploy fails", token_line())
    await scene.settled()
    assert "A secret in the description" in await body(scene, number)
    await failing(scene, number, 1, "#")
    not_checked = await body(scene, number)
    assert "This issue could not be evaluated (RuntimeError)" in not_checked
    assert "The bot keeps trying" in not_checked
    assert not any(line in not_checked for line in ("head", "Commit", "secret-leak"))
    await failing(scene, number, PARKED_AFTER - 1, "#")
    assert (await parked(scene), await due(scene)) == (1, [])
    assert "tries again once a day and after the next edit or command" in await body(scene, number)
    await scene.write(AGENT, number, "any news?")
    await scene.settled()
    assert await parked(scene) == 0
    assert "A secret in the description" in await body(scene, number)


async def test_an_issue_without_a_report_gets_none_because_it_fails(scene: World) -> None:
    number = await scene.open_issue(AGENT, "Beds are dry", "All of them.")
    await scene.settled()
    await failing(scene, number, PARKED_AFTER, "#")
    assert (await parked(scene), await scene.report(number)) == (1, None)


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
