"""The server's memory and the lookups that every part needs.

Everything lives in memory but the git objects, which stand in bare repositories named by repository id.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.records import NAME, Entry, Issue, Label, Level, Repo, User


class Forge:
    """The whole server's memory, with the lookups that every part needs."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._ids: Counter[str] = Counter()
        self.url = ""
        self.users: dict[str, User] = {}
        self.tokens: dict[str, User] = {}
        self.repos: dict[str, Repo] = {}
        self.comments: dict[int, tuple[Issue, Entry]] = {}
        self.org_labels: dict[str, dict[int, Label]] = {}
        self.lists_runs = True

    def now(self) -> datetime:
        """The present in whole seconds, which is all that Forgejo stores."""
        return self._clock().astimezone(UTC).replace(microsecond=0)

    def next_id(self, kind: str) -> int:
        """A number that no other record of the kind has."""
        self._ids[kind] += 1
        return self._ids[kind]

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
