"""A data directory and a database have one server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import only_server, owner
from bot.private_files import ConfigError
from bot.store import Store, open_store

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
        async with only_server(tmp_path, store):
            raise AssertionError
    first.kill()
    async with only_server(tmp_path, store):
        assert f"process {os.getpid()} " in (tmp_path / "serve.lock").read_text(encoding="utf-8")


async def test_a_second_server_of_a_postgresql_database_is_refused(tmp_path: Path, store_url: str) -> None:
    one, two = await open_store(store_url), await open_store(store_url)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    async with only_server(folders[0], one):
        if one.dialect == "postgresql":
            with pytest.raises(ConfigError, match=r"in use by another assay serve \(connection \d+ of PostgreSQL"):
                async with only_server(folders[1], two):
                    raise AssertionError
    await one.close()
    async with only_server(folders[1], two):
        pass
    await two.close()
