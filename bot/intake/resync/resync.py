"""The schedules that find changes without a delivery: Forgejo sends each event only once.

Every minute, what changed is searched and listed. Deletions, statuses and some edits change no target's update time:
for them all open targets are listed daily, the statuses of heads are looked at every few minutes, and open targets are
evaluated again at a steady rate.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.concurrent import run_each
from bot.engine import Engine
from bot.forgejo import ForgejoAPI
from bot.forgejo.errors import Forbidden, ForgejoError, NotFound, Paused, Redirected
from bot.intake.resync import listing
from bot.intake.resync.changes import Changes
from bot.intake.resync.heads import Heads
from bot.intake.resync.open_targets import OpenTargets
from bot.intake.resync.search import Search
from bot.model import Repo, Target
from bot.store import Store, repositories
from bot.store import targets as records
from bot.store.scheduling import due
from bot.store.tables import Repository
from bot.thread import Names
from bot.urgency import Urgency, working

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Repositories that are listed side by side."""
VISITS = 100
"""Repositories whose changes are listed in a round; with more, changes are searched first, by owner."""
SEARCHED_FROM = 3
"""An owner with fewer repositories is not searched for: his repositories are listed."""
EACH_LISTING = timedelta(days=1)
FIRST_LISTINGS = 200
"""Repositories in a round whose open targets were never listed."""
LEAST_LISTINGS = 10
ROUND = timedelta(minutes=1)
RESERVE = 1.2

DAILY = 8
SEARCHING, LOOKING, LISTING = Urgency(2), Urgency(6), Urgency(7)
"""How pressing the requests are: what people did meanwhile is found first."""


class Resync:
    """Finds changed targets and marks them dirty."""

    def __init__(
        self, client: ForgejoAPI, store: Store, engine: Engine, names: Names, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._store = store
        self._engine = engine
        self._names = names
        self._clock = clock
        self._changes = Changes(client, store, engine)
        self._open = OpenTargets(client, store)
        self._search = Search(client, self._changes)
        self._heads = Heads(client, store, engine, clock)

    async def recent(self) -> None:
        """Mark targets that changed since the last round, in every repository that the bot serves and that is due."""
        repos = await self._due()
        if len(repos) > VISITS:
            with working(SEARCHING):
                await self._searched(repos)
        always = [one for one in repos if one.visited_at is None or not self._search.relied_on(one)]
        turns = sorted((one for one in repos if one.visited_at and one not in always), key=_visited)
        chosen = repos if len(repos) <= VISITS else [*always, *turns[: max(0, VISITS - len(always))]]
        with working(LISTING):
            await self._each(chosen, self._list_changes)

    async def listings(self) -> None:
        """List all open targets of the repositories that are due, each daily, at a steady rate."""
        repos, now = await self._due(), self._clock()
        first = [one for one in repos if one.listed_at is None][:FIRST_LISTINGS]
        old = sorted((one for one in repos if one.listed_at and one.listed_at < now - EACH_LISTING), key=_listed)
        most = max(LEAST_LISTINGS, int(RESERVE * len(repos) * (ROUND / EACH_LISTING)))
        with working(LISTING):
            await self._each([*first, *old[:most]], self._list_open)

    async def relook(self) -> None:
        """Evaluate open pull requests whose statuses are not as they should be."""
        with working(LOOKING):
            await self._heads.compare()

    async def daily(self) -> None:
        """Submit open targets that were not evaluated for a day, or a week for issues, at a steady rate."""
        async with self._store.read() as session:
            found = await due.daily(session, self._clock())
        await self._engine.submit_all((target, DAILY) for target in found)

    async def sweep(self) -> None:
        """Submit dirty targets that are due, so that no crash or engine error loses work."""
        async with self._store.read() as session:
            waiting = await due.dirty(session, self._clock())
        await self._engine.submit_all(waiting)

    async def listed(self, repo: Repo) -> dict[Target, datetime]:
        """Return the open targets of a repository that Forgejo lists, with their update times."""
        return {one.target: one.updated_at for one in await listing.open_targets(self._client, repo)}

    async def _due(self) -> list[Repository]:
        async with self._store.read() as session:
            found = await repositories.known(session)
        now = self._clock()
        return [one for one in found if one.ask_again_at is None or one.ask_again_at <= now]

    async def _searched(self, repos: Sequence[Repository]) -> None:
        """Search the changes of the owners of many repositories."""
        owners = defaultdict[str, list[Repository]](list)
        for one in repos:
            if one.visited_at is not None and _readable(one):
                owners[one.full_name.partition("/")[0]].append(one)
        for owner, mine in owners.items():
            if len(mine) >= SEARCHED_FROM:
                try:
                    await self._search.of_owner(owner, mine, self._clock())
                except Paused:
                    return

    async def _each(self, repos: Iterable[Repository], visit: Callable[[Repository], Awaitable[None]]) -> None:
        async def one(repository: Repository) -> None:
            await self._visit(repository, visit)

        await run_each(AT_ONCE, one, list(repos))

    async def _list_changes(self, repository: Repository) -> None:
        self._search.compare(repository, await self._changes.of_repository(repository, self._clock()))

    async def _list_open(self, repository: Repository) -> None:
        await self._open.of_repository(repository, self._clock())

    async def _visit(self, repository: Repository, visit: Callable[[Repository], Awaitable[None]]) -> None:
        """List a repository under the name that it has now. A refusal proves nothing: it is asked for later."""
        repo = repositories.repo_of(repository)
        try:
            if _readable(repository):
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
            targets = await records.mark_open(session, found.id, priority=5) if again else []
            row = await session.get_one(Repository, found.id)
        if again:
            log.info("repository.visible-again", repository=found.name, targets=len(targets))
            await self._list_open(row)
        await visit(row)
        await self._engine.submit_all((target, 5) for target in targets)


def _readable(repository: Repository) -> bool:
    return bool(repository.full_name) and repository.id > 0 and repository.unseen_since is None


def _visited(repository: Repository) -> datetime:
    return repository.visited_at or repository.set_up_at


def _listed(repository: Repository) -> datetime:
    return repository.listed_at or repository.set_up_at
