"""What is set up by hand, since the sandbox has no API for it: accounts, repositories, grants, names, locks."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from bot.sandbox.actions import RunStaging
from bot.sandbox.git.repositories import NewCommit
from bot.sandbox.http.request import Parts
from bot.sandbox.people import NAME, Level
from bot.sandbox.records import Repo
from bot.sandbox.state import rename

GHOST = (-1, "Ghost")
"""Id and login of the account that stands for deleted ones (Forgejo: `models/user/user_system.go`)."""
README = MappingProxyType({"README.md": "A repository of the sandbox.\n"})


class Staging(RunStaging):
    """Changes the sandbox's memory from outside."""

    def __init__(self, parts: Parts, new_token: Callable[[], str]) -> None:
        self._forge = parts.forge
        self._parts = parts
        self._lifecycle, self._news, self._payloads = parts.lifecycle, parts.news, parts.payloads
        self._statuses = parts.statuses
        self._new_token = new_token
        self._taken: dict[tuple[int, str], tuple[bool, Level | None]] = {}

    @property
    def lists_runs(self) -> bool:
        """Whether the server has the list of runs, which older ones lack."""
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
        author = self._forge.account(min(owner.owners)) if owner.owners else owner
        who = (author.login, author.email, now)
        await self._parts.git.commit(path, NewCommit(default_branch, None, who, "First commit\n", content))
        repo.refs = await self._parts.git.refs(path)
        self._forge.keep(repo)

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
        repo, user = self._forge.named(full_name), self._forge.account(author)
        content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        async with repo.lock:
            parent = repo.branch(branch) or repo.branch(repo.default_branch)
            who = (user.login, user.email, self._forge.now())
            sha = await self._parts.git.commit(repo.path, NewCommit(branch, parent, who, message, content))
            await self._parts.pushes.settle(repo, user)
        return sha

    def grant(self, full_name: str, login: str, level: Literal["none", "read", "write", "admin"]) -> None:
        """Makes somebody a collaborator, or with `none` no longer one."""
        grants = self._forge.named(full_name).grants
        grants[login.lower()] = Level[level.upper()]
        if level == "none":
            del grants[login.lower()]

    def lock_issue(self, full_name: str, number: int, *, locked: bool = True) -> None:
        """Locks a conversation, for which Forgejo has no API: then only writers comment."""
        issue = self._forge.named(full_name).issues[number]
        issue.locked = locked
        self._forge.record(issue, "lock" if locked else "unlock", self._forge.named(full_name).owner)

    def take_access(self, full_name: str, login: str) -> None:
        """Makes a repository one that an account can't see, until `give_access` undoes it.

        That is what happens when a repository becomes private and somebody is a collaborator no longer.
        """
        repo = self._forge.named(full_name)
        self._taken[repo.id, login.lower()] = (repo.private, repo.grants.pop(login.lower(), None))
        repo.private = True

    def give_access(self, full_name: str, login: str) -> None:
        """Gives back what `take_access` took."""
        repo = self._forge.named(full_name)
        repo.private, level = self._taken.pop((repo.id, login.lower()))
        if level is not None:
            repo.grants[login.lower()] = level

    def rename_repo(self, full_name: str, name: str) -> None:
        """Gives a repository another name. The old one leads to it until another repository takes it."""
        rename(self._forge, self._forge.named(full_name), name)

    def transfer(self, full_name: str, owner: str) -> None:
        """Gives a repository to another owner. Collaborators, hooks and all else stay; the old name leads to it."""
        repo = self._forge.named(full_name)
        rename(self._forge, repo, repo.name, self._forge.account(owner))

    def rename_user(self, login: str, new: str) -> None:
        """Gives an account another name; its id, its tokens and its commits' addresses stay."""
        user = self._forge.account(login)
        if not NAME.fullmatch(new) or self._forge.user(new):
            raise ValueError(f"account name {new!r} is taken or not allowed")
        old = user.login.lower()
        owned = [repo for repo in self._forge.repos.values() if repo.owner is user]
        for repo in owned:
            del self._forge.repos[repo.full_name.lower()]
        user.login = new
        self._forge.users[new.lower()] = self._forge.users.pop(old)
        self._forge.renamed[old] = user
        for repo in owned:
            self._forge.keep(repo)
        for repo in self._forge.repos.values():
            if old in repo.grants:
                repo.grants[new.lower()] = repo.grants.pop(old)
        for org in self._forge.users.values():
            org.owners = {new.lower() if owner == old else owner for owner in org.owners}

    def delete_user(self, login: str) -> None:
        """Deletes an account, as an administrator may: what it wrote stays, by Forgejo's user Ghost with the id -1."""
        user = self._forge.users.pop(self._forge.account(login).login.lower())
        for token in [token for token, holder in self._forge.tokens.items() if holder is user]:
            self.revoke(token)
        for repo in self._forge.repos.values():
            repo.grants.pop(user.login.lower(), None)
        user.id, user.login = GHOST

    def drop_repo(self, full_name: str) -> None:
        """Deletes a repository, without any event. One that is made under its name again has another id."""
        del self._forge.repos[self._forge.named(full_name).full_name.lower()]

    def repository_id(self, full_name: str) -> int:
        """Return the number by which the server knows a repository."""
        return self._forge.named(full_name).id

    def account_id(self, login: str) -> int:
        """Return the number by which the server knows an account."""
        return self._forge.account(login).id

    def revoke(self, token: str) -> None:
        """Makes a token junk."""
        self._forge.tokens.pop(token, None)
