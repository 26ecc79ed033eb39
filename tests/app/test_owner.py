"""A data directory has one server; a PostgreSQL database any number of one installation key."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.app import only_server, owner, refuse_another_key
from bot.private_files import ConfigError
from bot.store import Store, open_store

KEY, OTHER = bytes(32), bytes(range(32))
HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
file.write("assay serve, process 7 on garden\\n")
file.flush()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "PATIENCE", 0.3)


@pytest.fixture
def first(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has the data directory."""
    holding = [sys.executable, "-c", HOLD, str(tmp_path / "serve.lock")]
    with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


async def test_a_second_server_of_a_data_directory_is_refused_with_the_first_ones_name(
    tmp_path: Path, store: Store, first: subprocess.Popen[bytes]
) -> None:
    with pytest.raises(ConfigError, match="in use by assay serve, process 7 on garden; stop it first"):
        async with only_server(tmp_path, store, KEY):
            raise AssertionError
    first.kill()
    async with only_server(tmp_path, store, KEY):
        assert f"process {os.getpid()} " in (tmp_path / "serve.lock").read_text(encoding="utf-8")


async def test_a_second_server_of_a_sqlite_database_is_refused_though_it_has_a_data_directory_of_its_own(
    tmp_path: Path,
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    first = await open_store(f"sqlite:///{tmp_path}/one/assay.db")
    second = await open_store(f"sqlite:///{tmp_path}/link/assay.db")
    async with only_server(tmp_path / "one", first, KEY):
        told = rf"the database \S+assay.db is in use by assay serve, process {os.getpid()}"
        with pytest.raises(ConfigError, match=told):
            async with only_server(tmp_path / "two", second, KEY):
                raise AssertionError
    async with only_server(tmp_path / "two", second, KEY):
        pass
    for store in (first, second):
        await store.close()


@pytest.fixture
async def two(tmp_path: Path, postgres_url: str) -> AsyncIterator[list[tuple[Path, Store]]]:
    """Two data directories, and two processes' connections to one database."""
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        found.append((tmp_path / name, await open_store(postgres_url)))
    yield found
    for _, store in found:
        await store.close()


@pytest.mark.postgres
async def test_several_servers_of_one_key_share_a_postgresql_database(two: list[tuple[Path, Store]]) -> None:
    async with only_server(*two[0], KEY), only_server(*two[1], KEY):
        for _, store in two:
            refuse_another_key(store, KEY)


@pytest.mark.postgres
async def test_a_server_with_another_key_is_refused_while_the_first_one_runs(two: list[tuple[Path, Store]]) -> None:
    async with only_server(*two[0], KEY):
        with pytest.raises(ConfigError, match=r"another installation.key uses this database; copy its key"):
            async with only_server(*two[1], OTHER):
                raise AssertionError
        with pytest.raises(ConfigError, match=r"ASSAY_INSTALLATION_KEY_FILE"):
            refuse_another_key(two[1][1], OTHER)
    async with only_server(*two[1], OTHER):
        refuse_another_key(two[0][1], OTHER)


@pytest.mark.postgres
async def test_a_server_of_an_older_version_shares_no_database(two: list[tuple[Path, Store]]) -> None:
    with two[0][1].blocking.connect() as old:
        old.execute(text("SELECT pg_advisory_lock(:key)"), {"key": owner.KEY})
        with pytest.raises(ConfigError, match=r"older version \(connection \d+ of PostgreSQL.*stop it first"):
            async with only_server(*two[1], KEY):
                raise AssertionError
        old.execute(text("SELECT pg_advisory_unlock_all()"))
    async with only_server(*two[1], KEY):
        with two[0][1].blocking.connect() as old:
            assert not old.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": owner.KEY})
