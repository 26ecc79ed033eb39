"""A forged status sends no event: it is found by one request for each head, and nothing else is asked meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.world import AGENT, BOT, REPOSITORY, World, world
from tests.stories.conftest import hook
from tests.stories.pushes import clean_pull, leaking_pull
from tests.stories.server import RULES

pytestmark = pytest.mark.long


async def looked_at(scene: World) -> list[str]:
    """What the bot asks in one look at the statuses of all heads."""
    scene.sandbox.reset_calls()
    await scene.machine.resync.relook()
    await scene.machine.engine.idle()
    return [call.path for call in scene.sandbox.calls if call.user == BOT]


async def test_a_forged_status_among_many_heads_costs_one_request_for_each_and_one_evaluation(tmp_path: Path) -> None:
    past = timedelta()
    async with world(tmp_path, rules_cache_dir=RULES, clock=lambda: datetime.now(UTC) + past) as scene:
        await hook(scene)
        numbers = {}
        for name in ("codex/a", "codex/b", "codex/c"):
            number, head = await clean_pull(scene, name)
            numbers[number] = head
        number, head = await leaking_pull(scene)
        await scene.settled()
        assert await scene.statuses(head) == {"assay": "failure", "assay/secret-leak": "failure"}
        assert await looked_at(scene) == []
        past += timedelta(minutes=11)
        await scene.settled()
        asked = await looked_at(scene)
        assert sorted(asked) == sorted(
            f"/api/v1/repos/{REPOSITORY}/commits/{one}/status" for one in (*numbers.values(), head)
        )
        status = {"context": "assay/secret-leak", "state": "success", "description": "fine"}
        await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", status)
        past += timedelta(minutes=11)
        before = len(await looked_at(scene))
        await scene.settled()
        assert before > len(asked)
        assert await scene.statuses(head) == {"assay": "failure", "assay/secret-leak": "failure"}
        past += timedelta(minutes=11)
        assert len(await looked_at(scene)) == len(asked)
