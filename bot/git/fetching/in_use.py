"""Which mirrors are in use, by this process and by others, and when each was used last.

A process that uses a mirror holds a shared lock on its folder (flock(2)), which ends with the process. So a mirror is
only deleted by who gets the exclusive lock.
"""

import fcntl
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

USED = "assay-last-use"
"""A file whose time is that of the last use. That of the folder changes with every file in it."""


class Held:
    """The mark of one handle of a mirror: the mirror is in use while it is alive."""


class InUse:
    """The mirrors that this process uses. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._used: dict[Path, float] = {}
        self._held: dict[Path, set[int]] = {}
        self._locks: dict[Path, int] = {}

    def hold(self, mirror: Path) -> Held:
        """Return the mark of a new handle of a mirror."""
        held = Held()
        self._held.setdefault(mirror, set()).add(id(held))
        weakref.finalize(held, self._let_go, mirror, id(held)).atexit = False
        self._used[mirror] = self._clock()
        self.lock(mirror)
        return held

    def lock(self, mirror: Path) -> None:
        """Tell other processes that a mirror is in use. Called again after it was made."""
        if mirror not in self._held:
            return
        with suppress(OSError):
            (mirror / USED).touch()
            known = self._locks.get(mirror)
            if known is not None and os.path.samestat(os.fstat(known), mirror.stat()):
                return
            self._unlock(mirror)
            lock = os.open(mirror, os.O_RDONLY | os.O_DIRECTORY)
            self._locks[mirror] = lock
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def rests(self, mirror: Path, seconds: float) -> bool:
        """Return whether this process does not use a mirror, and has not for some seconds."""
        used = self._used.get(mirror)
        return mirror not in self._held and (used is None or self._clock() - used >= seconds)

    def is_alone(self, mirror: Path, held: Held) -> bool:
        """Return whether a handle is the only one of this process."""
        return self._held.get(mirror, set()) <= {id(held)}

    def last_use(self, mirror: Path) -> float:
        """Return when a mirror was used last, by any process, in seconds of the epoch."""
        for path in (mirror / USED, mirror):
            with suppress(OSError):
                return path.stat().st_mtime
        return 0.0

    @contextmanager
    def alone(self, mirror: Path) -> Iterator[bool]:
        """Keep all other processes from using a mirror; yields False if one of them uses it."""
        try:
            lock = os.open(mirror, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            yield False
            return
        own = mirror in self._locks
        self._unlock(mirror)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
        finally:
            os.close(lock)
            if own:
                self.lock(mirror)

    def _let_go(self, mirror: Path, handle: int) -> None:
        handles = self._held.get(mirror, set())
        handles.discard(handle)
        if not handles:
            self._held.pop(mirror, None)
            self._unlock(mirror)

    def _unlock(self, mirror: Path) -> None:
        if (lock := self._locks.pop(mirror, None)) is not None:
            os.close(lock)
