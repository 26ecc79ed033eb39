"""The files of `assay evidence`: found, read, searched for secrets. Where one holds any, nothing goes on."""

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
"""What can be a token: the scanner takes nothing else for one."""


class SeveralFiles(TyperCommand):
    """A command whose options of files take as many as a shell makes of a pattern without quotes."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses words in which each file has its option."""
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
    """What was read, in the order of the options; none of it has a secret."""

    logs: "tuple[LogRead, ...]"
    artifacts: tuple[Artifact, ...]
    scanner: "Scanner"

    def refuse_secrets_of(self, text: str) -> None:
        """Ends the command with 1 where the comment itself has a secret, as of an option or a file's name."""
        found = self.scanner.scan(text)
        for hit in found.hits:
            note(f"the comment would show a secret: {hit.severity} {hit.rule} {hit.fingerprint}")
        if found.hits or found.gaps:
            note("Nothing was printed or posted; look for it in the options, the artifacts and the names of files.")
            raise typer.Exit(FOUND)


def files_of(logs: list[str], artifacts: list[str], texts: Collection[str], tokens: Iterable[str]) -> Files:
    """Gives what the files hold. Raises BadParameter, EvidenceError, OSError.

    Ends the command with 1 where one has a secret, or couldn't be searched for one as a whole.
    """
    from bot.scan import ScanLimits  # noqa: PLC0415 - loads the engine, which --help doesn't need

    log_paths, artifact_paths = _paths(logs, "--log"), _paths(artifacts, "--artifact")
    known = {token for token in tokens if _TOKEN.fullmatch(token)}
    # A busy runner may need long for a piece; nobody waits at the other end, as in the server.
    scanner = local_scanner(ScanLimits(timeout=20.0, seconds=60.0), known)
    read = [_log(path, texts, scanner) for path in log_paths]
    data = [_artifact_bytes(path) for path in artifact_paths]
    searched = [_searched(part, scanner) for part in data]
    _refuse(zip((*log_paths, *artifact_paths), (*read, *searched), strict=True), scanner)
    parsed = tuple(_artifact(path, part, scanner) for path, part in zip(artifact_paths, data, strict=True))
    return Files(tuple(read), parsed, scanner)


def file_of_token(file: str) -> dict[str, Any]:
    """Gives mode, owner and size of a token's file, which isn't opened. Raises OSError, BadParameter."""
    about = Path(file).stat()
    if not stat.S_ISREG(about.st_mode):
        raise typer.BadParameter(f"{file} isn't a file", param_hint="--token-file")
    return {
        "mode": f"{stat.S_IMODE(about.st_mode) & 0o777:04o}",
        "owner": f"{_user(about.st_uid)}:{_group(about.st_gid)}",
        "size": about.st_size,
    }


def _paths(given: list[str], option: str) -> list[Path]:
    """Raises BadParameter for what is no file, or stands there twice: an audit counts its logs."""
    found = [Path(one) for text in given for one in _matching(text)]
    if len(found) > MAX_FILES:
        raise typer.BadParameter(f"{len(found)} files are more than {MAX_FILES}", param_hint=option)
    seen = set[tuple[int, int]]()
    for path in found:
        if not path.is_file():
            raise typer.BadParameter(f"{path}: no such file; name one that can be read", param_hint=option)
        about = path.stat()
        if (about.st_dev, about.st_ino) in seen:
            raise typer.BadParameter(f"{path} is named twice", param_hint=option)
        seen.add((about.st_dev, about.st_ino))
    return found


def _matching(text: str) -> list[str]:
    """A pattern's files; a text that is a file's name, or no pattern, stands for itself."""
    if os.path.lexists(text) or not glob.has_magic(text):
        return [text]
    return sorted(glob.glob(text, recursive=True)) or [text]  # noqa: PTH207 - Path.glob takes no absolute pattern


def _log(path: Path, texts: Collection[str], scanner: "Scanner") -> "LogRead":
    """Raises EvidenceError, OSError."""
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
        raise typer.BadParameter(f"{path} is over {MAX_ARTIFACT // 2**20} MiB", param_hint="--artifact")
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
    """Tells of each secret where it is, and ends the command with 1, where there is any."""
    told = [line for path, one in read for line in _faults(_shown(path, scanner), one)]
    for line in told:
        note(line)
    if told:
        note("Nothing was printed or posted. Revoke each secret first, then take it out of what the run writes.")
        raise typer.Exit(FOUND)


def _faults(name: str, read: "LogRead") -> Iterator[str]:
    for secret in read.secrets:
        yield f"{name}:{secret.line}: {secret.severity} {secret.rule} {secret.fingerprint}"
    if read.more:
        yield f"{name}: {read.more} more secrets"
    for gap in read.unread:
        yield f"{name}: not searched for secrets as a whole: {gap}"


def _shown(path: Path, scanner: "Scanner") -> str:
    """The name of a file; it comes from outside, so it may hold a secret, too."""
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
