"""Lets one process at a time do something outside the database, such as defining the labels of a repository.

On PostgreSQL that is an advisory lock of a transaction, and for SQLite a locked file beside the database. Both are
given free when their process ends, however it ends.
"""

import asyncio
import fcntl
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

PATIENCE = 120.0
"""How long a process waits for another one, in seconds."""
AGAIN = 0.05
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:what), hashtext(:number))")


@asynccontextmanager
async def locked_row(engine: AsyncEngine, what: str, number: int) -> AsyncIterator[None]:
    """Hold the lock of a thing in PostgreSQL. Raises TimeoutError."""
    async with engine.connect() as connection:
        async with asyncio.timeout(PATIENCE):
            await connection.execute(_LOCK, {"what": what, "number": str(number)})
        yield


@asynccontextmanager
async def locked_file(folder: Path, what: str, number: int) -> AsyncIterator[None]:
    """Hold the lock of a thing as a file in a folder, which is made. Raises TimeoutError, OSError."""
    file = _opened(folder, f"{re.sub('[^a-z0-9]+', '-', what.lower())}-{number}")
    try:
        async with asyncio.timeout(PATIENCE):
            while not _taken(file):  # noqa: ASYNC110 - another process has it, and tells nobody
                await asyncio.sleep(AGAIN)
        yield
    finally:
        os.close(file)


def _opened(folder: Path, name: str) -> int:
    folder.mkdir(mode=0o700, exist_ok=True)
    return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
