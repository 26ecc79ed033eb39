"""What the service says of a database that takes no writes and of a token that the server rejects."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event

from bot.app import Role, Service, assemble
from bot.config import ConfigError
from bot.git import GitError, installed_git
from bot.sandbox import Sandbox
from bot.sandbox.world import BOT, OPERATOR, people, settings_for, world
from tests.stories.conftest import hook
from tests.stories.pushes import clean_pull, token_line
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
        assert status == 503
        assert told["database"].startswith("the database cannot be written: it is locked")
        async with asyncio.timeout(60):  # a slow disk may keep the first write waiting too
            while told["database"] != "ok":
                scene.service.health._known = None
                _, told = await readyz(scene.address)


async def test_readyz_tells_a_database_that_is_full(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        await scene.settled()
        store = scene.machine.store
        async with store.engine.connect() as connection:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        limit = f"PRAGMA max_page_count={pages}"
        event.listen(store.engine.sync_engine, "checkout", lambda connection, *_: connection.execute(limit))
        scene.service.health._known = None
        status, told = await readyz(scene.address)
    assert status == 503
    assert told["database"].startswith("the database cannot be written: it is locked, full, damaged")


async def test_readyz_tells_a_database_that_is_damaged(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        await scene.settled()
        store = scene.machine.store
        async with store.turn():
            file = tmp_path / "data" / "assay.db"
            with closing(sqlite3.connect(file)) as other:
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                (root,) = other.execute("select rootpage from sqlite_master where name = 'ledger'").fetchone()
                (size,) = other.execute("PRAGMA page_size").fetchone()
            with file.open("r+b") as opened:
                opened.seek((root - 1) * size)
                opened.write(b"\xff" * size)
        number = await scene.open_issue(OPERATOR, "Rain", token_line())
        await scene.machine.engine.submit(scene.target(f"#{number}"))
        await until(lambda: bool(store.damage.found))
        scene.service.health._known = None
        status, told = await readyz(scene.address)
        assert status == 503
        assert "damaged" in told["database"]


@pytest.mark.postgres
async def test_readyz_tells_a_postgresql_that_only_reads(tmp_path: Path, postgres_url: str) -> None:
    async with world(tmp_path, rules_cache_dir=RULES, database_url=postgres_url) as scene:
        await scene.settled()
        assert (await readyz(scene.address))[0] == 200
        event.listen(
            scene.machine.store.engine.sync_engine,
            "begin",
            lambda connection: connection.exec_driver_sql("SET TRANSACTION READ ONLY"),
        )
        scene.service.health._known = None
        status, told = await readyz(scene.address)
        assert status == 503
        assert told["database"].startswith("the database cannot be written")


async def test_a_git_that_is_gone_is_told_at_the_start_and_by_readyz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        monkeypatch.setenv("PATH", str(tmp_path))
        status, told = await readyz(scene.address)
        assert status == 503
        assert told["git"].startswith("there is no program git; install git 2.38 or newer")
        with pytest.raises(ConfigError, match="there is no program git; install git"):
            async with Service(scene.machine).running():
                pytest.fail("it runs without git")


@pytest.mark.postgres
async def test_a_process_that_only_receives_needs_neither_git_nor_forgejo(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        more = {"database_url": postgres_url, "rules_cache_dir": RULES, "data_dir": tmp_path / "web", "port": 0}
        (tmp_path / "web").mkdir(mode=0o700)
        settings = settings_for(tmp_path, scene.sandbox, scene.tokens[BOT], **more)
    monkeypatch.setenv("PATH", str(tmp_path))
    async with assemble(settings) as machine, Service(machine, role=Role.WEB).running() as address:
        assert await readyz(address) == (200, {"database": "ok"})


async def test_a_git_that_is_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\necho git version 2.30.2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match=r"git 2\.30 is too old; install git 2\.38"):
        await installed_git()


async def test_readyz_tells_a_mirror_that_cannot_be_made(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        folder = scene.machine.mirrors.root / f"{scene.repo.id}.git"
        folder.write_text("no folder")
        await hook(scene)
        await clean_pull(scene)
        await until(lambda: bool(scene.machine.mirrors.soundness.unmade))
        status, told = await readyz(scene.address)
        assert status == 503
        assert f"mirrors that cannot be made: 1, such as {folder.name}" in told["mirrors"]
        folder.unlink()
        await until(lambda: not scene.machine.mirrors.soundness.unmade)
        scene.service.health._known = None
        assert (await readyz(scene.address))[1]["mirrors"] == "ok"


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
