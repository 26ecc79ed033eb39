"""The bot's own objects on a target (comments, labels, statuses), and how often each was restored.

Every function works inside a transaction of its caller.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Held, Intent, Restored, Target, intents
from bot.store.database.session import upsert
from bot.store.tables import Holding, LedgerEntry

MAX_INTENTS = 50
MAY_ARRIVE = timedelta(hours=1)
"""How long after it was sent a write without an answer may still arrive, behind others that were answered."""
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
    earlier = await _intended(session, target, things)
    about = {
        "repository_id": target.repository_id,
        "number": target.number,
        "value": "",
        "evidence": "",
        "written_at": at,
    }
    rows = [
        {**about, "object": name, "intended": _joined((*earlier.get(name, ()), Intent(value=value, at=at)))}
        for name, value in things.items()
    ]
    await upsert(session, Holding, rows, ("repository_id", "number", "object"), ("intended",))


async def hold(
    session: AsyncSession, target: Target, things: Sequence[Held], at: datetime, *, doubtful: bool = False
) -> None:
    """Record that writes were confirmed by an answer.

    Intents of other writes that were never answered are kept for MAY_ARRIVE: such a write may still arrive. So are the
    intents of these writes if they are `doubtful`: an earlier attempt of each was not answered.
    """
    earlier = await _intended(session, target, [thing.object for thing in things])
    others = []
    for thing in things:
        waiting = earlier.get(thing.object, ())
        others.append(_waiting(thing, waiting if doubtful else _without_last(waiting, thing.value), at))
    await _put(session, target, others, at, (*_WRITTEN, "written_at"))


async def confirm(session: AsyncSession, target: Target, things: Sequence[Held], at: datetime) -> None:
    """Record that writes without an answer were found on the server; their time of writing stays as it is."""
    earlier = await _intended(session, target, [thing.object for thing in things])
    await _put(session, target, [_waiting(one, earlier.get(one.object, ()), at) for one in things], at, _WRITTEN)


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


async def _intended(session: AsyncSession, target: Target, things: Collection[str]) -> dict[str, tuple[Intent, ...]]:
    """Return the unanswered writes of objects."""
    known = select(Holding.object, Holding.intended).where(
        Holding.repository_id == target.repository_id, Holding.number == target.number, Holding.object.in_(things)
    )
    return {name: intents(intended) for name, intended in (await session.execute(known)).all()}


def _without_last(waiting: Sequence[Intent], value: str) -> list[Intent]:
    """Return the intents without the newest of a value: that is the one which was answered."""
    last = max((place for place, one in enumerate(waiting) if one.value == value), default=None)
    return [one for place, one in enumerate(waiting) if place != last]


def _waiting(thing: Held, others: Sequence[Intent], now: datetime) -> Held:
    """Return a confirmed object with the writes that may still arrive."""
    young = [one for one in others if one.at is not None and one.at > now - MAY_ARRIVE]
    return thing.model_copy(update={"intended": _joined(young)})


def _joined(waiting: Sequence[Intent]) -> str:
    return " ".join(map(str, waiting[-MAX_INTENTS:]))


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
            "intended": thing.intended,
            "evidence": thing.evidence,
            "written_at": at,
        }
        for thing in things
    ]
    await upsert(session, Holding, rows, ("repository_id", "number", "object"), columns)
