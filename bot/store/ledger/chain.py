"""The ledger: the append-only, hash-chained record of every judgment and write.

Each entry's hash covers the entry and the previous hash, so a changed, removed or inserted entry breaks the chain from
there on. `assay ledger verify` checks it.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Target
from bot.store.tables import LedgerEntry

GENESIS = "0" * 64
LOCK = 0x6173736179
"""PostgreSQL's advisory lock for appending to the chain; SQLite has one writer anyway."""


@dataclass(frozen=True)
class Entry:
    """A new entry.

    `kind` is judgment, decision, intent, result, restore, alarm, trust, setup, evidence, gate, soak, repository
    or account.
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
    """The result of `verify`: the number of valid entries, and the sequence number of the first invalid one."""

    entries: int
    broken_at: int | None = None


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
    """Verify the whole chain and return the result."""
    previous, count = GENESIS, 0
    async for entry in walk(session):
        if entry.sequence != count + 1 or entry.previous != previous or not _holds(entry):
            return Proof(count, broken_at=count + 1)
        previous, count = entry.hash, count + 1
    return Proof(count)


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


def hash_of(row: Mapping[str, Any]) -> str:
    """Return the hash of an entry, over the columns of `FIELDS` and its repository's id (hex)."""
    content = {name: row[name] for name in FIELDS}
    content["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    if row["repository_id"]:
        content["repository_id"] = row["repository_id"]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _holds(entry: LedgerEntry) -> bool:
    """Entries of version 0.1 got their repository's id later, by a migration, so their hash doesn't cover it."""
    row = {name: getattr(entry, name) for name in (*FIELDS, "repository_id")}
    return entry.hash in {hash_of(row), hash_of(row | {"repository_id": 0})}
