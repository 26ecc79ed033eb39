"""The ledger: the append-only, hash-chained record of every judgment and write.

Each entry's hash covers the entry and the previous hash, so a changed, removed or inserted entry breaks the chain from
there on. `assay ledger verify` checks it.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Target
from bot.store.tables import LedgerEntry

GENESIS = "0" * 64
ARCHIVE = "archive"
KEPT = (ARCHIVE, "restore", "setup")
"""Kinds of entries that stay in the database when others are archived: the bot reads them."""
LOCK = 0x6173736179
"""PostgreSQL's advisory lock for appending to the chain; SQLite has one writer anyway."""


@dataclass(frozen=True)
class Entry:
    """A new entry.

    `kind` is judgment, decision, intent, result, restore, alarm, trust, setup, evidence, gate, soak, repository,
    account or archive.
    """

    kind: str
    repository: str
    number: int
    actor: str
    object: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    snapshot_hash: str = ""
    result: str = ""
    repository_id: int = 0

    @classmethod
    def of(cls, target: Target, kind: str, actor: str, **more: Any) -> "Entry":
        """Return an entry about one target."""
        return cls(
            kind=kind,
            repository=target.repository,
            repository_id=target.repository_id,
            number=target.number,
            actor=actor,
            **more,
        )


@dataclass(frozen=True)
class Proof:
    """The result of `verify`: the number of valid entries, and the sequence number of the first invalid one.

    `archived`: the entries up to this one are in files, and only a few of them are kept here.
    """

    entries: int
    broken_at: int | None = None
    archived: int = 0


class Archived(NamedTuple):
    """The last entry that was archived; by default none was."""

    through: int = 0
    hash: str = GENESIS


async def append(session: AsyncSession, entries: Sequence[Entry], at: datetime) -> None:
    """Append entries to the chain, in a transaction of the caller."""
    if not entries:
        return
    await lock(session)
    newest = select(LedgerEntry.sequence, LedgerEntry.hash).order_by(LedgerEntry.sequence.desc()).limit(1)
    last = (await session.execute(newest)).first()
    sequence, previous = (last[0], last[1]) if last else (0, GENESIS)
    rows = []
    for entry in entries:
        sequence += 1
        row = {**vars(entry), "sequence": sequence, "at": at, "previous": previous}
        row["hash"] = previous = hash_of(row)
        rows.append(row)
    await session.execute(insert(LedgerEntry), rows)


async def lock(session: AsyncSession) -> None:
    """Let no other process append until the transaction ends, for entries that depend on what was read before."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


async def verify(session: AsyncSession) -> Proof:
    """Verify the whole chain that is in the database and return the result.

    Of the archived entries those that are kept are verified each by itself.
    """
    past = await archived(session)
    first = await first_whole(session, past)
    expected, count = first, 0
    # Where an archive was not finished, the entry before the first one is in its file alone.
    previous = past.hash if first == past.through + 1 else ""
    async for entry in walk(session):
        place, valid = entry.sequence, holds(_row(entry))
        if place < first:
            valid = valid and entry.kind in KEPT
        else:
            valid = valid and place == expected and entry.previous == (previous or entry.previous)
            valid = valid and (place != past.through or entry.hash == past.hash)
            place, expected, previous = expected, expected + 1, entry.hash
        if not valid:
            return Proof(count, place, past.through)
        count += 1
    return Proof(count, archived=past.through)


async def archived(session: AsyncSession) -> Archived:
    """Return the last entry that was archived."""
    records = select(LedgerEntry.detail).where(LedgerEntry.kind == ARCHIVE).order_by(LedgerEntry.sequence.desc())
    detail = (await session.execute(records.limit(1))).scalar() or {}
    through, last = detail.get("through"), detail.get("hash")
    # One that was changed counts for none, and the verification says so.
    return Archived(through, last) if isinstance(through, int) and isinstance(last, str) else Archived()


async def first_whole(session: AsyncSession, past: Archived) -> int:
    """Return the sequence number from which on no entry was deleted."""
    others = select(func.min(LedgerEntry.sequence)).where(LedgerEntry.kind.not_in(KEPT))
    found = await session.scalar(others)
    return min(past.through + 1, found or past.through + 1)


async def walk(session: AsyncSession, *, after: int = 0, batch: int = 1000) -> AsyncIterator[LedgerEntry]:
    """Yield the entries in order, read in batches so that a long ledger needs little memory."""
    while True:
        query = select(LedgerEntry).where(LedgerEntry.sequence > after).order_by(LedgerEntry.sequence).limit(batch)
        entries = (await session.execute(query)).scalars().all()
        for entry in entries:
            yield entry
        if len(entries) < batch:
            return
        after = entries[-1].sequence
        session.expunge_all()


async def tail(session: AsyncSession, count: int) -> list[LedgerEntry]:
    """Return the newest entries, oldest first."""
    query = select(LedgerEntry).order_by(LedgerEntry.sequence.desc()).limit(count)
    return list(reversed((await session.execute(query)).scalars().all()))


FIELDS = (
    "sequence",
    "at",
    "kind",
    "repository",
    "number",
    "actor",
    "object",
    "detail",
    "snapshot_hash",
    "result",
    "previous",
)
COLUMNS = (*FIELDS, "repository_id", "hash")


def hash_of(row: Mapping[str, Any]) -> str:
    """Return the hash of an entry, over the columns of `FIELDS` and its repository's id (hex)."""
    content = {name: row[name] for name in FIELDS}
    content["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    if row["repository_id"]:
        content["repository_id"] = row["repository_id"]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def holds(row: Mapping[str, Any]) -> bool:
    """Return whether an entry has its hash.

    Entries of version 0.1 got their repository's id later, by a migration, so their hash doesn't cover it.
    """
    return bool(row["hash"] == hash_of(row) or row["hash"] == hash_of({**row, "repository_id": 0}))


def _row(entry: LedgerEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in COLUMNS}
