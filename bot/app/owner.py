"""Who may run `assay serve`: one process for a data directory, and one for a SQLite database.

Two servers would both answer the same delivery, and each would take the other's writes for those of somebody else. On
PostgreSQL any number of processes share the work, if all of them have the same installation key; a process of an older
version, which knows nothing of the others, is not one of them.
"""

import asyncio
import fcntl
import hashlib
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
KEYS = 0x6B657973
"""The class of the advisory locks that tell which installation keys are in use: "keys" in ASCII."""
OTHER_KEYS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
    "WHERE datname = current_database() AND locktype = 'advisory' AND granted AND objsubid = 2 "
    "AND classid = CAST(CAST(:keys AS bigint) AS oid) AND objid <> CAST(CAST(:key AS bigint) AS oid)"
)
HOLDER = text(
    "SELECT pid, coalesce(host(client_addr), 'this machine') FROM pg_locks "
    "JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted "
    "AND classid = 115 AND objid = 1702000229 LIMIT 1"
)
ADVICE = "stop it first, or use another data directory and database"
SAME_KEY = (
    "an assay serve with another installation.key uses this database; copy its key to this data directory (mode 0600), "
    "or name it with ASSAY_INSTALLATION_KEY_FILE"
)


@asynccontextmanager
async def only_server(folder: Path, store: Store, key: bytes) -> AsyncIterator[None]:
    """Hold the data directory for this process, and take part in the database with an installation key.

    Raises ConfigError if another server has the folder, or uses the database in another way.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            with _file(folder / LOCK, f"the data directory {folder}"), _database(store, key):
                yield
                return
        except _Taken as taken:
            if asyncio.get_running_loop().time() >= deadline:
                raise ConfigError(str(taken)) from None
        await asyncio.sleep(AGAIN)


class _Taken(Exception):
    """Another server has it; the text says which one."""


@contextmanager
def _file(place: Path, what: str) -> Iterator[None]:
    with place.open("a+", encoding="utf-8") as file:
        place.chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read(100).strip() or "another process"
            raise _Taken(f"{what} is in use by {who}; {ADVICE}") from None
        file.truncate(0)
        file.write(f"assay serve, process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        yield
        file.truncate(0)


def refuse_another_key(store: Store, key: bytes) -> None:
    """Raise ConfigError if servers with another installation key use the database."""
    if store.dialect == "postgresql":
        with store.blocking.connect() as connection:
            if _another_key(connection, key):
                raise ConfigError(SAME_KEY)


@contextmanager
def _database(store: Store, key: bytes) -> Iterator[None]:
    if store.dialect != "postgresql":
        file = Path(store.url.database or "").resolve()
        with _file(file.with_name(f"{file.name}.{LOCK}"), f"the database {file}"):
            yield
        return
    with store.blocking.connect() as connection:
        connection.detach()  # what it holds ends with it, and not with the pool
        if not connection.scalar(text("SELECT pg_try_advisory_lock_shared(:key)"), {"key": KEY}):
            raise _Taken(f"the database is in use by an assay serve of an older version{_holder(connection)}; {ADVICE}")
        with_key = {"keys": KEYS, "key": _fingerprint(key)}
        connection.execute(text("SELECT pg_advisory_lock_shared(:keys, :key)"), with_key)
        if _another_key(connection, key):
            raise _Taken(SAME_KEY)
        connection.commit()
        yield


def _another_key(connection: Connection, key: bytes) -> bool:
    return bool(connection.scalar(OTHER_KEYS, {"keys": KEYS, "key": _fingerprint(key)}))


def _fingerprint(key: bytes) -> int:
    """Return 31 bits that tell keys apart and nothing of the key."""
    return int.from_bytes(hashlib.sha256(b"assay installation " + key).digest()[:4]) >> 1


def _holder(connection: Connection) -> str:
    found = connection.execute(HOLDER).first()
    return f" (connection {found[0]} of PostgreSQL, from {found[1]})" if found else ""
