"""Registers the open targets of a repository during setup: silent, unless a backfill is requested."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Machine
from bot.forgejo.types import Repository
from bot.model import Repo, Target
from bot.store import repositories, targets
from bot.store.tables import Repository as RepositoryRow
from bot.store.tables import TargetRow

PRIORITY = 7
APART = timedelta(seconds=2)
"""Interval between two targets of a backfill, so that people are not flooded and new events go first."""


async def remember(machine: Machine, repository: Repository, *, started: datetime, backfill: bool) -> str:
    """Register the repository and its open targets; return a line about it. Raises ForgejoError.

    Known targets do not change, except that a backfill ends the silence of silent ones.
    """
    there = machine.client.server_time() or started
    found = await machine.resync.listed(Repo(id=repository.id, name=repository.full_name))
    async with machine.store.session() as session:
        await repositories.serve(session, Repo(id=repository.id, name=repository.full_name), started, there)
        known = await _known(session, repository.id)
        # The name is spelled as in Forgejo's answer, so a repository has one row.
        chosen = [target for target in found if target.number not in known or (backfill and known[target.number])]
        await targets.add_targets(session, chosen, quiet=not backfill, priority=PRIORITY)
        rows = list(_rows({target: found[target] for target in chosen}, started if backfill else None))
        if rows:
            await session.execute(update(TargetRow), rows)
        row = await session.get_one(RepositoryRow, repository.id)
        row.default_branch = repository.default_branch
        # A known repository keeps the time of its last listing, so that changes since then are still found.
        row.resynced_at = row.resynced_at or there
    if backfill:
        minutes = len(chosen) * APART / timedelta(minutes=1)
        return f"targets: {len(found)} open, reports on {len(chosen)} follow within {minutes:.0f} minutes"
    return f"targets: {len(found)} open, {len(chosen)} new to the bot; no reports until their next event"


async def _known(session: AsyncSession, repository_id: int) -> Mapping[int, bool]:
    query = select(TargetRow.number, TargetRow.quiet).where(TargetRow.repository_id == repository_id)
    return dict((await session.execute(query)).all())


def _rows(found: Mapping[Target, datetime], spread_from: datetime | None) -> Iterator[dict[str, Any]]:
    for place, (target, updated) in enumerate(found.items()):
        yield {
            "repository_id": target.repository_id,
            "number": target.number,
            "quiet": spread_from is None,
            "updated_at": updated,
            "not_before": spread_from + place * APART if spread_from else None,
        }
