"""What the bot writes is private even if everything may be read by default (umask 000)."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.sandbox.world import AGENT
from tests.stories.stage import Stage

pytestmark = pytest.mark.long


@pytest.fixture
def open_to_all() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


async def test_with_an_open_umask_no_file_or_folder_of_the_bot_is_open_to_others(
    open_to_all: None,
    stage: Stage,
    tmp_path: Path,
) -> None:
    await stage.server.start()
    number, head = await stage.pull("deploy", f"FORGEJO_TOKEN={os.urandom(20).hex()}\n")
    async with httpx.AsyncClient() as client:
        status, _ = await stage.server.deliver(client, number, AGENT)
    assert status == 202
    assert await stage.until_judged([head]) == ["failure"]
    await stage.server.stop()
    data = tmp_path / "data"
    made = [data, *(path for path in data.iterdir() if not path.is_symlink())]
    assert len(made) > 4
    assert {path.name: oct(mode) for path in made if (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077} == {}
