"""Asks whether a database takes writes, and remembers that it was found damaged.

A write that changes nothing still writes: a full disk is found when a row is written, and a database that may not grow
when a page is asked for.
"""

import sqlite3

from psycopg import errors
from sqlalchemy import Engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncSession

WRITE = text("UPDATE alembic_version SET version_num = version_num")
GROW = (
    "SAVEPOINT probe",
    "CREATE TABLE assay_probe (content BLOB)",
    "INSERT INTO assay_probe VALUES (zeroblob(16384))",
    "ROLLBACK TO probe",
    "RELEASE probe",
)
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
DAMAGED_INDEX = (errors.DataCorrupted, errors.IndexCorrupted)


async def probe(session: AsyncSession, dialect: str) -> None:
    """Write, in a transaction of the session that the caller ends. Raises what the database raises."""
    if dialect == "sqlite":
        for statement in GROW:
            await session.execute(text(statement))
    await session.execute(WRITE)


class Damage:
    """What the database said when it found itself damaged; empty while it has not. It stays until a restart."""

    def __init__(self) -> None:
        self.found = ""

    def watch(self, engine: Engine) -> None:
        """Listen to the errors of an engine."""
        event.listen(engine, "handle_error", self._failed)

    def _failed(self, context: ExceptionContext) -> None:
        error = context.original_exception
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in DAMAGED or isinstance(error, DAMAGED_INDEX):
            self.found = str(error).partition("\n")[0]
