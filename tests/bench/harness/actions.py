"""What a benchmark asks of the sandbox in its process. Each public method is an action; its result is JSON.

Times are seconds of the system's monotonic clock, which all processes of a machine share.
"""

import asyncio
import re
from collections import Counter
from datetime import timedelta
from typing import Any

from bot.sandbox import Sandbox
from bot.sandbox.git.repositories import NewCommit
from bot.sandbox.people import Level
from bot.sandbox.records import Entry, Issue, Pull, Repo
from bot.sandbox.world import AGENT, BOT, REPOSITORY

STAGED = "workshop/plot-{:04}"
BRANCH = "staged-{}"
AGE = timedelta(days=30)
"""The age of what is staged: no listing of recent changes finds it."""
_NUMBER = re.compile(r"/\d+\b|/[0-9a-f]{40}\b")
_PLACE = re.compile(r"^/api/v1/(repos/[^/]+/[^/]+)?")


class Actions:
    """The actions on one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._forge = sandbox._forge

    async def delay(self, seconds: float) -> None:
        """Lets each API request wait before it is handled."""
        self._sandbox.delay = seconds

    async def commit(
        self, branch: str, files: dict[str, str | None], repository: str = REPOSITORY, author: str = AGENT
    ) -> dict[str, Any]:
        """Pushes files to a branch. Returns the head, and the time at which the server's answer would begin."""
        head = await self._sandbox.commit_files(repository, branch, files, author=author)
        return {"head": head, "at": asyncio.get_running_loop().time()}

    async def repository_id(self, name: str) -> int:
        """The number of a repository."""
        return self._sandbox.repository_id(name)

    async def hooks(self, *, paused: bool) -> None:
        """Drops deliveries, or sends them again."""
        self._sandbox.hooks_paused = paused

    async def hooks_idle(self) -> None:
        """Returns when every queued delivery was sent."""
        await self._sandbox.hooks_idle()

    async def reset(self) -> None:
        """Forgets the requests counted so far."""
        self._sandbox.reset_calls()

    async def calls(self, user: str = BOT) -> dict[str, int]:
        """How often each kind of request arrived from somebody: `GET /issues/N/comments`."""
        mine = (call for call in self._sandbox.calls if call.user == user)
        return dict(Counter(f"{call.method} {_kind(call.path)}" for call in mine))

    async def times(self, path: str, method: str = "*", user: str = BOT) -> list[float]:
        """When somebody's requests arrived whose path matches a regular expression."""
        found = (call for call in self._sandbox.calls if call.user == user and method in ("*", call.method))
        return [call.at for call in found if re.search(path, call.path)]

    async def between(self, since: float, until: float, user: str = BOT) -> list[str]:
        """Somebody's requests that arrived between two moments: `GET /api/v1/version`."""
        found = (call for call in self._sandbox.calls if call.user == user and since <= call.at < until)
        return [f"{call.method} {call.path}" for call in found]

    async def writes(self, since: float, user: str = BOT) -> list[float]:
        """When somebody's writes arrived after a moment, in order."""
        return [call.at for call in self._sandbox.writes if call.user == user and call.at > since]

    async def stage(self, repositories: int, issues: int, pulls: int = 0) -> list[tuple[int, str]]:
        """Adds repositories with open issues and pull requests that are a month old. Returns their ids and names.

        Their objects are those of one repository, so that thousands cost no git process each.
        """
        source = self._forge.named(REPOSITORY)
        heads = await self._branches(source, pulls)
        return [self._staged(source, number, issues, heads) for number in range(repositories)]

    async def comments(self, number: int, count: int, repository: str = REPOSITORY) -> None:
        """Adds comments of an agent to a target, without an event."""
        issue, user, now = self._forge.named(repository).issues[number], self._forge.account(AGENT), self._forge.now()
        for index in range(count):
            body = f"Measurement {index}: the bed by the wall took {index % 90} litres, and the soil was dry below."
            entry = Entry(self._forge.next_id("comment"), "comment", user, now, now, body=body)
            issue.entries.append(entry)
            self._forge.comments[entry.id] = (issue, entry)

    async def _branches(self, repo: Repo, count: int) -> dict[str, str]:
        git, who = self._sandbox._parts.git, (AGENT, f"{AGENT}@example.invalid", self._forge.now() - AGE)
        for index in range(count):
            content = {f"garden/staged_{index}.py": f"BED = {index}\n".encode()}
            made = NewCommit(BRANCH.format(index), repo.branch("main"), who, f"Plan bed {index}\n", content)
            await git.commit(repo.path, made)
        repo.refs = await git.refs(repo.path)
        return {BRANCH.format(index): repo.refs[f"refs/heads/{BRANCH.format(index)}"] for index in range(count)}

    def _staged(self, source: Repo, number: int, issues: int, heads: dict[str, str]) -> tuple[int, str]:
        then, owner, agent = self._forge.now() - AGE, source.owner, self._forge.account(AGENT)
        name = STAGED.format(number).partition("/")[2]
        repo = Repo(self._forge.next_id("repo"), owner, name, source.path, then, then)
        repo.grants = {BOT: Level.ADMIN, AGENT: Level.WRITE}
        repo.refs = dict(source.refs)
        base = source.refs["refs/heads/main"]
        for index in range(1, issues + len(heads) + 1):
            made = Issue(self._forge.next_id("issue"), index, repo, agent, f"Bed {index}", "It is dry.", then, then)
            repo.issues[index] = made
        for index, (branch, head) in enumerate(heads.items(), issues + 1):
            pull = Pull(self._forge.next_id("pull"), "main", base, repo, branch, head, merge_base=base)
            repo.issues[index].pull = pull
        self._forge.keep(repo)
        return repo.id, repo.full_name


def _kind(path: str) -> str:
    return _NUMBER.sub("/N", _PLACE.sub("", path)) or "/"
