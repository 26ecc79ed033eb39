"""Finds what no delivery told: Forgejo sends each event once, so what changed is listed too.

Every minute the targets and comments updated since the last look; at start and daily every open target, since
deletions, statuses and edits of comments move no target's time of update.
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
"""Clocks differ and answers take time; what is listed twice is recognised by its time of update."""
FIRST_OVERLAP = timedelta(hours=1)
"""At the first listing there is only our own clock to go by."""
RELOOK = timedelta(minutes=10)
"""An open pull request is looked at this often even when nothing is heard: a forged status sends no event."""
RELOOK_BATCH = 20


class Resync:
    """Lists repositories and marks what changed."""

    def __init__(self, client: ForgejoAPI, store: Store, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._store = store
        self._engine = engine
        self._clock = clock

    async def recent(self) -> None:
        """Marks targets updated since the last listing, in every repository that the bot serves."""
        async with self._store.read() as session:
            known = list((await session.execute(select(Repository))).scalars())
        for repository in known:
            try:
                await self._repository(repository)
            except NotFound:
                log.warning("resync.gone", repository=repository.full_name)
            except ForgejoError as fault:
                log.warning("resync.failed", repository=repository.full_name, error=str(fault))

    async def everything(self) -> None:
        """Marks every open target; looks at them come after whatever is fresh."""
        async with self._store.session() as session:
            targets = await records.mark_open(session, priority=5)
        log.info("resync.everything", targets=len(targets))
        await self.sweep()

    async def sweep(self) -> None:
        """Submits all dirty targets that are due: no crash and no engine's fault loses work."""
        async with self._store.read() as session:
            rows = await records.dirty(session, self._clock())
        for row in rows:
            await self._engine.submit(records.target_of(row), priority=row.priority)

    async def relook(self) -> None:
        """Submits open pull requests that weren't looked at for some minutes, a few at a time."""
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
        """The watermark is the newest time that the server itself gave: its clock and ours need not agree."""
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
        """Gives the targets of a repository that Forgejo lists, with their time of update."""
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
        """Gives the targets with comments changed since, and when the last of them was."""
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
