"""Marks the mirrors that a process uses, so that the next one knows which were in use at an unclean end.

A process has a folder of its own beside the mirrors, which it keeps locked while it lives, and a file of the folder's
name in each mirror that it uses. Both are deleted at its end; what a killed process left tells that it was killed.
"""

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from bot.git.fetching.incoming import abandoned
from bot.git.fetching.leftovers import PROCESS

MARK = "assay-used-by-"


class Marks:
    """The marks of this process."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._own: Path | None = None
        self._marked: set[Path] = set()

    def take(self, mirror: Path) -> bool:
        """Mark a mirror as used; return whether a process that used it before did not end cleanly."""
        mine = MARK + self._mine().name
        if mirror in self._marked and (mirror / mine).exists():
            return False
        left = [mark for mark in mirror.glob(f"{MARK}*") if mark.name != mine and self._is_dead(mark)]
        (mirror / mine).touch()
        self._marked.add(mirror)
        for mark in left:
            mark.unlink(missing_ok=True)
        return bool(left)

    def __contains__(self, mirror: Path) -> bool:
        """Return whether this process has used a mirror."""
        return mirror in self._marked

    def release(self) -> None:
        """Delete this process's marks, at its clean end."""
        if self._own is None:
            return
        for mirror in self._marked:
            (mirror / (MARK + self._own.name)).unlink(missing_ok=True)
        shutil.rmtree(self._own, ignore_errors=True)
        self._marked, self._own = set(), None

    def _mine(self) -> Path:
        if self._own is None:
            own = Path(tempfile.mkdtemp(prefix=PROCESS, dir=self._root))
            lock = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
            weakref.finalize(self, os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._own = own
        return self._own

    def _is_dead(self, mark: Path) -> bool:
        process = self._root / mark.name.removeprefix(MARK)
        return not process.exists() or abandoned(process)
