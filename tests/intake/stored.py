"""What is stored of deliveries, read as the program reads it."""

from collections.abc import Sequence
from datetime import datetime

from bot.model import Envelope
from bot.store import Store, deliveries
from bot.store.deliveries import Kept


async def unrouted(store: Store, limit: int = 100) -> list[Envelope]:
    """The deliveries that no routing pass has taken yet, oldest first."""
    await deliveries.take_in(store)
    async with store.read() as session:
        return await deliveries.unrouted(session, limit)


async def mark_routed(store: Store, ids: Sequence[str], at: datetime | None) -> None:
    """Mark deliveries as routed at a time, or with None as not routed."""
    await deliveries.take_in(store)
    async with store.session() as session:
        await deliveries.mark_routed(session, ids, at)


async def listed(store: Store, *, repository: str = "", event: str = "", limit: int = 1000) -> list[Kept]:
    """The newest deliveries, newest first; optionally of one repository or one event."""
    await deliveries.take_in(store)
    async with store.read() as session:
        return await deliveries.listed(session, repository=repository, event=event, limit=limit)


async def shown(store: Store, beginning: str) -> list[Kept]:
    """The deliveries whose id has this prefix, at most five."""
    await deliveries.take_in(store)
    async with store.read() as session:
        return await deliveries.shown(session, beginning)
