"""What the service says of its health, and of the server that it works with."""

from pathlib import Path

import httpx
import pytest

from bot.forgejo.capabilities import server_of
from bot.sandbox.world import OPERATOR, world
from tests.stories.server import RULES


async def test_readyz_tells_the_server_and_what_it_has_not_got(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene, httpx.AsyncClient() as client:
        told = (await scene.api[OPERATOR].getitem("/version"))["version"]
        answer = await client.get(f"{scene.address}/readyz")
    known = server_of(told)
    assert answer.status_code == 200
    assert answer.json() == {
        "database": "ok",
        "forgejo": "ok",
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
        (told,) = scene.service._server()["notes"]
        assert note in told
        assert (await client.get(f"{scene.address}/readyz")).status_code == 200
