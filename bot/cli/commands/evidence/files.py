"""Finds and reads the files of `assay evidence` and scans them for secrets; a secret stops the command."""

import glob
import grp
import io
import os
import pwd
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from bot.cli.input import local_scanner
from bot.cli.output import FOUND, note, working
from bot.evidence.collect import Artifact, EvidenceError, artifact_of
from bot.text import visible

if TYPE_CHECKING:
    from bot.evidence.logs import LogRead
    from bot.scan import Scanner

MAX_ARTIFACT = 5 * 1024 * 1024
MAX_FILES = 1000
OF_FILES = ("--log", "--artifact")
"""Options that take several files each."""
_TOKEN = re.compile(r"[\x21-\x7e]{8,}")
"""A valid token: the scanner accepts nothing else as one."""


class SeveralFiles(TyperCommand):
    """A command whose file options take several values, as a shell produces them from an unquoted pattern."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse arguments in which each file has its own option."""
        return super().parse_args(ctx, list(_each_named(args)))


def _each_named(words: Iterable[str]) -> Iterator[str]:
    option, first = "", True
    for word in words:
        if word.startswith("-"):
            name, joined, _ = word.partition("=")
            option, first = (name if name in OF_FILES else ""), not joined
        elif option and not first:
            yield option
        else:
            first = False
        yield word


@dataclass(frozen=True)
class Files:
    """The content of the files, in the order of the options; it contains no secrets."""

    logs: "tuple[LogRead, ...]"
    artifacts: tuple[Artifact, ...]
    scanner: "Scanner"

    def refuse_secrets_of(self, text: str) -> None:
        """Exit with 1 if the comment itself contains a secret, for example from an option or a file name."""
        found = self.scanner.scan(text)
        for hit in found.hits:
            note(f"the comment would contain a secret: {hit.severity} {hit.rule} {hit.fingerprint}")
        if found.hits or found.gaps:
            note("Nothing was printed or posted. Remove the secret from the options, the artifacts or the file names.")
            raise typer.Exit(FOUND)


def files_of(logs: list[str], artifacts: list[str], texts: Collection[str], tokens: Iterable[str]) -> Files:
    """Return the content of the files. Raises BadParameter, EvidenceError, OSError.

    Exits with 1 if a file contains a secret or could not be scanned completely.
    """
    from bot.scan import ScanLimits  # noqa: PLC0415 - loads the engine, which --help doesn't need

    log_paths, artifact_paths = _paths(logs, "--log"), _paths(artifacts, "--artifact")
    known = {token for token in tokens if _TOKEN.fullmatch(token)}
    # A busy runner may be slow; unlike in the server, nobody waits for the answer.
    scanner = local_scanner(ScanLimits(timeout=20.0, seconds=60.0), known)
    read = [_log(path, texts, scanner) for path in log_paths]
    data = [_artifact_bytes(path) for path in artifact_paths]
    searched = [_searched(part, scanner) for part in data]
    _refuse(zip((*log_paths, *artifact_paths), (*read, *searched), strict=True), scanner)
    parsed = tuple(_artifact(path, part, scanner) for path, part in zip(artifact_paths, data, strict=True))
    return Files(tuple(read), parsed, scanner)


def file_of_token(file: str) -> dict[str, Any]:
    """Return mode, owner and size of a token file without opening it. Raises OSError, BadParameter."""
    about = Path(file).stat()
    if not stat.S_ISREG(about.st_mode):
        raise typer.BadParameter(f"{file} is not a regular file", param_hint="--token-file")
    return {
        "mode": f"{stat.S_IMODE(about.st_mode) & 0o777:04o}",
        "owner": f"{_user(about.st_uid)}:{_group(about.st_gid)}",
        "size": about.st_size,
    }


def _paths(given: list[str], option: str) -> list[Path]:
    """Return the paths. Raises BadParameter for a missing file and for a duplicate: an audit counts its logs."""
    found = [Path(one) for text in given for one in _matching(text)]
    if len(found) > MAX_FILES:
        raise typer.BadParameter(f"too many files: {len(found)}, maximum {MAX_FILES}", param_hint=option)
    seen = set[tuple[int, int]]()
    for path in found:
        if not path.is_file():
            raise typer.BadParameter(f"{path}: file not found; use a readable file", param_hint=option)
        about = path.stat()
        if (about.st_dev, about.st_ino) in seen:
            raise typer.BadParameter(f"{path} is given twice; remove one", param_hint=option)
        seen.add((about.st_dev, about.st_ino))
    return found


def _matching(text: str) -> list[str]:
    """Return a pattern's files; an existing file name, and a text without wildcards, is returned unchanged."""
    if os.path.lexists(text) or not glob.has_magic(text):
        return [text]
    return sorted(glob.glob(text, recursive=True)) or [text]  # noqa: PTH207 - Path.glob takes no absolute pattern


def _log(path: Path, texts: Collection[str], scanner: "Scanner") -> "LogRead":
    """Read and scan a log. Raises EvidenceError, OSError."""
    from bot.evidence.logs import LogError, read_log  # noqa: PLC0415 - loads the engine, which --help doesn't need

    with path.open("rb") as file, working(f"Reading {visible(path.name)}, {path.stat().st_size / 1e6:.1f} MB …"):
        try:
            return read_log(file, texts, scanner)
        except LogError as fault:
            raise EvidenceError(f"{_shown(path, scanner)} {fault}") from None


def _artifact_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_ARTIFACT + 1)
    if len(data) > MAX_ARTIFACT:
        raise typer.BadParameter(f"{path} is larger than {MAX_ARTIFACT // 2**20} MiB", param_hint="--artifact")
    return data


def _searched(data: bytes, scanner: "Scanner") -> "LogRead":
    from bot.evidence.logs import LogRead, read_log  # noqa: PLC0415 - as above

    return read_log(io.BytesIO(data), (), scanner) if data else LogRead({})


def _artifact(path: Path, data: bytes, scanner: "Scanner") -> Artifact:
    try:
        return artifact_of(path.name, data)
    except EvidenceError as fault:
        raise EvidenceError(f"{_shown(path, scanner)}: {fault}") from None


def _refuse(read: "Iterable[tuple[Path, LogRead]]", scanner: "Scanner") -> None:
    """Print the place of each secret, and exit with 1 if there are any."""
    problems = [line for path, one in read for line in _faults(_shown(path, scanner), one)]
    for line in problems:
        note(line)
    if problems:
        note("Nothing was printed or posted. Revoke each secret first, then remove it from the run's output.")
        raise typer.Exit(FOUND)


def _faults(name: str, read: "LogRead") -> Iterator[str]:
    for secret in read.secrets:
        yield f"{name}:{secret.line}: {secret.severity} {secret.rule} {secret.fingerprint}"
    if read.more:
        yield f"{name}: {read.more} more secrets"
    for gap in read.unread:
        yield f"{name}: not scanned completely for secrets: {gap}"


def _shown(path: Path, scanner: "Scanner") -> str:
    """Return the name of a file, masked: it is external input and may contain a secret."""
    return scanner.mask(visible(str(path)))


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
