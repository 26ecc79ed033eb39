"""The server's memory and the lookups that every part needs.

Everything lives in memory but the git objects, which stand in bare repositories named by repository id.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.people import NAME, Level, User
from bot.sandbox.records import Entry, Issue, Label, Repo
from bot.sandbox.runs import Run
from bot.sandbox.servers import Server


class Forge:
    """The whole server's memory, with the lookups that every part needs."""

    def __init__(self, clock: Callable[[], datetime], server: Server) -> None:
        self._clock = clock
        self.server = server
        self._ids: Counter[str] = Counter()
        self.url = ""
        self.users: dict[str, User] = {}
        self.tokens: dict[str, User] = {}
        self.repos: dict[str, Repo] = {}
        self.comments: dict[int, tuple[Issue, Entry]] = {}
        self.org_labels: dict[str, dict[int, Label]] = {}
        self.moved: dict[str, Repo] = {}
        self.renamed: dict[str, User] = {}
        self.actions = User(-2, "forgejo-actions", datetime.fromtimestamp(0, UTC), full_name="Forgejo Actions")
        self.lists_runs = server.lists_runs

    def moment(self) -> datetime:
        """The present, as exact as the clock is."""
        return self._clock().astimezone(UTC)

    def now(self) -> datetime:
        """The present in whole seconds, which is all that Forgejo stores."""
        return self.moment().replace(microsecond=0)

    def next_id(self, kind: str) -> int:
        """A number that no other record of the kind has."""
        self._ids[kind] += 1
        return self._ids[kind]

    def skip_ids(self, kind: str, number: int) -> None:
        """Lets the next id of a kind be at least one above a number."""
        self._ids[kind] = max(self._ids[kind], number)

    def add_user(self, login: str, *, admin: bool = False, organisation: bool = False) -> User:
        """A new account. Raises ValueError for a name that is taken or that no URL could carry."""
        if not NAME.fullmatch(login) or login.lower() in self.users:
            raise ValueError(f"account name {login!r} is taken or not allowed; use letters, digits, '-', '_' and '.'")
        user = User(self.next_id("user"), login, self.now(), admin=admin, organisation=organisation)
        self.users[login.lower()] = user
        return user

    def user(self, login: str) -> User | None:
        """The account of that name, whatever its case."""
        return self.users.get(login.lower())

    def repo(self, full_name: str) -> Repo | None:
        """The repository `owner/name`, whatever its case."""
        return self.repos.get(full_name.lower())

    def keep(self, repo: Repo) -> None:
        """Keeps a repository under its name, which from then on leads to nothing else."""
        self.repos[repo.full_name.lower()] = repo
        self.moved.pop(repo.full_name.lower(), None)

    def named(self, full_name: str) -> Repo:
        """The repository of that name, for staging. Raises ValueError."""
        repo = self.repo(full_name)
        if repo is None:
            raise ValueError(f"there is no repository {full_name!r}")
        return repo

    def account(self, login: str) -> User:
        """The account of that name, for staging. Raises ValueError."""
        user = self.user(login)
        if user is None:
            raise ValueError(f"there is no user {login!r}")
        return user

    def by_email(self, address: str) -> User | None:
        """The account with that e-mail address, whatever its case."""
        return next((user for user in self.users.values() if user.email.lower() == address.lower()), None)

    def run(self, run_id: int) -> tuple[Repo, Run] | None:
        """The run of that id with its repository, whichever this is."""
        found = ((repo, run) for repo in self.repos.values() for run in repo.runs.values())
        return next((pair for pair in found if pair[1].id == run_id), None)

    def level(self, repo: Repo, user: User | None) -> Level:
        """What the user may do in the repository, from ownership, grants and visibility."""
        open_to_all = Level.NONE if repo.private else Level.READ
        if user is None:
            return open_to_all
        if user.admin or user is repo.owner or user.login.lower() in repo.owner.owners:
            return Level.OWNER
        return max(open_to_all, repo.grants.get(user.login.lower(), Level.NONE))

    def record(self, issue: Issue, kind: str, user: User, **details: Any) -> Entry:
        """Appends an entry to the timeline and gives it."""
        now = self.now()
        entry = Entry(self.next_id("comment"), kind, user, now, now, **details)
        issue.entries.append(entry)
        if kind == "comment":
            self.comments[entry.id] = (issue, entry)
        return entry


def rename(forge: Forge, repo: Repo, name: str, owner: User | None = None) -> None:
    """Gives a repository another name or owner. Raises ValueError for a name that is taken or not allowed."""
    old, new = repo.full_name, f"{(owner or repo.owner).login}/{name}"
    if not NAME.fullmatch(name) or (forge.repo(new) or repo) is not repo:
        raise ValueError(f"{new!r} is taken or not allowed")
    del forge.repos[old.lower()]
    repo.name, repo.owner = name, owner or repo.owner
    forge.keep(repo)
    forge.moved |= {old.lower(): repo}
    forge.moved.pop(repo.full_name.lower(), None)
