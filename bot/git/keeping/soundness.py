"""Decides when a mirror is verified, and when it is made again.

It is verified before its first use after an unclean end, when an object file changed that the bot did not change, and
when git gave up on it. A damaged mirror is deleted under its lock, before the next fetch makes it again: once in ten
minutes at most, so that a broken disk does not have everything fetched again and again.
"""

import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import structlog

from bot.fact_cache import FactCache
from bot.git.fetching import record
from bot.git.fetching.leftovers import DROPPED, delete_locks
from bot.git.keeping.damage import DAMAGE, LOCKED, Run, died, find_damage
from bot.git.keeping.marks import Marks
from bot.git.process import GitError

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 600.0
LOCK_SECONDS = 5.0
"""Age at which a lock file of git is left behind: git holds one for milliseconds."""
REMEMBERED = 4096
Result = TypeVar("Result")
DISK = "check the disk and the log of the machine"


class MirrorDamaged(Exception):
    """The mirror that is being read is damaged. It is made again by the next fetch, so reading again may help."""


async def sound(read: Callable[[], Awaitable[Result]]) -> Result:
    """Return what is read of a mirror; if it turns out to be damaged, of the next one. Raises GitError."""
    with suppress(MirrorDamaged):
        return await read()
    try:
        return await read()
    except MirrorDamaged as fault:
        raise GitError(str(fault)) from None


@dataclass
class Soundness:
    """What is known of the soundness of all mirrors. `run` starts git, `clock` gives monotonic seconds.

    `unmade`: by the name of a mirror's folder, why it cannot be made. `on_remade` is called when one is made again.
    """

    root: Path
    run: Run
    clock: Callable[[], float] = time.monotonic
    unmade: dict[str, str] = field(default_factory=dict)
    on_remade: Callable[[], None] = lambda: None
    _damaged: dict[Path, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.marks = Marks(self.root)
        self._remade: FactCache[Path, float] = FactCache(REMEMBERED, self.clock)
        self._verified: FactCache[Path, float] = FactCache(REMEMBERED, self.clock)

    async def before_use(self, mirror: Path) -> None:
        """Verify a mirror if there is a reason to, and delete it if it is damaged; needs the mirror's lock.

        Raises GitError if it was made again a short time ago.
        """
        if not _there(mirror):
            return
        killed = self._take(mirror)
        why = self._damaged.get(mirror, "")
        if not why and (killed or not record.untouched(mirror)):
            why = await find_damage(self.run, mirror)
            if not why:
                record.record(mirror)
        if why:
            self._make_again(mirror, why)

    async def judge(self, mirror: Path, fault: GitError) -> None:
        """Raise MirrorDamaged if a command failed since the mirror is damaged, or a dead git left a lock in it."""
        if mirror not in self.marks:
            return
        if not _there(mirror):
            raise MirrorDamaged("the mirror was deleted meanwhile")
        if LOCKED.search(str(fault)):
            if delete_locks(mirror, older=LOCK_SECONDS):
                raise MirrorDamaged(str(fault))
            return
        said = DAMAGE.search(str(fault)) is not None
        if not said and (not died(fault) or self._verified.get(mirror) is not None):
            return
        self._verified.keep(mirror, self.clock(), AGAIN_SECONDS)
        found = await find_damage(self.run, mirror)
        if found or said:
            self._damaged[mirror] = found or str(fault)
            raise MirrorDamaged(str(fault))

    def made(self, mirror: Path) -> None:
        """Take note of a mirror that was made."""
        self.unmade.pop(mirror.name, None)
        self.marks.take(mirror)
        record.record(mirror)

    def not_made(self, mirror: Path, why: str) -> None:
        """Take note of a mirror that could not be made, and of why."""
        self.unmade[mirror.name] = why

    def _take(self, mirror: Path) -> bool:
        """Mark a mirror as used; return whether its last use did not end cleanly. Raises GitError."""
        try:
            killed = self.marks.take(mirror)
        except OSError as fault:
            why = f"cannot write to the mirror ({fault.strerror}); {DISK}"
            self.not_made(mirror, why)
            raise GitError(why) from None
        if killed:
            delete_locks(mirror)
        return killed

    def _make_again(self, mirror: Path, why: str) -> None:
        if self._remade.get(mirror) is not None:
            self._damaged[mirror] = why
            self.not_made(mirror, f"damaged again within {AGAIN_SECONDS / 60:.0f} minutes ({why}); {DISK}")
            raise GitError(f"the bot's copy of the repository is damaged again ({why}); {DISK}")
        self._remade.keep(mirror, self.clock(), AGAIN_SECONDS)
        self._damaged.pop(mirror, None)
        log.warning("mirror.damaged", mirror=mirror.name, why=why, next=f"it is fetched again; {DISK}")
        self.on_remade()
        away = self.root / f"{DROPPED}{mirror.parent.name}-{mirror.name}"
        shutil.rmtree(away, ignore_errors=True)
        try:
            mirror.rename(away)
        except OSError as fault:
            self.not_made(mirror, f"damaged, and cannot be deleted ({fault.strerror}); {DISK}")
            raise GitError(f"the bot's damaged copy of the repository cannot be deleted ({fault.strerror})") from None
        shutil.rmtree(away, ignore_errors=True)


def _there(mirror: Path) -> bool:
    return mirror.is_dir()
