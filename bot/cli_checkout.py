"""The git checkout that a command stands in, read with the `git` program.

It is the user's own: his configuration holds but for what would change the form of the log or start other programs. No
text of the command line reaches git as an option.
"""

import asyncio
import os
import re
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.diff import LOG_FORMAT
from bot.forgejo.errors import clean
from bot.git import GitError, GitLimits, check_sha

CHUNK = 256 * 1024
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
"""Configuration that would hide commits from the log or change its form."""


class RangeError(ValueError):
    """A range that can't be used; the text says how to write one."""


@dataclass(frozen=True)
class Log:
    """The output of `git log` in the form that `bot.diff` reads, and why it isn't whole."""

    output: bytes
    cut: str = ""


class Checkout:
    """The checkout around a folder."""

    def __init__(self, folder: Path, limits: GitLimits | None = None) -> None:
        self._folder = folder
        self._limits = limits or GitLimits(seconds=600.0, output_bytes=256 * 1024 * 1024)

    async def range(self, text: str) -> tuple[str, str]:
        """Gives the commits of `A..B`; a side that is left out is HEAD. Raises RangeError."""
        sides = text.split("..")
        if len(sides) != 2 or not any(sides):  # noqa: PLR2004 - from and to
            raise RangeError(f"{text!r} is no range; write A..B, such as origin/main..HEAD")
        return await self._commit(sides[0] or "HEAD"), await self._commit(sides[1] or "HEAD")

    async def log(self, start: str, end: str) -> Log:
        """Gives the commits of `end` that `start` doesn't have. Raises GitError."""
        shape = ("--raw", "--no-abbrev", "--patch", "--text", "-U3", "--irreversible-delete", "--find-renames")
        plain = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-decorate", "--no-notes", "--submodule=short")
        prefixes = ("--src-prefix=a/", "--dst-prefix=b/")
        commits = (check_sha(end), f"^{check_sha(start)}", "--")
        output, whole = await self._run(
            "log", "--remerge-diff", *plain, *prefixes, f"--format={LOG_FORMAT}", *shape, *commits
        )
        if whole:
            return Log(output)
        mib = self._limits.output_bytes // (1024 * 1024)
        kept = output.rpartition(b"\n\x00")[0]
        return Log(kept, f"older commits: the patch of the range is over {mib} MiB; scan it in smaller ranges")

    async def boundary(self) -> frozenset[str]:
        """Gives the commits whose parents a shallow checkout lacks. Raises GitError."""
        output, _ = await self._run("rev-parse", "--git-path", "shallow")
        place = self._folder / os.fsdecode(output.strip())
        try:
            return frozenset(place.read_text("ascii").split())
        except FileNotFoundError:
            return frozenset()

    async def _commit(self, revision: str) -> str:
        if not REVISION.fullmatch(revision):
            raise RangeError(f"{revision!r} can't be a revision; write A..B, such as origin/main..HEAD")
        try:
            output, _ = await self._run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except GitError as fault:
            raise RangeError(f"no commit is called {revision!r} here; fetch it, or name another ({fault})") from None
        return check_sha(output.decode("ascii").strip())

    async def _run(self, *arguments: str) -> tuple[bytes, bool]:
        """Gives a command's output, and whether that is all of it. Raises GitError."""
        settings = (part for setting in PLAIN for part in ("-c", setting))
        process = await asyncio.create_subprocess_exec(
            "git",
            "--no-pager",
            *settings,
            *arguments,
            cwd=self._folder,
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._limits.seconds):
                (output, whole), errors = await asyncio.gather(self._output(process), _errors(process))
                code = await process.wait() if whole else 0
        except TimeoutError:
            raise GitError(f"git {arguments[0]} took longer than {self._limits.seconds:.0f} s and was ended") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if code:
            raise GitError(f"git {arguments[0]} failed ({code}): {clean(errors) or 'no message'}")
        return output, whole

    async def _output(self, process: asyncio.subprocess.Process) -> tuple[bytes, bool]:
        parts, size = list[bytes](), 0
        while process.stdout and (part := await process.stdout.read(CHUNK)):
            parts.append(part)
            size += len(part)
            if size > self._limits.output_bytes:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                return b"".join(parts), False
        return b"".join(parts), True


async def _errors(process: asyncio.subprocess.Process) -> str:
    kept = b""
    while process.stderr and (part := await process.stderr.read(CHUNK)):
        kept = kept or part
    return kept.decode("utf-8", "replace")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
