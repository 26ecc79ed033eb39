"""Deletes what a crash left in the folder of the mirrors, at the start and every hour."""

import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.git.fetching.incoming import PREFIX, abandoned

DROPPED = "dropped-"
PROCESS = "process-"
"""Begins the name of the folder that a process keeps locked while it uses mirrors."""
LOCKED = (f"{PREFIX}*", f"{PROCESS}*", ".merge-*", "*.git.new-*", "*/*.git.new-*")
"""Folders that are locked while the process that made them lives."""
OLD_SECONDS = 900.0
"""Files without a lock are deleted when they are older than every git command of another process can be."""
UNFINISHED = ("objects/pack/tmp_*", "objects/pack/.tmp-*", "objects/*/tmp_obj_*", "objects/tmp_objdir-*")
"""Temporary names of git for packs, loose objects and quarantines."""
LOCKS = ("*.lock", "refs/**/*.lock")
KEEP = "objects/pack/*.keep"
KEPT_BY_FETCH = b"fetch-pack "


def mirror_folders(root: Path) -> list[Path]:
    """Return the folders of all mirrors: by the repository's number, and by name as version 0.1 made them."""
    return [path for path in (*root.glob("*.git"), *root.glob("*/*.git")) if path.is_dir()]


def delete_leftovers(root: Path) -> int:
    """Delete what no living process uses, and return the number of files and folders."""
    folders = [path for pattern in LOCKED for path in root.glob(pattern) if abandoned(path)]
    folders += root.glob(f"{DROPPED}*")
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders) + sum(delete_unfinished(mirror) for mirror in mirror_folders(root))


def delete_unfinished(mirror: Path, older: float = OLD_SECONDS) -> int:
    """Delete unfinished files of git in a mirror, and return their number."""
    found = [path for pattern in (*UNFINISHED, *LOCKS) for path in mirror.glob(pattern)]
    found += [path for path in mirror.glob(KEEP) if _kept_by_fetch(path)]
    count = 0
    for path in old(found, older):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        count += 1
    return count


def delete_locks(mirror: Path, older: float = 0.0) -> int:
    """Delete the lock files of a mirror in which no git runs, if they are older, and return their number."""
    found = [*old((path for pattern in LOCKS for path in mirror.glob(pattern)), older)]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def packs(mirror: Path) -> int:
    """Return the number of a mirror's packs."""
    return sum(1 for _ in mirror.glob("objects/pack/*.pack"))


def old(paths: Iterable[Path], seconds: float = OLD_SECONDS) -> Iterator[Path]:
    """Return the paths that were not changed for so long."""
    now = time.time()
    for path in paths:
        try:
            if now - path.stat().st_mtime >= seconds:
                yield path
        except OSError:
            continue


def _kept_by_fetch(path: Path) -> bool:
    """Return whether a fetch marked a pack for the time of its own life."""
    try:
        return path.read_bytes().startswith(KEPT_BY_FETCH)
    except OSError:
        return False
