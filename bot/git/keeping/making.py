"""Makes an empty mirror in a temporary folder and moves it to its place, so that an incomplete one is never used."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from bot.git.fetching.incoming import temporary_folder
from bot.git.keeping.damage import Run
from bot.git.object_format import initialise
from bot.git.process import GitError

COMPLETE = "partialclonefilter"
"""The last setting that is written."""


async def make(run: Run, mirror: Path, kind: str, remote: Mapping[str, str]) -> None:
    """Make a mirror for ids of a hash function, with the settings of its remote. Raises GitError."""
    try:
        mirror.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with temporary_folder(mirror.parent, f"{mirror.name}.new-") as new:
            await initialise(run, new, kind)
            for key, value in remote.items():
                await run(new, "config", f"remote.origin.{key}", value)
            _put(new, mirror)
    except OSError as fault:
        raise GitError(
            f"cannot make a mirror ({fault.strerror}); check the folder of the mirrors and the disk"
        ) from None


def _put(new: Path, mirror: Path) -> None:
    shutil.rmtree(mirror, ignore_errors=True)  # an incomplete one
    new.rename(mirror)


def configuration(mirror: Path) -> str:
    """Return the text of a mirror's settings, empty if they cannot be read."""
    try:
        return (mirror / "config").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
