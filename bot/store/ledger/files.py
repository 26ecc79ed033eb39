"""The ledger in files: one entry a line, as JSON, with its hash and the one before, so that a file proves itself."""

import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.ledger.chain import COLUMNS, GENESIS, archived, first_whole, holds, walk
from bot.store.tables import LedgerEntry

MAX_LINE = 1_000_000


class LedgerFileError(ValueError):
    """A file that is no valid part of a ledger, or cannot be written; the text says where and what to do."""


@dataclass(frozen=True)
class Span:
    """A part of the chain: its first and last entry, and the hash of the last one. Without entries, `last` is 0."""

    first: int = 0
    last: int = 0
    hash: str = ""

    @property
    def entries(self) -> int:
        """The number of entries."""
        return self.last - self.first + 1 if self.last else 0


class _Chain:
    """Follows the entries of a part of the chain, one after the other."""

    def __init__(self) -> None:
        self.span = Span()

    def follows(self, row: dict[str, Any]) -> bool:
        """Take the next entry; return whether it is the next one and has its hash."""
        last = self.span
        linked = not last.last or (row["sequence"] == last.last + 1 and row["previous"] == last.hash)
        begins = row["sequence"] != 1 or row["previous"] == GENESIS
        self.span = Span(last.first or row["sequence"], row["sequence"], row["hash"])
        return linked and begins and holds(row)


async def export(
    session: AsyncSession, write: Callable[[str], object], since: datetime | None = None, until: datetime | None = None
) -> Span:
    """Write the entries from the first one since a time to the last one before any of a time; return what it was.

    Raises LedgerFileError if the chain in the database is broken.
    """
    first, last = await _range(session, since, until)
    chain = _Chain()
    async for entry in _between(session, first, last):
        row = {name: getattr(entry, name) for name in COLUMNS}
        if not chain.follows(row):
            raise LedgerFileError(f"the chain is broken at entry {entry.sequence}; run assay ledger verify")
        write(json.dumps({**row, "at": row["at"].astimezone(UTC).isoformat(timespec="microseconds")}) + "\n")
    return chain.span


async def export_file(
    session: AsyncSession, path: Path, since: datetime | None = None, until: datetime | None = None
) -> Span:
    """Like `export`, to a new file (0600), which is there in full and on the disk, or not at all.

    Raises LedgerFileError, and OSError if it cannot be written.
    """
    with new_file(path) as file:
        return await export(session, file.write, since, until)


def verify_file(path: Path) -> Span:
    """Verify an exported file, without a database, and return which part of the chain it is.

    Raises LedgerFileError with the first invalid line, and OSError if it cannot be read.
    """
    chain = _Chain()
    with path.open("rb") as file:
        for number, row in enumerate(_rows(file), start=1):
            if row is None:
                raise LedgerFileError(f"line {number} is not an entry of a ledger; the file was changed or cut off")
            if not chain.follows(row):
                raise LedgerFileError(f"the chain is broken at line {number}, entry {row['sequence']}")
    return chain.span


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Return the entries of a verified file."""
    with path.open("rb") as file:
        yield from (row for row in _rows(file) if row is not None)


@contextmanager
def new_file(path: Path) -> Iterator[IO[str]]:
    """Write a private file that takes its place when all of it is on the disk; an existing one is not replaced."""
    if path.exists():
        raise LedgerFileError(f"{path} exists; use another name")
    fresh = path.with_name(f".{path.name}.part")  # what a killed process left is written over
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LedgerFileError(f"another process writes {path}; use another name") from None
        try:
            os.fchmod(file.fileno(), 0o600)
            file.truncate(0)
            yield file
            file.flush()
            os.fsync(file.fileno())
            fresh.rename(path)
        finally:
            fresh.unlink(missing_ok=True)
    sync_folder(path)


def sync_folder(path: Path) -> None:
    """Have a new name of a file survive a power cut."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _rows(file: IO[bytes]) -> Iterator[dict[str, Any] | None]:
    """Return the entries, None for a line that is none."""
    while line := file.readline(MAX_LINE):
        try:
            row = json.loads(line)
            row["at"] = datetime.fromisoformat(row["at"])
            valid = line.endswith(b"\n") and row.keys() == set(COLUMNS) and type(row["sequence"]) is int
        except (ValueError, TypeError, KeyError, RecursionError):
            valid = False
        yield row if valid else None


async def _range(session: AsyncSession, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    first = await first_whole(session, await archived(session))
    number = LedgerEntry.sequence
    last = await session.scalar(select(func.max(number))) or 0
    if since is not None:
        first = max(first, await session.scalar(select(func.min(number)).where(LedgerEntry.at >= since)) or last + 1)
    if until is not None:
        later = select(func.min(number)).where(LedgerEntry.at >= until, number >= first)
        last = (await session.scalar(later) or last + 1) - 1
    return first, last


async def _between(session: AsyncSession, first: int, last: int) -> AsyncIterator[LedgerEntry]:
    async for entry in walk(session, after=first - 1):
        if entry.sequence > last:
            return
        yield entry
