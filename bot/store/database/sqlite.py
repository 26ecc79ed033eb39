"""What SQLite needs that PostgreSQL does not: a private file, its pragmas, and transactions begun the right way."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

WRITES = "assay_writes"
"""The execution option of an engine whose transactions write."""

BUSY_SECONDS = 5
_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


def prepare_file(path: Path) -> None:
    """Make the database file (0600) and the folders it misses (0700), and turn write-ahead logging on.

    Raises OSError or sqlite3.Error where that can't be done.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    _write_ahead(path)


def _write_ahead(path: Path) -> None:
    # SQLite doesn't ask its busy handler when two processes change the journal mode at once: wait for the other here.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()


def attend(engine: Engine) -> None:
    """Give each new connection its pragmas, and begin what writes with the write lock already held.

    A transaction that reads first and asks for the lock later fails at once when another one wrote in between;
    with `BEGIN IMMEDIATE` it waits its turn.
    """
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begin)


def _connected(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin` does
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
