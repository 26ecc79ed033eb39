"""The file in which SQLite keeps acknowledged deliveries until they are taken into the database.

SQLite has one writer at a time, and a transaction of an evaluation may hold the database's lock for as long as its
event loop is busy. A delivery has to be durable within milliseconds, so deliveries have a file and a lock of their own.
PostgreSQL needs no such file.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.database import sqlite

INSERTION = "INSERT INTO arrivals (id, envelope) VALUES (?, ?) ON CONFLICT (id) DO NOTHING"
KNOWN = "SELECT 1 FROM deliveries WHERE id = ?"
# AUTOINCREMENT: a number is never used again, so that what one reader removes is what it read.
_TABLE = (
    "CREATE TABLE IF NOT EXISTS arrivals "
    "(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, envelope TEXT NOT NULL)"
)
_OLDEST = text("SELECT number, envelope FROM arrivals WHERE number > :taken ORDER BY number LIMIT :limit")
_COUNT = text("SELECT count(*) FROM arrivals WHERE number > :taken")
_REMOVAL = text("DELETE FROM arrivals WHERE number <= :taken")
_REMOVER = ("PRAGMA synchronous=NORMAL", "PRAGMA busy_timeout=20")
"""A removal that a power cut undoes does no harm, so it does not wait for the disk. Nor does it wait long for the lock:
SQLite is not fair, and the writer of a steady stream of deliveries leaves it to no one for seconds."""


class Arrival(NamedTuple):
    """A delivery in the file: its place in the order of arrival, and its envelope as JSON."""

    number: int
    envelope: str


class Spool:
    """The file beside a SQLite database. `writing` is the engine of those who add deliveries, with durable commits.

    `taken` is the number of the last delivery that the database has.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f"{database.stem}.inbox.db")
        self.writing: Engine = create_engine(
            URL.create("sqlite+pysqlite", database=str(self.path)), connect_args=sqlite.CONNECT
        )
        sqlite.attend(self.writing)
        self._taking, self._removing = self._engine(), self._engine()
        event.listen(self._removing.sync_engine, "connect", _hasty)
        self.taken = 0

    def prepare(self) -> None:
        """Create the file if it is missing. Raises OSError or sqlite3.Error."""
        sqlite.prepare_file(self.path)
        with closing(sqlite3.connect(self.path, timeout=sqlite.BUSY_SECONDS)) as connection, connection:
            connection.execute(_TABLE)

    async def oldest(self, limit: int) -> list[Arrival]:
        """Return deliveries in the order of their arrival."""
        async with self._taking.connect() as connection:
            asked = {"limit": limit, "taken": self.taken}
            return [Arrival(*row) for row in await connection.execute(_OLDEST, asked)]

    async def count(self) -> int:
        """Return how many deliveries are in the file."""
        async with self._taking.connect() as connection:
            return int((await connection.execute(_COUNT, {"taken": self.taken})).scalar_one())

    async def remove(self, arrivals: Sequence[Arrival]) -> None:
        """Remove the oldest deliveries, which the database has now; at the next call if others are being written."""
        self.taken = max(self.taken, *(one.number for one in arrivals))
        try:
            async with self._removing.execution_options(**{sqlite.WRITES: True}).begin() as connection:
                await connection.execute(_REMOVAL, {"taken": self.taken})
        except OperationalError as fault:
            if not sqlite.is_busy(fault.orig):
                raise

    async def close(self) -> None:
        """Close all connections."""
        await self._taking.dispose()
        await self._removing.dispose()
        self.writing.dispose()

    def _engine(self) -> AsyncEngine:
        address = URL.create("sqlite+aiosqlite", database=str(self.path))
        engine = create_async_engine(address, connect_args=sqlite.CONNECT)
        sqlite.attend(engine.sync_engine)
        return engine


def _hasty(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in _REMOVER:
        cursor.execute(pragma)
    cursor.close()
