"""Lists all open targets of one repository, and marks those that are not as the last listing showed them.

So deletions are found, and edits that no delivery told of; they change no target's update time.
"""

from datetime import datetime

import structlog
from sqlalchemy import update

from bot.forgejo import ForgejoAPI
from bot.intake.resync import listing
from bot.model import Repo, Target
from bot.store import Store, repositories
from bot.store import targets as records
from bot.store.scheduling import listed
from bot.store.tables import Repository

log = structlog.get_logger(__name__)

PRIORITY = 5


class OpenTargets:
    """Compares listings of open targets with the last ones."""

    def __init__(self, client: ForgejoAPI, store: Store) -> None:
        self._client = client
        self._store = store

    async def of_repository(self, repository: Repository, at: datetime) -> None:
        """List the open targets of a repository, and mark what is new, lost, different or no longer open.

        Every open target that the server lists is known from then on. What was there before the bot came stays silent
        until something happens on it.
        """
        repo = repositories.repo_of(repository)
        found = {one.target.number: one for one in await listing.open_targets(self._client, repo)}
        async with self._store.read() as session:
            known = await listed.known(session, repo, found)
            remembered = await listed.known(session, repo)
        fresh = [one.target for number, one in found.items() if number not in known]
        old = [target for target in fresh if found[target.number].updated_at <= repository.set_up_at]
        lost = [found[number].target for number, one in known.items() if one.state != "open"]
        other = [found[number].target for number, one in known.items() if one.listed not in {"", found[number].digest}]
        ended = [repo.target(number, one.kind) for number, one in remembered.items() if number not in found]
        await self._mark(old, quiet=True)
        await self._mark(sorted({*fresh, *lost, *other, *ended} - {*old}, key=lambda one: one.number), quiet=False)
        await self._keep(
            repo, [one for number, one in found.items() if _digest(known, number) != one.digest], fresh, at
        )
        if fresh or lost or other or ended:
            counts = {"new": len(fresh), "again": len(lost), "different": len(other), "no-longer-open": len(ended)}
            log.info("resync.found", repository=repo.name, **counts)

    async def _mark(self, targets: list[Target], *, quiet: bool) -> None:
        for part in listed.steps(targets):
            async with self._store.session() as session:
                await records.add_targets(session, part, quiet=quiet, priority=PRIORITY)

    async def _keep(self, repo: Repo, shown: list[listing.Listed], fresh: list[Target], at: datetime) -> None:
        new = {*fresh}
        for part in listed.steps(shown):
            async with self._store.session() as session:
                await listed.shown(session, {one.target: one.digest for one in part})
                await listed.updated(session, {one.target: one.updated_at for one in part if one.target in new})
        async with self._store.session() as session:
            await session.execute(update(Repository).where(Repository.id == repo.id).values(listed_at=at))


def _digest(known: dict[int, listed.Known], number: int) -> str:
    return known[number].listed if number in known else ""
