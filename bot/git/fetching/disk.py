"""Keeps the mirrors within their space: bounds of one fetch, of one mirror and of all, and of the disk.

A mirror is in use while a handle of it is alive in any process, and for a minute after the last one was given. Only
mirrors that are not in use are deleted for others, those first that were used the longest time ago.
"""

import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot.fact_cache import FactCache
from bot.git.fetching.in_use import Held, InUse
from bot.git.fetching.incoming import Incoming, size_of
from bot.git.fetching.leftovers import DROPPED, delete_leftovers, mirror_folders
from bot.git.process import GitError, GitLimits

log = structlog.get_logger(__name__)

MIB = 1024 * 1024
REST_SECONDS = 60.0
FIRST_RETRY, LAST_RETRY = 600.0, 86_400.0
REMEMBERED = 4096


class GitOverBound(GitError):
    """What git receives exceeds a bound; the text says which one, and what an operator can do.

    `lasting`: another try comes to the same bound.
    """

    def __init__(self, text: str, *, lasting: bool = True) -> None:
        super().__init__(text)
        self.lasting = lasting


@dataclass(frozen=True)
class _Refused:
    """A fetch over a bound: why, and how many times in a row."""

    why: str
    times: int


@dataclass
class Disk:
    """The space of all mirrors. `clock` gives monotonic seconds."""

    root: Path
    limits: GitLimits
    clock: Callable[[], float] = time.monotonic
    _sizes: dict[Path, int] = field(default_factory=dict)
    _arriving: dict[Path, Incoming] = field(default_factory=dict)
    _full: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._refused: FactCache[tuple[Path, str], _Refused] = FactCache(REMEMBERED, self.clock)
        self._again: FactCache[tuple[Path, str], int] = FactCache(REMEMBERED, self.clock)
        self._in_use = InUse(self.clock)

    def tidy(self) -> None:
        """Delete what a crash left behind, measure all mirrors, and delete the oldest ones that are too many."""
        if count := delete_leftovers(self.root):
            log.info("mirrors.leftovers-deleted", count=count)
        self._sizes = {folder: size_of(folder) for folder in mirror_folders(self.root)}
        with suppress(GitOverBound):  # all that are left are in use
            self._make_room(0, None)

    def hold(self, folder: Path) -> Held:
        """Return the mark of a new handle of a mirror."""
        return self._in_use.hold(folder)

    def size(self, folder: Path) -> int:
        """Return the bytes of a mirror, as last measured."""
        if folder not in self._sizes:
            self._sizes[folder] = size_of(folder)
        return self._sizes[folder]

    def measure(self, folder: Path) -> None:
        """Measure a mirror again, after it changed."""
        self._sizes[folder] = size_of(folder)

    def begin(self, arriving: Incoming) -> None:
        """Take note of what a command receives."""
        self._arriving[arriving.path] = arriving

    def end(self, arriving: Incoming) -> None:
        """Forget a command that has ended."""
        self._arriving.pop(arriving.path, None)

    def admit(self, mirror: Path) -> None:
        """Raise GitOverBound if there is no room for a fetch at all; from here on other processes keep the mirror."""
        self._in_use.lock(mirror)
        self._check_space(0, mirror)

    def check(self, arriving: Incoming) -> None:
        """Raise GitOverBound if what has arrived exceeds a bound. Called while git runs, and at its end."""
        limits, size = self.limits, arriving.size()
        if not size:
            return
        if size > limits.fetch_bytes:
            raise _over("one fetch", limits.fetch_bytes, "ASSAY_MAX_FETCH_BYTES")
        if self.size(arriving.mirror) + size > limits.mirror_bytes:
            self._full.add(arriving.mirror)  # begun anew by the next fetch: it may hold what nobody needs any more
            raise _over("the repository's mirror", limits.mirror_bytes, "ASSAY_MAX_MIRROR_BYTES")
        others = sum(one.size() for one in self._arriving.values() if one.path != arriving.path)
        self._check_space(size + others, arriving.mirror)

    def _check_space(self, arriving: int, mirror: Path) -> None:
        self._make_room(arriving, mirror)
        free = shutil.disk_usage(self.root).free
        if free < self.limits.free_bytes:
            why = f"only {free // MIB} MiB of disk space are left; an operator has to free some"
            raise GitOverBound(why, lasting=False)

    def refuse_again(self, folder: Path, specs: Sequence[str]) -> None:
        """Raise GitOverBound if one of the commits was over a bound lately: it isn't fetched at each look."""
        for spec in specs:
            if (known := self._refused.get((folder, spec))) is not None:
                raise GitOverBound(known.why)

    def remember(self, folder: Path, specs: Sequence[str], fault: GitOverBound) -> None:
        """Remember a refusal for ten minutes, and for twice the time after each further one, at most a day.

        A branch of the repository itself is to blame only if nothing else was fetched with it.
        """
        blamed = [spec for spec in specs if not spec.startswith("+refs/heads/")] or specs
        for spec in blamed:
            times = self._again.get((folder, spec)) or 0
            self._again.keep((folder, spec), times + 1)
            self._refused.keep((folder, spec), _Refused(str(fault), times), min(FIRST_RETRY * 2**times, LAST_RETRY))

    def renew(self, folder: Path, own: Held) -> None:
        """Delete a mirror that has reached its bound, unless others read it now."""
        if folder in self._full and self._in_use.is_alone(folder, own) and self._drop(folder):
            self._full.discard(folder)

    def _make_room(self, arriving: int, wanted_by: Path | None) -> None:
        if self._total() + arriving <= self.limits.mirrors_bytes:
            return
        for folder in sorted(mirror_folders(self.root), key=self._in_use.last_use):
            if folder != wanted_by and self._in_use.rests(folder, REST_SECONDS):
                self._drop(folder)
            if self._total() + arriving <= self.limits.mirrors_bytes:
                return
        raise _over("all mirrors together", self.limits.mirrors_bytes, "ASSAY_MAX_MIRRORS_BYTES")

    def _total(self) -> int:
        return sum(self.size(folder) for folder in mirror_folders(self.root))

    def _drop(self, folder: Path) -> bool:
        """Move a mirror away, so that nobody finds half of one, and delete it; return False if others use it."""
        with self._in_use.alone(folder) as alone:
            if not alone:
                return False
            away = self.root / f"{DROPPED}{folder.parent.name}-{folder.name}-{secrets.token_hex(4)}"
            with suppress(OSError):
                folder.rename(away)
        shutil.rmtree(away, ignore_errors=True)
        log.info("mirror.deleted", mirror=folder.name, mib=self._sizes.pop(folder, 0) // MIB, why="space")
        return True


def _over(what: str, bound: int, setting: str) -> GitOverBound:
    return GitOverBound(
        f"it exceeds the bound of {bound // MIB} MiB for {what}; split the pull request, or let an operator raise "
        f"{setting} and restart the bot"
    )
