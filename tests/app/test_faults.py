"""What the service says of a database that takes no writes and of a token that the server rejects."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from bot.app import Service, assemble
from bot.sandbox import Sandbox
from bot.sandbox.world import BOT, people, settings_for, world
from tests.stories.server import RULES
from tests.waiting import until


async def readyz(address: str) -> tuple[int, dict[str, str]]:
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.get(f"{address}/readyz")
    return answer.status_code, answer.json()


@pytest.mark.long  # SQLite waits five seconds for the other writer
async def test_readyz_tells_a_database_whose_writes_are_locked(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        assert (await readyz(scene.address))[1]["database"] == "ok"
        await scene.settled()
        file = tmp_path / "data" / "assay.db"
        with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
            # In a thread: a transaction of the bot, which this loop has to end, may be open.
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            scene.service.health._known = None
            status, told = await readyz(scene.address)
            other.execute("ROLLBACK")
        scene.service.health._known = None
        assert status == 503
        assert told["database"].startswith("the database cannot be written: it is locked")
        assert (await readyz(scene.address))[1]["database"] == "ok"


async def test_readyz_tells_a_rejected_token_and_what_to_do(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        scene.sandbox.revoke(scene.tokens[BOT])
        status, told = await readyz(scene.address)
        assert status == 503
        assert "rejects the bot's token; create a new token" in told["forgejo"]


async def test_serve_says_that_the_token_is_rejected_and_connects_with_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox = Sandbox(tmp_path / "forge")
    await sandbox.start()
    tokens = await people(sandbox)
    sandbox.revoke(tokens[BOT])
    told = ""

    def rejected() -> bool:
        nonlocal told
        told += capsys.readouterr().out
        return "forgejo.token-rejected" in told

    settings = settings_for(tmp_path, sandbox, tokens[BOT], rules_cache_dir=RULES)
    async with assemble(settings) as machine, Service(machine).running():
        await until(rejected)
    await sandbox.stop()
    assert "create a new token" in told
    assert "unreachable" not in told


@pytest.mark.parametrize(
    ("operators", "told"),
    [
        (("@operator", "nobody-here"), ("without @ in ASSAY_OPERATORS", "no account nobody-here")),
        ((), ("operators.none",)),
    ],
)
async def test_serve_warns_of_operators_who_decide_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], operators: tuple[str, ...], told: tuple[str, ...]
) -> None:
    log = ""

    def warned() -> bool:
        nonlocal log
        log += capsys.readouterr().out
        return all(word in log for word in told)

    async with world(tmp_path, rules_cache_dir=RULES, operators=operators):
        await until(warned)
