"""Finds changes in many repositories with few requests: the server searches those of one owner together.

It is no proof that nothing changed: what an account may search depends on its token and on the server. So each
repository is still listed by itself, less often, and one whose changes the search did not tell is listed always.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.forgejo import ForgejoAPI
from bot.forgejo.errors import ForgejoError, Paused
from bot.intake.resync import listing
from bot.intake.resync.changes import FIRST_OVERLAP, OVERLAP, Changes
from bot.model import Repo, Target
from bot.store.tables import Repository

log = structlog.get_logger(__name__)

MARGIN = timedelta(minutes=5)
"""More than the clocks of the server and of the bot differ."""


class Search:
    """Searches the changes of owners' repositories, and knows which repositories it can be relied on for."""

    def __init__(self, client: ForgejoAPI, changes: Changes) -> None:
        self._client = client
        self._changes = changes
        self._watermarks: dict[str, datetime] = {}
        self._searched: dict[str, tuple[datetime, datetime]] = {}
        self._missing: set[int] = set()

    async def of_owner(self, owner: str, repositories: Sequence[Repository], at: datetime) -> bool:
        """Mark what changed in an owner's repositories since the last search; return whether the server told it.

        Raises Paused if the server is not asked now.
        """
        visited = [one.visited_at for one in repositories if one.visited_at is not None]
        watermark = self._watermarks.get(owner)
        since = watermark - OVERLAP if watermark else min(visited, default=at) - FIRST_OVERLAP
        served, found = {one.id for one in repositories}, defaultdict[Repo, dict[Target, datetime]](dict)
        newest = watermark or since
        try:
            async for target, moment in listing.changed_of_owner(self._client, owner, since):
                newest = max(newest, moment)
                if target.repository_id in served:
                    found[target.repo][target] = moment
        except Paused:
            raise
        except ForgejoError as fault:
            self._searched.pop(owner, None)
            log.info("resync.search-refused", owner=owner, error=str(fault))
            return False
        for repo, targets in found.items():
            await self._changes.mark(repo, targets)
        self._watermarks[owner], self._searched[owner] = newest, (since, at)
        return True

    def relied_on(self, repository: Repository) -> bool:
        """Return whether the last search told of a repository's changes, as far as one knows."""
        return _owner(repository) in self._searched and repository.id not in self._missing

    def compare(self, repository: Repository, changed: dict[Target, datetime]) -> None:
        """Take note of changes that a listing of a repository found and that the search should have told."""
        since, at = self._searched.get(_owner(repository), (None, None))
        if since is None or at is None or repository.id in self._missing:
            return
        if any(since < moment < at - MARGIN for moment in changed.values()):
            self._missing.add(repository.id)
            log.info("resync.search-incomplete", repository=repository.full_name, next="it is listed every minute")


def _owner(repository: Repository) -> str:
    return repository.full_name.partition("/")[0]
