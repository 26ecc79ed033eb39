"""Anchors the ledger once a day, and tells if it no longer fits its last anchor."""

from datetime import datetime
from pathlib import Path

import structlog

from bot.store import Store
from bot.store.ledger import anchors

log = structlog.get_logger(__name__)

DIFFERS = (
    "entries were removed or rewritten, or an earlier backup was restored; run assay ledger verify --anchors, and find "
    "out who can write to the database"
)


async def anchor_ledger(store: Store, path: Path, now: datetime) -> None:
    """Append the newest hash of the ledger to the file, unless that was done today (UTC) or nothing is new."""
    try:
        last = anchors.last(path)
        async with store.read() as session:
            found = await anchors.newest(session, now)
            if last is not None and (await anchors.compare(session, [last])).broken:
                log.error("ledger.differs-from-anchor", sequence=last.sequence, file=str(path), next=DIFFERS)
        if found is None or (last is not None and (last.at.date() == now.date() or last.hash == found.hash)):
            return
        anchors.add(path, found)
    except OSError as fault:
        log.warning("ledger.not-anchored", file=str(path), error=fault.strerror, next="check ASSAY_LEDGER_ANCHORS")
