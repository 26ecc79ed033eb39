"""The `git` program within its limits, whatever environment it runs in: its failures told by command, and bounded."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot import subprocesses


class GitError(RuntimeError):
    """Git failed; the text says which command and why, without arguments that a user chose.

    `code` is what git ended with by itself, 0 where it was ended; `output` is what it had printed until then.
    """

    def __init__(self, text: str, code: int = 0, output: bytes = b"") -> None:
        super().__init__(text)
        self.code = code
        self.output = output


class GitTooMuch(GitError):
    """Git's output passed its limit."""


@dataclass(frozen=True)
class GitLimits:
    """Seconds of one command, bytes of one file version, and bytes of one command's output."""

    seconds: float = 120.0
    file_bytes: int = 5 * 1024 * 1024
    output_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True)
class Git:
    """The program within its limits. `told` gives git's own words about a failure as they may be shown."""

    limits: GitLimits
    told: Callable[[str], str]

    async def run(
        self, folder: Path, *arguments: str, environment: Mapping[str, str], stdin: bytes = b"", seconds: float = 0.0
    ) -> bytes:
        """Gives the standard output of one command; it is called by the first argument that is no option.

        Raises GitError when it fails or takes too long, GitTooMuch when it prints too much.
        """
        name = _name(arguments)
        bounds = subprocesses.Bounds(seconds or self.limits.seconds, self.limits.output_bytes)
        start = subprocesses.Start(("git", "-C", str(folder), *arguments), environment, stdin=stdin)
        try:
            ended = await subprocesses.run(start, bounds)
        except subprocesses.Overtime:
            raise GitError(f"git {name} took longer than {bounds.seconds:.0f} s and was ended") from None
        except subprocesses.Overlong as fault:
            mib = self.limits.output_bytes // (1024 * 1024)
            raise GitTooMuch(f"git {name} printed more than {mib} MiB", output=fault.output) from None
        if ended.code:
            told = self.told(ended.errors.decode("utf-8", "replace")) or "no message"
            raise GitError(f"git {name} failed ({ended.code}): {told}", ended.code, ended.output)
        return ended.output


def clean_environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Gives git's whole environment: its configuration is what is given here, and nobody is asked for anything."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for index, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{index}"] = key
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    return environment


def _name(arguments: tuple[str, ...]) -> str:
    """Settings (`-c`, a value) and options stand before the command's name."""
    at = 0
    while arguments[at].startswith("-"):
        at += 2 if arguments[at] == "-c" else 1
    return arguments[at]
