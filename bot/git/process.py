"""Runs the `git` program with time and output limits, and turns its failures into errors."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from bot import subprocesses

MIB = 1024 * 1024
GRACE_SECONDS = 2.0
"""Between SIGTERM and SIGKILL: git deletes its temporary files in that time."""


class GitError(RuntimeError):
    """A failed git command; the text names the command and the reason, without arguments that a user chose.

    `code` is git's exit status, 0 if it was stopped; `output` is its output so far.
    """

    def __init__(self, text: str, code: int = 0, output: bytes = b"") -> None:
        super().__init__(text)
        self.code = code
        self.output = output


class GitTooMuch(GitError):
    """Git's output exceeded its limit."""


class GitOverAllowance(Exception):
    """The commands of a block printed more than `at_most` allows; nothing is known of what they would have printed."""


@dataclass
class _Allowance:
    left: int


@dataclass
class Printed:
    """How many bytes the commands of a block printed; of each at most the limit."""

    size: int = 0


_COUNTED: ContextVar[Printed | None] = ContextVar("counted", default=None)
_ALLOWANCE: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Let the git commands in this block print so many bytes together. They raise GitOverAllowance for more."""
    token = _ALLOWANCE.set(_Allowance(size))
    try:
        yield
    finally:
        _ALLOWANCE.reset(token)


@contextmanager
def counting() -> Iterator[Printed]:
    """Count what the git commands in this block print, and keep none of it: each of them returns nothing."""
    printed = Printed()
    token = _COUNTED.set(printed)
    try:
        yield printed
    finally:
        _COUNTED.reset(token)


@dataclass(frozen=True)
class GitLimits:
    """The timeout of one command, the size of one file version, and the size of one command's output.

    Then the bounds of what one fetch receives, of one mirror, of all mirrors, and the space that must stay free.
    """

    seconds: float = 120.0
    file_bytes: int = 5 * MIB
    output_bytes: int = 64 * MIB
    fetch_bytes: int = 2048 * MIB
    mirror_bytes: int = 4096 * MIB
    mirrors_bytes: int = 16384 * MIB
    free_bytes: int = 256 * MIB


@dataclass(frozen=True)
class Git:
    """The program with its limits. `told` masks git's error messages."""

    limits: GitLimits
    told: Callable[[str], str]

    async def run(
        self, folder: Path, *arguments: str, environment: Mapping[str, str], stdin: bytes = b"", seconds: float = 0.0
    ) -> bytes:
        """Return the standard output of one command; errors name it by its first argument that is not an option.

        Raises GitError if it fails or times out, GitTooMuch if it prints too much, GitOverAllowance.
        """
        name, most, allowance = _name(arguments), self.limits.output_bytes, _ALLOWANCE.get()
        allowed = most if allowance is None else min(most, allowance.left)
        counted = _COUNTED.get()
        bounds = subprocesses.Bounds(seconds or self.limits.seconds, allowed, GRACE_SECONDS, keep=counted is None)
        start = subprocesses.Start(("git", "-C", str(folder), *arguments), environment, stdin=stdin)
        try:
            ended = await subprocesses.run(start, bounds)
        except OSError as fault:
            raise GitError(f"git {name} cannot be started ({fault.strerror}); check that git is installed") from None
        except subprocesses.Overtime:
            raise GitError(f"git {name} timed out after {bounds.seconds:.0f} s") from None
        except subprocesses.Overlong as fault:
            if counted is not None:
                counted.size += most
                return b""
            if allowed < most:
                raise GitOverAllowance from None
            mib = self.limits.output_bytes // MIB
            raise GitTooMuch(f"git {name} printed more than {mib} MiB", output=fault.output) from None
        if ended.code:
            message = self.told(ended.errors.decode("utf-8", "replace")) or "no message"
            raise GitError(f"git {name} failed with status {ended.code}: {message}", ended.code, ended.output)
        if counted is not None:
            counted.size += ended.size
        if allowance is not None:
            allowance.left -= ended.size
        return ended.output


def _name(arguments: tuple[str, ...]) -> str:
    """Return the command's name, which follows settings (`-c` and a value) and options."""
    at = 0
    while arguments[at].startswith("-"):
        at += 2 if arguments[at] == "-c" else 1
    return arguments[at]
