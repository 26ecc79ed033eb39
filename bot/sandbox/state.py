"""What the sandbox remembers: users, repositories, issues, pull requests, labels, statuses, hooks.

Plain mutable records without behaviour; the API handlers change them, `render` gives them Forgejo's JSON shapes.
Everything lives in memory but the git objects, which stand in bare repositories named by repository id.
"""

import asyncio
import enum
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.sandbox.runs import ActionRun

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
DRAFT = re.compile(r"\s*(\[WIP\]|WIP:)", re.IGNORECASE)


class Level(enum.IntEnum):
    """How much of a repository a user may do, in rising order."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3
    OWNER = 4


@dataclass(eq=False)
class User:
    """A person, a bot, or an organisation."""

    id: int
    login: str
    created: datetime
    admin: bool = False
    organisation: bool = False
    owners: set[str] = field(default_factory=set)

    @property
    def email(self) -> str:
        """The address that commits made through the API carry."""
        return f"{self.login}@example.invalid"


@dataclass(eq=False)
class Label:
    """A label definition of one repository or organisation, whose API path is its `room`."""

    id: int
    room: str
    name: str
    color: str
    description: str = ""
    exclusive: bool = False
    archived: bool = False

    @property
    def scope(self) -> str:
        """What stands before the last slash, or nothing when the label excludes no other."""
        return self.name.rpartition("/")[0] if self.exclusive else ""


@dataclass(eq=False)
class Reaction:
    """One user's emoji on an issue or a comment."""

    user: User
    content: str
    created: datetime


@dataclass(eq=False)
class Entry:
    """One line of a timeline; type `comment` is what people call a comment."""

    id: int
    type: str
    user: User
    created: datetime
    updated: datetime
    body: str = ""
    label: Label | None = None
    old_title: str = ""
    new_title: str = ""
    review_id: int = 0
    ref_commit_sha: str = ""
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(eq=False)
class Review:
    """A review of a pull request; `inline` are the numbers, paths, texts and lines of its comments on lines."""

    id: int
    user: User
    state: str
    body: str
    commit_id: str
    created: datetime
    entry_id: int
    official: bool
    stale: bool = False
    dismissed: bool = False
    inline: list[tuple[int, str, str, int]] = field(default_factory=list)


@dataclass(eq=False)
class Pull:
    """What a pull request has beside its issue."""

    id: int
    base_ref: str
    base_sha: str
    head_repo: "Repo"
    head_ref: str
    head_sha: str
    merge_base: str = ""
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit: str | None = None
    head_deleted: bool = False


@dataclass(eq=False)
class Issue:
    """An issue or, where `pull` is set, a pull request."""

    id: int
    number: int
    repo: "Repo"
    user: User
    title: str
    body: str
    created: datetime
    updated: datetime
    closed: datetime | None = None
    locked: bool = False
    pull: Pull | None = None
    labels: list[Label] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    @property
    def comments(self) -> list[Entry]:
        """The comments among the entries, oldest first."""
        return [entry for entry in self.entries if entry.type == "comment"]

    @property
    def draft(self) -> bool:
        """Whether the title marks the work as not ready."""
        return self.pull is not None and DRAFT.match(self.title) is not None


@dataclass(eq=False)
class Status:
    """One row of a commit's statuses; `index` counts within the commit."""

    index: int
    sha: str
    state: str
    context: str
    description: str
    target_url: str
    creator: User
    created: datetime


@dataclass(eq=False)
class Hook:
    """A webhook of a repository."""

    id: int
    type: str
    url: str
    secret: str
    content_type: str
    events: list[str]
    active: bool
    authorization: str
    branch_filter: str
    created: datetime
    updated: datetime


@dataclass(eq=False)
class Repo:
    """A repository: its records here, its objects under `path`."""

    id: int
    owner: User
    name: str
    path: Path
    created: datetime
    updated: datetime
    private: bool = False
    archived: bool = False
    default_branch: str = "main"
    description: str = ""
    parent: "Repo | None" = None
    grants: dict[str, Level] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    hooks: dict[int, Hook] = field(default_factory=dict)
    protections: dict[str, dict[str, Any]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    runs: dict[int, ActionRun] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def full_name(self) -> str:
        """Owner and name, as URLs write it."""
        return f"{self.owner.login}/{self.name}"

    def branch(self, name: str) -> str | None:
        """The commit a branch points at, or None."""
        return self.refs.get(f"refs/heads/{name}")

    def pulls(self) -> Iterator[Issue]:
        """Pull requests, oldest first."""
        return (issue for issue in self.issues.values() if issue.pull is not None)


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
