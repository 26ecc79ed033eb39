"""The git checkout around a command's folder, read with the `git` program.

The user's git configuration applies, except for settings that change the log format or start other programs. No text
from the command line reaches git as an option.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from bot.forgejo.errors import clean
from bot.git import Git, GitError, GitLimits, GitTooMuch, check_sha
from bot.git.diff import LOG, PATCH

REVISION = re.compile(r"(?![-.])[^\s\x00-\x1f\x7f:^?*\[\\]{1,255}")
UNSET = ("GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_TRACE", "GIT_PAGER")
PLAIN = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "log.showRoot=true",
    "log.showSignature=false",
    "i18n.logOutputEncoding=UTF-8",
)
"""Configuration that could hide commits from the log or change its format, set to safe values."""


class RangeError(ValueError):
    """An invalid range; the text says how to write one."""


@dataclass(frozen=True)
class Log:
    """The output of `git log` in the format that `bot.git.diff` reads; `cut` says why it is incomplete."""

    output: bytes
    cut: str = ""


class Checkout:
    """The checkout around a folder."""

    def __init__(self, folder: Path, limits: GitLimits | None = None) -> None:
        self._folder = folder
        self._git = Git(limits or GitLimits(seconds=600.0, output_bytes=256 * 1024 * 1024), clean)

    async def range(self, text: str) -> tuple[str, str]:
        """Return the two commits of `A..B`; an omitted side is HEAD. Raises RangeError."""
        sides = text.split("..")
        if len(sides) != 2 or not any(sides):  # noqa: PLR2004 - from and to
            raise RangeError(f"{text!r} is not a range; use A..B, for example origin/main..HEAD")
        return await self._commit(sides[0] or "HEAD"), await self._commit(sides[1] or "HEAD")

    async def log(self, start: str, end: str) -> Log:
        """Return the log of the commits that `end` has and `start` does not. Raises GitError."""
        try:
            return Log(await self._run(*LOG, *PATCH, check_sha(end), f"^{check_sha(start)}", "--"))
        except GitTooMuch as fault:
            kept = fault.output.rpartition(b"\n\x00")[0]
            mib = self._git.limits.output_bytes // (1024 * 1024)
            return Log(kept, f"older commits: the patch of the range exceeds {mib} MiB; scan smaller ranges")

    async def boundary(self) -> frozenset[str]:
        """Return the commits whose parents are missing from a shallow checkout. Raises GitError."""
        output = await self._run("rev-parse", "--git-path", "shallow")
        place = self._folder / os.fsdecode(output.strip())
        try:
            return frozenset(place.read_text("ascii").split())
        except FileNotFoundError:
            return frozenset()

    async def _commit(self, revision: str) -> str:
        if not REVISION.fullmatch(revision):
            raise RangeError(f"{revision!r} is not a valid revision; use A..B, for example origin/main..HEAD")
        try:
            output = await self._run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except GitError as fault:
            raise RangeError(f"commit {revision!r} not found; fetch it, or use another revision ({fault})") from None
        return check_sha(output.decode("ascii").strip())

    async def _run(self, *arguments: str) -> bytes:
        """Return a command's output. Raises GitError."""
        settings = (part for setting in PLAIN for part in ("-c", setting))
        return await self._git.run(self._folder, "--no-pager", *settings, *arguments, environment=_environment())


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
