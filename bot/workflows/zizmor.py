"""Runs zizmor on workflows: offline, without its configuration, in a folder with only those files.

It finds security problems in workflows. Comments that suppress a finding are ignored: the author of the change could
write them.
"""

import asyncio
import json
import shutil
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter

from bot import subprocesses
from bot.model import Severity

FLAGS = (
    *("--offline", "--no-config", "--no-ignores", "--strict-collection", "--no-exit-codes", "--no-progress", "--quiet"),
    *("--color=never", "--format=json-v1"),
)
BOUNDS = subprocesses.Bounds(seconds=10.0, output_bytes=16 * 1024 * 1024)
FOLDER = Path(".github/workflows")
SEVERITIES = {"High": Severity.HIGH, "Medium": Severity.MEDIUM, "Unknown": Severity.MEDIUM}


class ZizmorError(RuntimeError):
    """Zizmor failed on these files; the text says why."""


class Unreadable(ZizmorError):
    """Zizmor cannot read one of the files as a workflow; it does not say which."""


@dataclass(frozen=True)
class Danger:
    """A finding: the index of its file, its line, rule, severity, and message."""

    file: int
    line: int
    rule: str
    severity: Severity
    title: str
    url: str


class _Point(BaseModel):
    row: int


class _Span(BaseModel):
    start_point: _Point


class _Concrete(BaseModel):
    location: _Span


class _Local(BaseModel):
    verbatim_path: str


class _Key(BaseModel):
    Local: _Local


class _Symbolic(BaseModel):
    key: _Key
    kind: Literal["Primary", "Related", "Hidden"]


class _Location(BaseModel):
    symbolic: _Symbolic
    concrete: _Concrete


class _Determinations(BaseModel):
    severity: str


class _Found(BaseModel):
    ident: str
    desc: str
    url: str
    determinations: _Determinations
    locations: tuple[_Location, ...]


_FOUND = TypeAdapter(tuple[_Found, ...])


def installed() -> str:
    """Return the program's path: next to the bot's interpreter, which may not be on PATH, else on PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "zizmor"
    return str(beside) if beside.is_file() else shutil.which("zizmor") or str(beside)


@dataclass(frozen=True)
class Zizmor:
    """The program with its limits."""

    program: str = field(default_factory=installed)
    bounds: subprocesses.Bounds = BOUNDS

    async def audit(self, files: Sequence[bytes], folder: Path) -> tuple[Danger, ...]:
        """Return the findings in workflows, by file and line; the files are in a temporary folder within `folder`.

        Raises Unreadable if one of them cannot be audited, ZizmorError if none can.
        """
        if not files:
            return ()
        with tempfile.TemporaryDirectory(prefix=".workflows-", dir=folder) as place:
            names = await asyncio.to_thread(_write, Path(place), files)
            output = await self._run(Path(place), names)
        try:
            found = _FOUND.validate_python(json.loads(output))
            dangers = {_danger(one, names) for one in found}
        except (ValueError, RecursionError):
            raise ZizmorError("zizmor's output has an unknown format") from None
        return tuple(sorted(dangers, key=lambda one: (one.file, one.line, one.rule)))

    async def _run(self, place: Path, names: Sequence[str]) -> bytes:
        environment = {"HOME": str(place), "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        start = subprocesses.Start((self.program, *FLAGS, *names), environment, folder=place)
        try:
            ended = await subprocesses.run(start, self.bounds)
        except subprocesses.Overtime:
            raise ZizmorError(f"zizmor timed out after {self.bounds.seconds:.0f} s") from None
        except subprocesses.Overlong:
            raise ZizmorError("zizmor's output is too large") from None
        except OSError as fault:
            raise ZizmorError(f"cannot start zizmor ({fault.strerror}); install it in the bot's environment") from None
        if ended.code:
            raise Unreadable(f"zizmor cannot read it as a workflow (exit status {ended.code})")
        return ended.output


def _write(place: Path, files: Sequence[bytes]) -> list[str]:
    """Write the files under generated names: the original ones could be options, or paths outside the folder."""
    (place / FOLDER).mkdir(parents=True)
    names = [str(FOLDER / f"{number}.yml") for number in range(len(files))]
    for name, content in zip(names, files, strict=True):
        (place / name).write_bytes(content)
    return names


def _danger(found: _Found, names: Sequence[str]) -> Danger:
    """Return the finding. Raises ValueError for a finding that is in none of the files."""
    place = next((place for place in found.locations if place.symbolic.kind == "Primary"), None)
    if place is None:
        raise ValueError("a finding without a location")
    return Danger(
        file=names.index(place.symbolic.key.Local.verbatim_path),
        line=place.concrete.location.start_point.row + 1,
        rule=found.ident,
        severity=SEVERITIES.get(found.determinations.severity, Severity.LOW),
        title=found.desc,
        url=found.url,
    )
