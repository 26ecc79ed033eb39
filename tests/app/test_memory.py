"""A large change for which there is no memory is evaluated later, and nothing is recorded as failed."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from bot.memory import NoRoom
from bot.model import Target
from bot.reconcile import failures
from bot.reconcile.evaluate import Evaluation
from bot.sandbox.world import AGENT, world
from bot.urgency import current
from tests.stories.conftest import hook
from tests.stories.server import RULES
from tests.waiting import until


async def test_a_change_without_memory_is_evaluated_when_there_is_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "ROOM_AGAIN", 0.01)
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        evaluate, tries = scene.machine.reconciler.evaluate, list[Target]()

        async def without_memory(target: Target) -> Evaluation:
            tries.append(target)
            if len(tries) <= 2:
                raise NoRoom
            return await evaluate(target)

        monkeypatch.setattr(scene.machine.reconciler, "evaluate", without_memory)
        await hook(scene)
        number = await scene.open_issue(AGENT, "A bed")
        await until(lambda: len(tries) >= 3)
        await scene.settled()
        assert await scene.labels(number)
        outcomes = scene.machine.metrics.registry.get_sample_value
        assert outcomes("assay_reconciles_total", {"outcome": "postponed"}) == 2
        assert outcomes("assay_reconciles_total", {"outcome": "failed"}) is None


async def test_a_change_without_memory_stays_as_pressing_as_it_was_and_waits_longer_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "ROOM_AGAIN", 0.05)
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        number = await scene.open_issue(AGENT, "A bed")
        await scene.settled()
        evaluate, tries = scene.machine.reconciler.evaluate, list[tuple[int, float]]()

        async def without_memory(target: Target) -> Evaluation:
            tries.append((current().priority, asyncio.get_running_loop().time()))
            if len(tries) <= 3:
                raise NoRoom
            return await evaluate(target)

        monkeypatch.setattr(scene.machine.reconciler, "evaluate", without_memory)
        await scene.machine.engine.submit(scene.target(f"#{number}"), priority=5)
        await until(lambda: len(tries) >= 4)
        await scene.settled()
    assert [priority for priority, _ in tries] == [5, 5, 5, 5]
    waits = [later - at for (_, at), (_, later) in pairwise(tries)]
    assert [wait >= least for wait, least in zip(waits, (0.05, 0.1, 0.2), strict=True)] == [True, True, True]
