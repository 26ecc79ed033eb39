"""The hash function of a repository's object ids: SHA-1 for nearly all, SHA-256 for some (git-init(1))."""

import re
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from bot.git.process import GitError
from bot.model import no_commit

SHA1, SHA256 = "sha1", "sha256"
STORED = re.compile(r"(?im)^\s*objectformat = sha256$")
DIGITS = 64
"""Length of a SHA-256 object id in hex digits."""
UNKNOWN = ("object-format", "hash algorithm")
"""What git complains about if it was built without SHA-256, or is older than 2.29."""


def object_format(shas: Iterable[str]) -> str:
    """Return the hash function by the first commit id; empty if there is none."""
    first = next((sha for sha in shas if not no_commit(sha)), "")
    return (SHA256 if len(first) == DIGITS else SHA1) if first else ""


def stored_format(config: str) -> str:
    """Return the hash function of a repository by the text of its configuration file."""
    return SHA256 if STORED.search(config) else SHA1


async def initialise(run: Callable[..., Awaitable[bytes]], folder: Path, kind: str) -> None:
    """Make an empty bare repository. Raises GitError, with the next step if git does not know the hash function."""
    options = ("--object-format=sha256",) if kind == SHA256 else ()
    try:
        await run(folder, "init", "--quiet", "--bare", *options, ".")
    except GitError as fault:
        if not options or not any(word in str(fault) for word in UNKNOWN):
            raise
        raise GitError(
            "the repository has SHA-256 object ids, which the installed git cannot store; operators: install git 2.38 "
            "or newer, built with SHA-256"
        ) from None
