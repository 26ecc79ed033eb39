"""Commits in Forgejo's two JSON forms: of the API, and of webhook payloads and branches.

A commit never changes, so what was read of one is kept.
"""

from datetime import datetime

from bot.sandbox.git.repositories import Commit, Git
from bot.sandbox.people import User
from bot.sandbox.records import Repo
from bot.sandbox.shapes.accounts import stamp
from bot.sandbox.shapes.fixed import NEVER, Json
from bot.sandbox.shapes.threads import Shapes
from bot.sandbox.state import Forge

WORDS = {"A": "added", "D": "removed"}
UNSIGNED: Json = {
    "verified": False,
    "reason": "gpg.error.not_signed_commit",
    "signature": "",
    "signer": None,
    "payload": "",
}


class Commits:
    """Reads commits with git and shapes them."""

    def __init__(self, forge: Forge, git: Git, shapes: Shapes) -> None:
        self._forge = forge
        self._git = git
        self._shapes = shapes
        self._known: dict[str, Commit] = {}
        self._files: dict[str, list[tuple[str, str]]] = {}

    async def one(self, repo: Repo, sha: str) -> Commit:
        """A commit by its full id."""
        if sha not in self._known:
            await self.select(repo, "-n", "1", "--end-of-options", sha)
        return self._known[sha]

    async def select(self, repo: Repo, *selection: str) -> list[Commit]:
        """The commits that a `git log` selection names, newest first."""
        commits = await self._git.log(repo.path, *selection)
        self._known |= {commit.sha: commit for commit in commits}
        return commits

    async def files(self, repo: Repo, commits: list[Commit]) -> None:
        """Reads the changed paths of commits, so that the shapes below can name them."""
        missing = [commit.sha for commit in commits if commit.sha not in self._files]
        self._files |= await self._git.changed(repo.path, missing)

    def api(self, repo: Repo, commit: Commit, *, verification: bool = True, files: bool = True) -> Json:
        """The API's form; `files` only after they were read."""
        base = f"{self._forge.url}/api/v1/repos/{repo.full_name}/git"
        when = stamp(commit.committer[2])
        link = {"url": f"{base}/commits/{commit.sha}", "sha": commit.sha, "created": when}
        return link | {
            "html_url": f"{self._forge.url}/{repo.full_name}/commit/{commit.sha}",
            "commit": {
                "url": f"{base}/commits/{commit.sha}",
                "author": _person(commit.author),
                "committer": _person(commit.committer),
                "message": commit.message,
                "tree": {"url": f"{base}/trees/{commit.sha}", "sha": commit.sha, "created": when},
                "verification": UNSIGNED if verification else None,
            },
            "author": self._account(commit.author[1]),
            "committer": self._account(commit.committer[1]),
            "parents": [{"url": f"{base}/commits/{sha}", "sha": sha, "created": NEVER} for sha in commit.parents],
            "files": self._named(commit) if files else None,
            "stats": {"total": 0, "additions": 0, "deletions": 0},
        }

    def payload(self, repo: Repo, commit: Commit, *, files: bool) -> Json:
        """The form of push payloads (with files) and of branches (without)."""
        names = self._files.get(commit.sha, []) if files else []
        lists = {word: [path for letter, path in names if WORDS.get(letter, "modified") == word] for word in LISTS}
        return {
            "id": commit.sha,
            "message": commit.message,
            "url": f"{self._forge.url}/{repo.full_name}/commit/{commit.sha}",
            "author": self._signature(commit.author),
            "committer": self._signature(commit.committer),
            "verification": None if files else UNSIGNED,
            "timestamp": stamp(commit.committer[2]),
        } | (lists if files else dict.fromkeys(LISTS))

    def _named(self, commit: Commit) -> list[Json]:
        names = self._files.get(commit.sha, [])
        return [{"filename": path, "status": WORDS.get(letter, "modified")} for letter, path in names]

    def _owner(self, address: str) -> User | None:
        return next((user for user in self._forge.users.values() if user.email == address), None)

    def _account(self, address: str) -> Json | None:
        user = self._owner(address)
        return self._shapes.user(user) if user else None

    def _signature(self, person: tuple[str, str, datetime]) -> Json:
        user = self._owner(person[1])
        return {"name": person[0], "email": person[1], "username": user.login if user else ""}


LISTS = ("added", "removed", "modified")


def _person(person: tuple[str, str, datetime]) -> Json:
    return {"name": person[0], "email": person[1], "date": stamp(person[2])}
