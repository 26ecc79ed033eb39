"""What is set up by hand, since it has no API: accounts, repositories, grants, locks, runs of Actions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from bot.sandbox.git.repositories import NewCommit
from bot.sandbox.http.request import Parts
from bot.sandbox.runs import ActionRun, ActionTask
from bot.sandbox.state import NAME, Forge, Level, Repo

README = MappingProxyType({"README.md": "A repository of the sandbox.\n"})
UNPICKED = ("waiting", "blocked")
"""States of a run that no runner has taken yet, so that it has no task."""


class Staging:
    """Changes the sandbox's memory from outside."""

    def __init__(self, forge: Forge, parts: Parts, new_token: Callable[[], str]) -> None:
        self._forge = forge
        self._parts = parts
        self._new_token = new_token

    @property
    def lists_runs(self) -> bool:
        """Whether the server has `/actions/runs`, which older ones lack."""
        return self._forge.lists_runs

    @lists_runs.setter
    def lists_runs(self, known: bool) -> None:
        self._forge.lists_runs = known

    def add_user(self, login: str, *, admin: bool = False) -> str:
        """A fresh token of the account, which is made where it isn't there yet."""
        user = self._forge.user(login) or self._forge.add_user(login, admin=admin)
        user.admin = user.admin or admin
        token = self._new_token()
        self._forge.tokens[token] = user
        return token

    def add_org(self, name: str, *, owner: str = "") -> None:
        """An organisation; its owner, where one is named, owns all its repositories."""
        org = self._forge.add_user(name, organisation=True)
        org.owners = {owner.lower()} if owner else set()

    async def add_repo(
        self,
        full_name: str,
        *,
        private: bool = False,
        default_branch: str = "main",
        object_format: str = "sha1",
        files: Mapping[str, str | bytes] = README,
    ) -> None:
        """A repository of an existing account, with one commit of `files`; `object_format` is `sha1` or `sha256`."""
        owner_name, _, name = full_name.partition("/")
        owner = self._forge.user(owner_name)
        if owner is None or not NAME.fullmatch(name) or self._forge.repo(full_name):
            raise ValueError(f"cannot make {full_name!r}: add its owner first, and use a name that is free and plain")
        number, now = self._forge.next_id("repo"), self._forge.now()
        path = self._parts.git.repos / f"{number}.git"
        repo = Repo(number, owner, name, path, now, now, private=private, default_branch=default_branch)
        repo.object_format = object_format
        await self._parts.git.create(path, default_branch, object_format)
        content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        who = (owner.login, owner.email, now)
        await self._parts.git.commit(path, NewCommit(default_branch, None, who, "First commit\n", content))
        repo.refs = await self._parts.git.refs(path)
        self._forge.repos[repo.full_name.lower()] = repo

    async def commit_files(
        self,
        full_name: str,
        branch: str,
        files: Mapping[str, str | bytes | None],
        *,
        author: str,
        message: str = "Change\n",
    ) -> str:
        """A commit on a branch as if the author had pushed it, with all that follows; None deletes. Gives its id.

        A branch that isn't there starts at the default branch. Raises ValueError for an unknown author.
        """
        repo, user = self._repo(full_name), self._forge.user(author)
        if user is None:
            raise ValueError(f"there is no user {author!r}")
        content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        async with repo.lock:
            parent = repo.branch(branch) or repo.branch(repo.default_branch)
            who = (user.login, user.email, self._forge.now())
            sha = await self._parts.git.commit(repo.path, NewCommit(branch, parent, who, message, content))
            await self._parts.pushes.settle(repo, user)
        return sha

    def grant(self, full_name: str, login: str, level: Literal["none", "read", "write", "admin"]) -> None:
        """Makes somebody a collaborator, or with `none` no longer one."""
        grants = self._repo(full_name).grants
        grants[login.lower()] = Level[level.upper()]
        if level == "none":
            del grants[login.lower()]

    def lock_issue(self, full_name: str, number: int, *, locked: bool = True) -> None:
        """Locks a conversation, for which Forgejo has no API: then only writers comment."""
        issue = self._repo(full_name).issues[number]
        issue.locked = locked
        self._forge.record(issue, "lock" if locked else "unlock", self._repo(full_name).owner)

    def drop_repo(self, full_name: str) -> None:
        """Makes a repository vanish, without any event."""
        del self._forge.repos[self._repo(full_name).full_name.lower()]

    def repository_id(self, full_name: str) -> int:
        """Return the number by which the server knows a repository."""
        return self._repo(full_name).id

    def revoke(self, token: str) -> None:
        """Makes a token junk."""
        self._forge.tokens.pop(token, None)

    def add_run(  # noqa: PLR0913 - a run as people name it, and how it stands
        self,
        full_name: str,
        number: int,
        commit: str,
        status: str = "success",
        *,
        workflow: str = "ci.yml",
        started_at: datetime | None = None,
        tasks: Sequence[str] | None = None,
    ) -> int:
        """Stages a run of Actions and gives its id, which isn't its number.

        `tasks` are the states of its tasks; by default it has one, or none while it waits.
        """
        repo = self._repo(full_name)
        run = ActionRun(1000 + self._forge.next_id("run"), number, workflow, commit, repo.default_branch, status)
        repo.runs[number] = run
        states = ([] if status in UNPICKED else [status]) if tasks is None else tasks
        run.tasks += [self._task(state, started_at) for state in states]
        return run.id

    def set_run(self, full_name: str, number: int, status: str) -> None:
        """Lets a run and all its tasks come to a state; one that waited is picked."""
        run = self._repo(full_name).runs[number]
        run.status = status
        run.tasks = run.tasks or [self._task(status, None)]
        for task in run.tasks:
            task.status = status

    def _task(self, status: str, started_at: datetime | None) -> ActionTask:
        return ActionTask(self._forge.next_id("task"), status, started_at or self._forge.now())

    def _repo(self, full_name: str) -> Repo:
        repo = self._forge.repo(full_name)
        if repo is None:
            raise ValueError(f"there is no repository {full_name!r}")
        return repo
