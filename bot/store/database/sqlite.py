"""Handles what only SQLite needs: a private file, its pragmas, and transactions that begin with the write lock."""

import os
import sqlite3
import time
from contextlib import suppress
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


class RollingBack(sqlite3.Connection):
    """A connection that rolls back when it is closed.

    The driver alone leaves a closed connection, its transaction and its lock alive while a cursor of it is referenced,
    such as by the traceback of work that was cancelled: nobody else could write any more.
    """

    def close(self) -> None:
        """Roll back what is open, then close. A second call does nothing."""
        with suppress(sqlite3.Error):
            self.rollback()
        super().close()


CONNECT = {"factory": RollingBack}
"""The driver's arguments for every connection that may write."""


def is_busy(fault: BaseException | None) -> bool:
    """Return whether a database's lock was held by somebody else for too long."""
    return isinstance(fault, sqlite3.Error) and fault.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def prepare_file(path: Path) -> None:
    """Create the database file (0600) and missing folders (0700), and enable write-ahead logging.

    Raises OSError or sqlite3.Error.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    _write_ahead(path)


def _write_ahead(path: Path) -> None:
    # SQLite ignores its busy handler when two processes change the journal mode at once, so wait for the other here.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()


def attend(engine: Engine) -> None:
    """Set the pragmas of each new connection, and begin writing transactions with the write lock held.

    A transaction that first reads and then requests the lock fails if another one wrote in between; with
    `BEGIN IMMEDIATE` it waits.
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
