"""The bot's own objects on a target (comments, labels, statuses), and how often each was restored.

Every function works inside a transaction of its caller.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Held, Restored, Target
from bot.store.database.session import upsert
from bot.store.tables import Holding, LedgerEntry

MAX_INTENTS = 50
_WRITTEN = ("remote_id", "value", "intended", "evidence")


async def held(session: AsyncSession, target: Target) -> tuple[Held, ...]:
    """Return the bot's current objects on the target."""
    query = select(Holding).where(Holding.repository_id == target.repository_id, Holding.number == target.number)
    rows = (await session.execute(query)).scalars()
    return tuple(
        Held(
            object=row.object,
            value=row.value,
            intended=row.intended,
            evidence=row.evidence,
            remote_id=row.remote_id,
            written_at=row.written_at,
        )
        for row in rows
    )


async def intend(session: AsyncSession, target: Target, things: Mapping[str, str], at: datetime) -> None:
    """Record planned writes, each object with its value, so that a crash is not mistaken for tampering.

    Earlier ones that were not confirmed are kept, at most MAX_INTENTS of an object: any of them may have arrived.
    """
    known = select(Holding.object, Holding.intended).where(
        Holding.repository_id == target.repository_id, Holding.number == target.number, Holding.object.in_(things)
    )
    earlier = {name: intended.split() for name, intended in (await session.execute(known)).all()}
    waiting = {
        name: [*(one for one in earlier.get(name, ()) if one != value), value][-MAX_INTENTS:]
        for name, value in things.items()
    }
    about = {
        "repository_id": target.repository_id,
        "number": target.number,
        "value": "",
        "evidence": "",
        "written_at": at,
    }
    rows = [{**about, "object": name, "intended": " ".join(values)} for name, values in waiting.items()]
    await upsert(session, Holding, rows, ("repository_id", "number", "object"), ("intended",))


async def hold(session: AsyncSession, target: Target, things: Sequence[Held], at: datetime) -> None:
    """Record that writes were confirmed."""
    await _put(session, target, things, at, (*_WRITTEN, "written_at"))


async def update_evidence(session: AsyncSession, target: Target, evidence: Mapping[str, str], at: datetime) -> None:
    """Record the current reasons of objects: the bot's own, and those that a person chose."""
    about = {
        "repository_id": target.repository_id,
        "number": target.number,
        "value": "",
        "intended": "",
        "written_at": at,
    }
    rows = [{**about, "object": name, "evidence": basis} for name, basis in evidence.items()]
    await upsert(session, Holding, rows, ("repository_id", "number", "object"), ("evidence",))


async def adopt(session: AsyncSession, target: Target, held: Sequence[Held], at: datetime) -> None:
    """Record objects that the bot's account wrote without an entry here as its own; keep their time of writing."""
    await _put(session, target, held, at, _WRITTEN)


async def restored(session: AsyncSession, target: Target, now: datetime) -> tuple[Restored, ...]:
    """Return how often each object of the target was restored, from the ledger."""
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.repository_id == target.repository_id, LedgerEntry.number == target.number)
        .where(LedgerEntry.kind == "restore")
        .order_by(LedgerEntry.sequence)
    )
    found: dict[str, Restored] = {}
    for entry in (await session.execute(query)).scalars():
        known = found.get(entry.object)
        recent = entry.at > now - timedelta(days=1)
        found[entry.object] = Restored(
            object=entry.object,
            what=str(entry.detail.get("what", "")),
            today=(known.today if known else 0) + recent,
            total=(known.total if known else 0) + 1,
            last_at=entry.at,
        )
    return tuple(found.values())


async def _put(
    session: AsyncSession, target: Target, things: Sequence[Held], at: datetime, columns: Sequence[str]
) -> None:
    rows = [
        {
            "repository_id": target.repository_id,
            "number": target.number,
            "object": thing.object,
            "remote_id": thing.remote_id,
            "value": thing.value,
            "intended": "",
            "evidence": thing.evidence,
            "written_at": at,
        }
        for thing in things
    ]
    await upsert(session, Holding, rows, ("repository_id", "number", "object"), columns)
