"""While Forgejo fails as a whole, evaluations are put back, and nobody's attempts are counted."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from bot.forgejo.errors import ServerFault, Unreachable
from bot.sandbox.world import World, world
from bot.store import targets
from tests.stories.pushes import clean_pull
from tests.stories.server import RULES

pytestmark = pytest.mark.long

WAIT = 3.0
SECONDS = 60.0


async def fail(scene: World) -> None:
    """Let requests end as they do when the server is gone, and then as its proxy says for how long."""
    gone = [Unreachable("GET", f"/{number}", "ConnectError", sent=False) for number in range(4)]
    for error in (*gone, ServerFault("GET", "/5", 503, retry_after=WAIT)):
        with pytest.raises(type(error)):
            async with scene.machine.client.politeness.turn("GET", error.path, time.monotonic()):
                raise error
    moment = time.monotonic()
    scene.machine.client.politeness._clock = lambda: moment  # the pause lasts until the test ends it


async def test_what_begins_while_the_server_fails_is_put_back_and_done_when_it_works_again(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene, httpx.AsyncClient() as web:
        await scene.settled()
        number, head = await clean_pull(scene)
        await fail(scene)
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
        assert 0 < paused <= WAIT
        async with scene.machine.store.read() as session:
            row = await targets.row_of(session, target)
        assert row is not None
        assert (row.attempts, row.last_error) == (0, "")
        assert row.not_before is not None
        scene.machine.client.politeness._clock = time.monotonic
        async with asyncio.timeout(SECONDS):
            while not await scene.statuses(head):  # noqa: ASYNC110 - the sandbox has no event for it
                await asyncio.sleep(0.05)
        await scene.settled()
    outcomes = scene.machine.metrics.registry
    assert outcomes.get_sample_value("assay_reconciles_total", {"outcome": "put-back"})
    assert outcomes.get_sample_value("assay_reconciles_total", {"outcome": "failed"}) is None
