"""Tells whether the `git` program is there, and new enough for what the bot asks of it."""

import os
import re

from bot import subprocesses
from bot.git.process import GRACE_SECONDS, GitError

OLDEST = (2, 38)
"""`git merge-tree --write-tree` (git-merge-tree(1)) is that new."""
NEXT = f"install git {OLDEST[0]}.{OLDEST[1]} or newer, and see that assay finds it on PATH"
SECONDS, BYTES = 10.0, 4096
VERSION = re.compile(rb"git version (\d+)\.(\d+)")


async def installed_git() -> str:
    """Return the version of the installed git. Raises GitError, which says what to do, if none works."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    start = subprocesses.Start(("git", "--version"), environment)
    try:
        ended = await subprocesses.run(start, subprocesses.Bounds(SECONDS, BYTES, GRACE_SECONDS))
    except (FileNotFoundError, PermissionError):
        raise GitError(f"there is no program git; {NEXT}") from None
    except (OSError, subprocesses.Overtime, subprocesses.Overlong):
        raise GitError(f"the program git cannot be started; {NEXT}") from None
    found = VERSION.match(ended.output)
    if ended.code or found is None:
        raise GitError(f"the program git does not tell its version; {NEXT}")
    version = int(found[1]), int(found[2])
    if version < OLDEST:
        raise GitError(f"git {version[0]}.{version[1]} is too old; {NEXT}")
    return f"{version[0]}.{version[1]}"
