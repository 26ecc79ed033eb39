"""A PostgreSQL for the tests: the server named by ASSAY_TEST_POSTGRES_URL, or one started here from Debian's binaries.

One server for each test process, on a socket in a folder of its own, with trust authentication and no TCP port; one
database for each test. Where no server can be had the tests that need one are skipped and say why.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from bot.store.database.session import Store, open_store, upgrade_database

BINARIES = "/usr/lib/postgresql"
START_SECONDS = 30
_SETTINGS = ("listen_addresses=", "shared_buffers=16MB", "max_connections=60", "fsync=off", "full_page_writes=off")
_names = itertools.count(1)


def postgres_binaries() -> Path | None:
    """The folder with initdb and postgres, of the newest version that is installed."""
    found = sorted(Path(BINARIES).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3].partition(".")[0]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _account() -> dict[str, int]:
    # The server refuses to run as root; its files then belong to an account that everybody has.
    if os.getuid() != 0:
        return {}
    for login in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(login)
            return {"user": entry.pw_uid, "group": entry.pw_gid}
    raise LookupError("root needs an account named postgres or nobody to run the server")


class Cluster:
    """A server of its own in a folder, which can be ended and started again. Further `name=value` settings win."""

    def __init__(self, binaries: Path, folder: Path, *settings: str) -> None:
        self.url = f"postgresql://assay@/postgres?host={folder}"
        self._binaries = binaries
        self._folder = folder
        self._settings = (*_SETTINGS, *settings)
        self._account = _account()
        self._server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make the empty databases."""
        if self._account:
            os.chown(self._folder, self._account["user"], self._account["group"])
        initdb = [
            self._binaries / "initdb",
            "-D",
            self._folder / "data",
            "-U",
            "assay",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]
        subprocess.run(initdb, check=True, capture_output=True, cwd=self._folder, timeout=120, **self._account)

    def start(self) -> None:
        """Return when it answers."""
        arguments = [item for setting in self._settings for item in ("-c", setting)]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._folder / "data", "-k", self._folder, *arguments],
                **self._account,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_for(self.url, self._server, self._folder / "log")

    def end(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT breaks off at once, SIGINT ends the sessions first."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(timeout=30)


@contextlib.contextmanager
def postgres_cluster(binaries: Path, *settings: str) -> Iterator[Cluster]:
    """Start a new server, give it, stop it and remove its files."""
    # Short: a socket's path may have no more than 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="assay-pg-", dir="/tmp"))
    cluster = Cluster(binaries, folder, *settings)
    try:
        cluster.make()
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running_postgres(binaries: Path, *settings: str) -> Iterator[str]:
    """Start a new server, give its URL, stop it and remove its files. Further `name=value` settings win."""
    with postgres_cluster(binaries, *settings) as cluster:
        yield cluster.url


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL didn't start: {log.read_text(errors='replace')[-2000:]}") from None
            time.sleep(0.02)
        else:
            return


@contextlib.contextmanager
def fresh_database(server: str, template: str = "template0") -> Iterator[str]:
    """A new database on `server` like `template`, which is empty; dropped at the end; gives its URL."""
    name = f"assay_{os.getpid()}_{next(_names)}"
    with psycopg.connect(server, autocommit=True) as connection:
        names = sql.Identifier(name), sql.Identifier(template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    before, mark, query = server.partition("?")
    try:
        yield f"{before.rpartition('/')[0]}/{name}{mark}{query}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server on which databases may be made."""
    if given := os.environ.get("ASSAY_TEST_POSTGRES_URL"):
        yield given
        return
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip(f"no PostgreSQL in {BINARIES} or on PATH: install postgresql, or set ASSAY_TEST_POSTGRES_URL")
    with running_postgres(binaries) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, for one test."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def prepared_database(postgres_server: str) -> Iterator[str]:
    """The name of a database with this version's tables and no rows, which others are copied from."""
    with fresh_database(postgres_server) as url:
        upgrade_database(url)
        yield str(make_url(url).database)


@pytest.fixture
def prepared_url(postgres_server: str, prepared_database: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with this version's tables and no rows, for one test."""
    with fresh_database(postgres_server, prepared_database) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that isn't made up yet: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/assay.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An open store, on each kind of database."""
    opened = await open_store(store_url)
    yield opened
    await opened.close()
