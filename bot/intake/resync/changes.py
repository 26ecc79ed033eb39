"""Lists what changed in one repository since the last listing, and marks it dirty."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import update

from bot.concurrent import run_all
from bot.engine import Engine
from bot.forgejo import ForgejoAPI
from bot.intake.resync import listing
from bot.model import Repo, Target
from bot.store import Store, repositories
from bot.store import targets as records
from bot.store.scheduling import listed
from bot.store.tables import Repository

OVERLAP = timedelta(minutes=2)
"""Overlap of two listings, for clock differences and slow answers; duplicates have the same update time."""
FIRST_OVERLAP = timedelta(hours=1)
"""Overlap of the first listing, which begins at the time when the bot came."""
PRIORITY = 1


class Changes:
    """Finds changed targets and comments."""

    def __init__(self, client: ForgejoAPI, store: Store, engine: Engine) -> None:
        self._client = client
        self._store = store
        self._engine = engine

    async def of_repository(self, repository: Repository, at: datetime) -> dict[Target, datetime]:
        """List one repository's changes; return the changed targets that were not known, with their update times.

        The watermark is the newest time in the server's answers, not our own time; `at` is our own time.
        """
        repo = repositories.repo_of(repository)
        first = repository.resynced_at is None
        watermark = repository.resynced_at or repository.set_up_at
        since = watermark - (FIRST_OVERLAP if first else OVERLAP)
        found, commented = await run_all(
            listing.changed_targets(self._client, repo, since), listing.commented_targets(self._client, repo, since)
        )
        fresh = {target for target, moment in commented.items() if first or moment > watermark}
        changed = await self.mark(repo, found, fresh)
        newest = max([watermark, *found.values(), *commented.values()])
        async with self._store.session() as session:
            times = update(Repository).where(Repository.id == repo.id)
            await session.execute(times.values(resynced_at=newest, visited_at=at))
        return changed

    async def mark(
        self,
        repo: Repo,
        found: Mapping[Target, datetime],
        commented: set[Target] = frozenset(),  # type: ignore[assignment]
    ) -> dict[Target, datetime]:
        """Mark targets of a repository that changed, and those with a fresh comment; return those that changed."""
        async with self._store.read() as session:
            known = await listed.known(session, repo, [target.number for target in found])
        changed = {target: moment for target, moment in found.items() if _is_new(known.get(target.number), moment)}
        dirty = sorted({*changed, *commented}, key=lambda one: one.number)
        for part in listed.steps(dirty):
            async with self._store.session() as session:
                await records.add_targets(session, part, quiet=False, priority=PRIORITY)
                await listed.wake(session, part)
                await listed.updated(session, {target: found[target] for target in part if target in changed})
        await self._engine.submit_all((target, PRIORITY) for target in dirty)
        return changed


def _is_new(known: listed.Known | None, moment: datetime) -> bool:
    return known is None or known.updated_at is None or known.updated_at < moment
