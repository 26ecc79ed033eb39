"""Deletes old deliveries, snapshots of closed targets, and targets that never were.

`docs/operating.md` says of every table why it does not grow without bound.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from bot.store.database.session import Store
from bot.store.housekeeping.steps import Deleting, in_steps
from bot.store.tables import Delivery, SnapshotRow, TargetRow

NEVER_WERE = timedelta(days=1)
"""Time for which a target stays that a delivery named and nobody ever saw on the server."""


@dataclass(frozen=True)
class Kept:
    """For how long routed deliveries, and snapshots of targets that are no longer open, are kept."""

    deliveries: timedelta
    snapshots: timedelta


async def prune(store: Store, kept: Kept, now: datetime) -> dict[str, int]:
    """Delete what is older than it has to be; return how many rows of each table."""
    old = {
        Delivery: select(Delivery.id)
        .where(Delivery.received_at < now - kept.deliveries, Delivery.routed_at.is_not(None))
        .order_by(Delivery.received_at),
        SnapshotRow: _snapshots(now - kept.snapshots),
        TargetRow: _never_were(now - NEVER_WERE),
    }
    return {table.__tablename__: await in_steps(store, Deleting(table, query)) for table, query in old.items()}


def _snapshots(before: datetime) -> Select[*tuple[Any, ...]]:
    """The snapshots of closed targets; of an open one the newest few are kept when another is added."""
    here = (TargetRow.repository_id == SnapshotRow.repository_id) & (TargetRow.number == SnapshotRow.number)
    return (
        select(SnapshotRow.hash, SnapshotRow.repository_id, SnapshotRow.number)
        .join(TargetRow, here)
        .where(SnapshotRow.taken_at < before, TargetRow.state != "open")
        .order_by(SnapshotRow.taken_at)
    )


def _never_were(before: datetime) -> Select[*tuple[Any, ...]]:
    """The targets that were named by deliveries alone: whoever has a webhook's secret could add them for ever."""
    return select(TargetRow.repository_id, TargetRow.number).where(
        TargetRow.state == "gone",
        TargetRow.observed_at.is_(None),
        TargetRow.snapshot_hash == "",
        TargetRow.not_before < before,
        TargetRow.desired_generation <= TargetRow.observed_generation,
    )
