"""One server for one data directory and one database: a second `assay serve` is refused.

Two servers would both answer the same delivery, and each would take the other's writes for those of somebody else.
"""

import asyncio
import fcntl
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from bot.private_files import ConfigError
from bot.store import Store

LOCK = "serve.lock"
KEY = 0x7365727665
"""The key of PostgreSQL's advisory lock: "serve" in ASCII; upgrades have another."""
PATIENCE = 5.0
AGAIN = 0.2
"""How long a server waits for one that is just ending, and how often it looks, in seconds."""
HOLDER = text(
    "SELECT pid, coalesce(host(client_addr), 'this machine') FROM pg_locks "
    "JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted "
    "AND classid = 115 AND objid = 1702000229 LIMIT 1"
)
ADVICE = "stop it first, or use another data directory and database"


@asynccontextmanager
async def only_server(folder: Path, store: Store) -> AsyncIterator[None]:
    """Hold the data directory and the database for this process. Raises ConfigError if another server has them."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            with _folder(folder), _database(store):
                yield
                return
        except _Taken as taken:
            if asyncio.get_running_loop().time() >= deadline:
                raise ConfigError(f"{taken}; {ADVICE}") from None
        await asyncio.sleep(AGAIN)


class _Taken(Exception):
    """Another server has it; the text says which one."""


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    place = folder / LOCK
    with place.open("a+", encoding="utf-8") as file:
        place.chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read(100).strip() or "another process"
            raise _Taken(f"the data directory {folder} is in use by {who}") from None
        file.truncate(0)
        file.write(f"assay serve, process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        yield
        file.truncate(0)


@contextmanager
def _database(store: Store) -> Iterator[None]:
    if store.dialect != "postgresql":
        yield
        return
    with store.blocking.connect() as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}):
            raise _Taken(f"the database is in use by another assay serve{_holder(connection)}")
        connection.commit()
        yield


def _holder(connection: Connection) -> str:
    found = connection.execute(HOLDER).first()
    return f" (connection {found[0]} of PostgreSQL, from {found[1]})" if found else ""
