"""Anchors of the ledger: once a day its newest hash is appended to a file, which can be kept elsewhere.

A chain proves only itself: whoever can write to the database can cut off its end, or write all of it anew. Neither
fits an anchor that he cannot change. Each line of the file is a JSON object.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.ledger.chain import archived, tail
from bot.store.ledger.files import Span, rows_of, sync_folder
from bot.store.tables import LedgerEntry

SLICE = 500


@dataclass(frozen=True)
class Anchor:
    """The hash that the ledger's newest entry had at a time."""

    sequence: int
    hash: str
    at: datetime


@dataclass(frozen=True)
class Compared:
    """Anchors against a ledger: those that hold, those of entries elsewhere, and the first one that does not hold.

    `missing`: the ledger has no such entry; otherwise it has another one.
    """

    held: int = 0
    elsewhere: int = 0
    broken: Anchor | None = None
    missing: bool = False


async def newest(session: AsyncSession, at: datetime) -> Anchor | None:
    """Return the anchor of the ledger as it is now; None if it is empty."""
    found = await tail(session, 1)
    return Anchor(found[0].sequence, found[0].hash, at) if found else None


async def compare(session: AsyncSession, anchors: Sequence[Anchor]) -> Compared:
    """Compare anchors with the ledger in the database, whose chain the caller has verified."""
    past = await archived(session)
    known = {past.through: past.hash} if past.through else {}
    numbers = [anchor.sequence for anchor in anchors]
    for start in range(0, len(numbers), SLICE):
        here = LedgerEntry.sequence.in_(numbers[start : start + SLICE])
        rows = await session.execute(select(LedgerEntry.sequence, LedgerEntry.hash).where(here))
        known |= {sequence: found for sequence, found in rows}  # noqa: C416 - rows aren't pairs to mypy
    return _compared(anchors, known, lambda sequence: sequence < past.through)


def compare_file(path: Path, span: Span, anchors: Sequence[Anchor]) -> Compared:
    """Compare anchors with a verified file. Raises OSError."""
    wanted = {anchor.sequence for anchor in anchors}
    known = {row["sequence"]: row["hash"] for row in rows_of(path) if row["sequence"] in wanted}
    return _compared(anchors, known, lambda sequence: not span.first <= sequence <= span.last)


def _compared(anchors: Sequence[Anchor], known: Mapping[int, str], elsewhere: Callable[[int], bool]) -> Compared:
    held = gone = 0
    for anchor in anchors:
        if known.get(anchor.sequence) == anchor.hash:
            held += 1
        elif anchor.sequence not in known and elsewhere(anchor.sequence):
            gone += 1
        else:
            return Compared(held, gone, anchor, missing=anchor.sequence not in known)
    return Compared(held, gone)


def add(path: Path, anchor: Anchor) -> None:
    """Append an anchor to the file, durably; the file is made (0600) if it is missing. Raises OSError."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"  # a power cut left half a line
        line = json.dumps(
            {"sequence": anchor.sequence, "hash": anchor.hash, "at": anchor.at.astimezone(UTC).isoformat()}
        )
        os.write(file, b"\n" * torn + line.encode() + b"\n")
        os.fsync(file)
    finally:
        os.close(file)
    sync_folder(path)


def last(path: Path) -> Anchor | None:
    """Return the last anchor of a file; None if there is none. Raises OSError."""
    found = read(path)[0] if path.exists() else []
    return found[-1] if found else None


def read(path: Path) -> tuple[list[Anchor], int]:
    """Return the anchors of a file, oldest first, and the number of lines that are none. Raises OSError."""
    found: list[Anchor] = []
    lines = [line for line in path.read_bytes().split(b"\n") if line]
    for line in lines:
        try:
            row = json.loads(line)
            found.append(Anchor(int(row["sequence"]), str(row["hash"]), datetime.fromisoformat(row["at"])))
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return found, len(lines) - len(found)
