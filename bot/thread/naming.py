"""What a repository is called now, and whether it can be seen: asked by its id, which stays when it is renamed."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import structlog

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, ForgejoError, NotFound
from bot.forgejo.types import Repository
from bot.model import Kind, Repo, Target
from bot.store import Store, repositories

log = structlog.get_logger(__name__)


class Named(NamedTuple):
    """A repository as it is called now, and the id of the account that owns it."""

    repo: Repo
    owner_id: int


class Names:
    """Finds repositories by their ids, and keeps what was found."""

    def __init__(self, client: ForgejoAPI, store: Store, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._store = store
        self._clock = clock

    async def find(self, repo: Repo) -> Repo | None:
        """Return the repository as it is called now; None where it can't be seen (403, 404), which proves nothing.

        Raises other ForgejoErrors. Source: Forgejo's `GET /repositories/{id}`.
        """
        try:
            found = await self._read(repo)
        except (NotFound, Forbidden) as fault:
            await self.unseen(repo, fault)
            return None
        now = Repo(id=found.id, name=found.full_name)
        await self.named(now)
        return now

    async def ask(self, repository_id: int) -> Named:
        """Return what a repository is called now, and its owner; nothing is kept. Raises ForgejoError."""
        found = await endpoints.REPOSITORY_BY_ID.get(self._client, repository_id)
        return Named(Repo(id=found.id, name=found.full_name), found.owner.id)

    async def has(self, target: Target) -> bool:
        """Say whether a target can be seen in its repository. Raises other ForgejoErrors than 403 and 404."""
        try:
            if target.kind is Kind.PULL:
                await endpoints.PULL.get(self._client, target.repository, target.number)
                return True
            found = await endpoints.ISSUE.get(self._client, target.repository, target.number)
        except (NotFound, Forbidden):
            return False
        return found.pull_request is None

    async def named(self, repo: Repo) -> bool:
        """Keep what a repository is called now; return whether that changed anything."""
        async with self._store.session() as session:
            changed = await repositories.serve(session, repo, self._clock(), self._client.server_time())
        if changed.before:
            log.info("repository.renamed", id=repo.id, before=changed.before, repository=repo.name)
            if changed.before.partition("/")[0] != repo.name.partition("/")[0]:
                next_step = f"an organisation's webhook stays behind; run: assay setup {repo.name}"
                log.warning("repository.transferred", id=repo.id, repository=repo.name, next=next_step)
        if changed.lost:
            log.warning("repository.name-taken", repository=repo.name, id=repo.id, lost_by=changed.lost)
        return bool(changed)

    async def expected(self, repository_id: int) -> None:
        """Keep that there is a repository whose name isn't known: it is asked for by its id."""
        async with self._store.session() as session:
            await repositories.expect(session, repository_id, self._client.server_time() or self._clock())

    async def unseen(self, repo: Repo, fault: ForgejoError) -> None:
        """Keep that a repository can't be seen now, with back-off."""
        async with self._store.session() as session:
            again = await repositories.unseen(session, repo.id, str(fault), self._clock())
        log.warning(
            "repository.not-visible",
            id=repo.id,
            repository=repo.name,
            error=str(fault),
            again_at=again.isoformat() if again else "",
            next="give the bot's account access again, or run: assay repositories forget",
        )

    async def _read(self, repo: Repo) -> Repository:
        """A repository of a database of version 0.1 has no id yet."""
        if repo.id > 0:
            return await endpoints.REPOSITORY_BY_ID.get(self._client, repo.id)
        return await endpoints.REPOSITORY.get(self._client, repo.name)
