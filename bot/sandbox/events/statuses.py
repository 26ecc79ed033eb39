"""Commit statuses: every post adds a row. Forgejo tells no hook of them, Gitea each."""

from dataclasses import dataclass

from bot.sandbox.events.webhooks import Webhooks
from bot.sandbox.people import Level, User
from bot.sandbox.records import Repo, Status
from bot.sandbox.shapes.commits import Commits
from bot.sandbox.shapes.fixed import Json
from bot.sandbox.shapes.threads import Shapes
from bot.sandbox.state import Forge


@dataclass(frozen=True)
class Said:
    """What a status says."""

    state: str
    context: str
    description: str = ""
    target_url: str = ""


class Statuses:
    """Keeps the rows of commits."""

    def __init__(self, forge: Forge, hooks: Webhooks, commits: Commits, shapes: Shapes) -> None:
        self._forge = forge
        self._hooks = hooks
        self._commits = commits
        self._shapes = shapes

    def add(self, repo: Repo, sha: str, said: Said, creator: User | None) -> Status:
        """Adds a row, which nobody is told of yet. A row of Actions, or of a job's token, has no creator."""
        rows = repo.statuses.setdefault(sha, [])
        words = (said.state, said.context, said.description, said.target_url)
        rows.append(Status(len(rows) + 1, sha, *words, creator, self._forge.now()))
        return rows[-1]

    async def post(self, repo: Repo, sha: str, said: Said, doer: User) -> Status:
        """Adds somebody's row and tells it."""
        row = self.add(repo, sha, said, doer)
        await self.tell(repo, row, doer)
        return row

    async def tell(self, repo: Repo, row: Status, doer: User) -> None:
        """Tells a row to the hooks that listen, which on Forgejo there are none of."""
        hooks = self._hooks.listeners(repo, "status") if self._forge.server.gitea else []
        if hooks:
            self._hooks.emit(hooks, "status", await self._payload(repo, row, doer))

    async def _payload(self, repo: Repo, row: Status, doer: User) -> Json:
        commit = await self._commits.one(repo, row.sha)
        await self._commits.files(repo, [commit])
        shape = self._shapes.status(repo, row)
        kept = ("id", "context", "description", "created_at", "updated_at")
        return {name: shape[name] for name in kept} | {
            "commit": self._commits.payload(repo, commit, files=True),
            "sha": row.sha,
            "state": row.state,
            "target_url": row.target_url or f"{self._forge.url}/",
            "repository": self._shapes.repo(repo, Level.OWNER),
            "sender": self._shapes.user(doer),
        }
