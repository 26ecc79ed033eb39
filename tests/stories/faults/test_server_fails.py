"""While Forgejo fails as a whole, evaluations are put back, and nobody's attempts are counted."""

from pathlib import Path

import httpx
import pytest

from bot.forgejo.errors import Unreachable
from bot.sandbox.world import World, world
from bot.store import targets
from tests.stories.pushes import clean_pull
from tests.stories.server import RULES
from tests.waiting import until

pytestmark = pytest.mark.long


async def fail(scene: World) -> None:
    """Let requests end as they do when the server is gone."""
    for number in range(5):
        with pytest.raises(Unreachable):
            async with scene.machine.client.politeness.turn("GET", f"/{number}", 0.0):
                raise Unreachable("GET", f"/{number}", "ConnectError", sent=False)


async def test_what_begins_while_the_server_fails_is_put_back_and_done_when_it_works_again(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene, httpx.AsyncClient() as web:
        await scene.settled()
        await fail(scene)
        number, head = await clean_pull(scene)
        target, calls = scene.target(f"!{number}"), scene.machine.client.calls.total()
        async with scene.machine.store.session() as session:
            await targets.add_targets(session, [target], quiet=False)
        await scene.machine.engine.submit(target)
        await scene.machine.engine.idle()
        assert scene.machine.client.calls.total() == calls
        ready = await web.get(f"{scene.address}/readyz")
        assert (ready.status_code, ready.json()["forgejo"].partition(";")[0]) == (503, "Forgejo fails")
        paused = scene.machine.metrics.registry.get_sample_value("assay_forgejo_pause_seconds")
        assert paused is not None
        assert 0 < paused <= 1
        async with scene.machine.store.read() as session:
            row = await targets.row_of(session, target)
        assert row is not None
        assert (row.attempts, row.last_error) == (0, "")
        assert row.not_before is not None
        await until(lambda: not scene.machine.client.politeness.failing)
        await scene.settled()
        assert await scene.statuses(head)
    outcomes = scene.machine.metrics.registry
    assert outcomes.get_sample_value("assay_reconciles_total", {"outcome": "put-back"}) == 1
    assert outcomes.get_sample_value("assay_reconciles_total", {"outcome": "failed"}) is None
