"""What the service says of its health, and of the server that it works with."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import httpx
import pytest

from bot.app.health import READY_SECONDS
from bot.forgejo.capabilities import server_of
from bot.sandbox.world import OPERATOR, World, world
from tests.stories.server import RULES
from tests.waiting import until


async def test_readyz_tells_the_server_and_what_it_has_not_got(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene, httpx.AsyncClient() as client:
        told = (await scene.api[OPERATOR].getitem("/version"))["version"]
        answer = await client.get(f"{scene.address}/readyz")
    known = server_of(told)
    assert answer.status_code == 200
    assert answer.json() == {
        "database": "ok",
        "forgejo": "ok",
        "git": "ok",
        "mirrors": "ok",
        "server": {
            "product": "Forgejo",
            "version": told,
            "notes": [],
            "missing": [str(feature) for feature in known.missing],
        },
        "accounts": [],
    }


@pytest.mark.parametrize(
    ("version", "note"),
    [("11.0.1+gitea-1.22.0", "is too old"), ("17.0.0+gitea-1.22.0", "is newer than"), ("0.13.0", "unknown server")],
)
async def test_a_server_that_the_bot_is_not_made_for_is_told_and_served_all_the_same(
    tmp_path: Path, version: str, note: str
) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene, httpx.AsyncClient() as client:
        scene.machine.server._known = server_of(version)
        (told,) = cast("list[str]", scene.service.health.server()["notes"])
        assert note in told
        assert (await client.get(f"{scene.address}/readyz")).status_code == 200


async def test_many_who_ask_at_once_are_one_question_to_forgejo_and_the_next_one_comes_after_seconds(
    tmp_path: Path,
) -> None:
    now = [100.0]
    async with world(tmp_path, rules_cache_dir=RULES) as scene, httpx.AsyncClient() as client:
        await scene.settled()
        scene.service.health._clock = lambda: now[0]
        asked = version_requests(scene)
        for _ in range(3):
            answers = await asyncio.gather(*(client.get(f"{scene.address}/readyz") for _ in range(20)))
            assert {answer.status_code for answer in answers} == {200}
            now[0] += READY_SECONDS / 2 - 0.1
        assert version_requests(scene) == asked + 1
        now[0] += READY_SECONDS
        await client.get(f"{scene.address}/readyz")
        assert version_requests(scene) == asked + 2


def version_requests(scene: World) -> int:
    """Requests for the server's version, which only health and the hourly look make."""
    reader = scene.machine.server._client
    assert reader is not scene.machine.client
    return reader.calls["GET"]


async def test_readyz_waits_for_none_of_the_slots_of_evaluations(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene, httpx.AsyncClient() as client:
        await scene.settled()
        async with AsyncExitStack() as turns:
            for _ in range(scene.machine.settings.forgejo_concurrency):
                await turns.enter_async_context(scene.machine.client.politeness.turn("GET", "/user", time.monotonic()))
            answer = await client.get(f"{scene.address}/readyz")
        assert (answer.status_code, answer.json()["forgejo"]) == (200, "ok")


async def test_healthz_answers_while_forgejo_does_not(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene, httpx.AsyncClient() as client:
        await scene.settled()
        reader = scene.machine.server._client
        async with reader.politeness.turn("GET", "/version", time.monotonic()):  # the next question to Forgejo waits
            asking = asyncio.create_task(client.get(f"{scene.address}/readyz"))
            await until(lambda: scene.service.health._asking is not None)
            assert (await client.get(f"{scene.address}/healthz")).status_code == 200
            assert not asking.done()
        assert (await asking).status_code == 200


async def test_health_and_metrics_may_have_a_port_of_their_own(tmp_path: Path) -> None:
    async with (
        world(tmp_path, rules_cache_dir=RULES, health_port=0) as scene,
        httpx.AsyncClient() as client,
    ):
        apart = scene.service.receiver.health_address
        assert apart != scene.address
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await client.get(f"{apart}{path}")).status_code == 200
            refused = await client.get(f"{scene.address}{path}")
            assert (refused.status_code, refused.json()) == (404, {"error": "there is nothing at this path"})
        assert (await client.post(f"{apart}/webhooks/forgejo")).status_code == 404
        assert (await client.post(f"{scene.address}/webhooks/forgejo")).status_code == 415
