"""Which worker the last process of a data directory was.

The lock on the file shows that this process has ended: what it was running can be run again at once, and not only when
its heartbeat is old. The file names the database too, and itself, so that a copy of the folder names nobody.
"""

import fcntl
import os
from pathlib import Path

LONGEST = 100


class Folder:
    """The file of a data directory, locked from `take` to `leave`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self, database: str) -> int | None:
        """Lock the file and return the worker of a database that it names; None if there is none, or it is in use.

        Raises OSError.
        """
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        self._file = file
        match os.pread(file, LONGEST, 0).decode("ascii", "replace").split():
            case [worker, where, itself] if where == database and itself == self._itself() and worker.isdecimal():
                return int(worker)
        return None

    def keep(self, database: str, worker: int) -> None:
        """Name the worker that this process is now. Raises OSError."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{worker} {database} {self._itself()}\n".encode(), 0)

    def leave(self) -> None:
        """Give the lock free; the name stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _itself(self) -> str:
        return str(os.fstat(self._file or 0).st_ino)
