"""Finds changes without a delivery: Forgejo sends each event only once, so changes are listed too.

Every minute it lists the targets and comments updated since the last listing; at start and daily it lists every open
target, since deletions, statuses and edited comments do not change a target's update time.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.engine import Engine
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import ForgejoError, NotFound
from bot.model import Kind, Target
from bot.store import Store, upsert
from bot.store import targets as records
from bot.store.tables import Repository, TargetRow

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=2)
"""Overlap of two listings, for clock differences and slow answers; duplicates have the same update time."""
FIRST_OVERLAP = timedelta(hours=1)
"""Overlap of the first listing, which can only use the bot's own clock."""
RELOOK = timedelta(minutes=10)
"""An open pull request is evaluated this often even without events: a forged status sends no event."""
RELOOK_BATCH = 20


class Resync:
    """Lists repositories and marks changed targets dirty."""

    def __init__(self, client: ForgejoAPI, store: Store, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._store = store
        self._engine = engine
        self._clock = clock

    async def recent(self) -> None:
        """Mark targets updated since the last listing, in every repository that the bot serves."""
        async with self._store.read() as session:
            known = list((await session.execute(select(Repository))).scalars())
        for repository in known:
            try:
                await self._repository(repository)
            except NotFound:
                log.warning("resync.repository-not-found", repository=repository.full_name)
            except ForgejoError as fault:
                log.warning("resync.failed", repository=repository.full_name, error=str(fault))

    async def everything(self) -> None:
        """Mark every open target, with a lower priority than new events."""
        async with self._store.session() as session:
            targets = await records.mark_open(session, priority=5)
        log.info("resync.all", targets=len(targets))
        await self.sweep()

    async def sweep(self) -> None:
        """Submit all dirty targets that are due, so that no crash or engine error loses work."""
        async with self._store.read() as session:
            rows = await records.dirty(session, self._clock())
        for row in rows:
            await self._engine.submit(records.target_of(row), priority=row.priority)

    async def relook(self) -> None:
        """Submit open pull requests that were not evaluated for some minutes, a few at a time."""
        query = (
            select(TargetRow)
            .where(TargetRow.state == "open", TargetRow.kind == Kind.PULL.value)
            .where(TargetRow.observed_at < self._clock() - RELOOK)
            .order_by(TargetRow.observed_at)
            .limit(RELOOK_BATCH)
        )
        async with self._store.read() as session:
            rows = list((await session.execute(query)).scalars())
        for row in rows:
            await self._engine.submit(records.target_of(row), priority=8)

    async def _repository(self, repository: Repository) -> None:
        """List one repository's changes. The watermark is the newest time in the server's answers, not our own time."""
        first = repository.resynced_at is None
        watermark = repository.set_up_at if first else repository.resynced_at or repository.set_up_at
        since = watermark - (FIRST_OVERLAP if first else OVERLAP)
        found = await self.listed(repository.full_name, {"state": "all", "since": _stamp(since)})
        commented = await self._commented(repository.full_name, since)
        newest = max([watermark, *found.values(), *commented.values()])
        async with self._store.session() as session:
            changed = await self._changed(session, found)
            changed |= {target for target, at in commented.items() if first or at > watermark}
            await records.add_targets(session, sorted(changed, key=str), quiet=False)
            await records.wake(session, changed)
            await records.updated(session, found)
            row = {"full_name": repository.full_name, "set_up_at": repository.set_up_at, "default_branch": ""}
            await upsert(session, Repository, [{**row, "resynced_at": newest}], ("full_name",), ("resynced_at",))
        for target in changed:
            await self._engine.submit(target, priority=1)

    async def listed(self, repository: str, params: dict[str, str]) -> dict[Target, datetime]:
        """Return the targets of a repository that Forgejo lists, with their update times."""
        found: dict[Target, datetime] = {}
        async for issue in endpoints.ISSUES.each(self._client, repository, params={"limit": 50, **params}):
            kind = Kind.PULL if issue.pull_request is not None else Kind.ISSUE
            found[Target(repository=repository, number=issue.number, kind=kind)] = issue.updated_at
        return found

    async def _changed(self, session: AsyncSession, found: dict[Target, datetime]) -> set[Target]:
        changed: set[Target] = set()
        for target, updated in found.items():
            row = await records.row_of(session, target)
            if row is None or row.updated_at is None or row.updated_at < updated:
                changed.add(target)
        return changed

    async def _commented(self, repository: str, since: datetime) -> dict[Target, datetime]:
        """Return the targets with comments changed since a time, and the time of the last change."""
        found: dict[Target, datetime] = {}
        changed: dict[str, str | int] = {"since": _stamp(since), "limit": 50, "page": 1}
        async for comment in endpoints.COMMENTS.each(self._client, repository, params=changed):
            url = comment.pull_request_url or comment.issue_url
            if url:
                target = Target.parse(url)
                found[target] = max(comment.updated_at, found.get(target, comment.updated_at))
        return found


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
