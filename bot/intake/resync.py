"""Finds changes without a delivery: Forgejo sends each event only once, so changes are listed too.

Every minute it lists the targets and comments updated since the last listing; at start and daily it lists every open
target, since deletions, statuses and edited comments do not change a target's update time.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.engine import Engine
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, ForgejoError, NotFound, Redirected
from bot.model import Kind, Repo, Target
from bot.store import Store, repositories
from bot.store import targets as records
from bot.store.tables import Repository, TargetRow
from bot.thread import Names

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

    def __init__(
        self, client: ForgejoAPI, store: Store, engine: Engine, names: Names, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._store = store
        self._engine = engine
        self._names = names
        self._clock = clock

    async def recent(self) -> None:
        """Mark targets updated since the last listing, in every repository that the bot serves and that is due."""
        for repository in await self._due():
            await self._visit(repository, self._repository)

    async def everything(self) -> None:
        """Mark every open target, with a lower priority than new events.

        What is remembered as open is marked, and what the server lists as open: neither is taken for the whole.
        """
        async with self._store.session() as session:
            targets = await records.mark_open(session, priority=5)
        log.info("resync.all", targets=len(targets))
        for repository in await self._due():
            await self._visit(repository, self._all_open)
        await self.sweep()

    async def sweep(self) -> None:
        """Submit all dirty targets that are due, so that no crash or engine error loses work."""
        async with self._store.read() as session:
            waiting = await records.dirty(session, self._clock())
        for target, priority in waiting:
            await self._engine.submit(target, priority=priority)

    async def relook(self) -> None:
        """Submit open pull requests that were not evaluated for some minutes, a few at a time."""
        query = (
            records.named()
            .where(TargetRow.state == "open", TargetRow.kind == Kind.PULL.value)
            .where(TargetRow.observed_at < self._clock() - RELOOK)
            .where((Repository.ask_again_at.is_(None)) | (Repository.ask_again_at <= self._clock()))
            .order_by(TargetRow.observed_at)
            .limit(RELOOK_BATCH)
        )
        async with self._store.read() as session:
            rows = (await session.execute(query)).all()
        for row, name in rows:
            await self._engine.submit(records.target_of(row, name), priority=8)

    async def _due(self) -> list[Repository]:
        async with self._store.read() as session:
            found = await repositories.known(session)
        now = self._clock()
        return [one for one in found if one.ask_again_at is None or one.ask_again_at <= now]

    async def _visit(self, repository: Repository, visit: Callable[[Repository], Awaitable[None]]) -> None:
        """List a repository under the name that it has now. A refusal proves nothing: it is asked for later."""
        repo = repositories.repo_of(repository)
        try:
            if repository.full_name and repository.id > 0 and repository.unseen_since is None:
                await visit(repository)
                return
        except (NotFound, Forbidden, Redirected) as fault:
            log.info("resync.refused", repository=repo.name, error=str(fault))
        except ForgejoError as fault:
            log.warning("resync.failed", repository=repo.name, error=str(fault))
            return
        try:
            await self._find(repo, visit)
        except ForgejoError as fault:
            log.warning("resync.failed", repository=repo.name, error=str(fault))

    async def _find(self, repo: Repo, visit: Callable[[Repository], Awaitable[None]]) -> None:
        """Look for a repository by its id; where it is visible again, everything in it is looked at."""
        found = await self._names.find(repo)
        if found is None:
            return
        async with self._store.session() as session:
            again = await repositories.seen(session, found.id)
            targets = await records.mark_open(session, repository_id=found.id, priority=5) if again else []
            row = await session.get_one(Repository, found.id)
        if again:
            log.info("repository.visible-again", repository=found.name, targets=len(targets))
            await self._all_open(row)
        await visit(row)
        for target in targets:
            await self._engine.submit(target, priority=5)

    async def _all_open(self, repository: Repository) -> None:
        """Every open target that the server lists is known from then on, and one that was missing is looked at again.

        What was there before the bot came stays silent until something happens on it.
        """
        found = await self.listed(repositories.repo_of(repository), {"state": "open"})
        async with self._store.session() as session:
            rows = {target: await records.row_of(session, target) for target in found}
            fresh = [target for target, row in rows.items() if row is None]
            lost = [target for target, row in rows.items() if row is not None and row.state != "open"]
            old = [target for target in fresh if found[target] <= repository.set_up_at]
            await records.add_targets(session, old, quiet=True, priority=5)
            await records.add_targets(
                session, [*(one for one in fresh if one not in old), *lost], quiet=False, priority=5
            )
            await records.updated(session, {target: found[target] for target in fresh})
        if fresh or lost:
            log.info("resync.found", repository=repository.full_name, new=len(fresh), again=len(lost))

    async def _repository(self, repository: Repository) -> None:
        """List one repository's changes. The watermark is the newest time in the server's answers, not our own time."""
        repo = repositories.repo_of(repository)
        first = repository.resynced_at is None
        watermark = repository.set_up_at if first else repository.resynced_at or repository.set_up_at
        since = watermark - (FIRST_OVERLAP if first else OVERLAP)
        found = await self.listed(repo, {"state": "all", "since": _stamp(since)})
        commented = await self._commented(repo, since)
        newest = max([watermark, *found.values(), *commented.values()])
        async with self._store.session() as session:
            changed = await self._changed(session, found)
            changed |= {target for target, at in commented.items() if first or at > watermark}
            await records.add_targets(session, sorted(changed, key=str), quiet=False)
            await records.wake(session, changed)
            await records.updated(session, found)
            await session.execute(update(Repository).where(Repository.id == repo.id).values(resynced_at=newest))
        for target in changed:
            await self._engine.submit(target, priority=1)

    async def listed(self, repo: Repo, params: dict[str, str]) -> dict[Target, datetime]:
        """Return the targets of a repository that Forgejo lists, with their update times."""
        found: dict[Target, datetime] = {}
        async for issue in endpoints.ISSUES.each(self._client, repo.name, params={"limit": 50, **params}):
            kind = Kind.PULL if issue.pull_request is not None else Kind.ISSUE
            found[repo.target(issue.number, kind)] = issue.updated_at
        return found

    async def _changed(self, session: AsyncSession, found: dict[Target, datetime]) -> set[Target]:
        changed: set[Target] = set()
        for target, updated in found.items():
            row = await records.row_of(session, target)
            if row is None or row.updated_at is None or row.updated_at < updated:
                changed.add(target)
        return changed

    async def _commented(self, repo: Repo, since: datetime) -> dict[Target, datetime]:
        """Return the targets with comments changed since a time, and the time of the last change."""
        found: dict[Target, datetime] = {}
        changed: dict[str, str | int] = {"since": _stamp(since), "limit": 50, "page": 1}
        async for comment in endpoints.COMMENTS.each(self._client, repo.name, params=changed):
            if comment.number:
                kind = Kind.PULL if comment.pull_request_url else Kind.ISSUE
                target = repo.target(comment.number, kind)
                found[target] = max(comment.updated_at, found.get(target, comment.updated_at))
        return found


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
