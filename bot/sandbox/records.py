"""What the sandbox remembers: repositories, issues, pull requests, labels, statuses, hooks.

Plain mutable records without behaviour; the API handlers change them, `render` gives them the server's JSON shapes.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.sandbox.people import Level, User
from bot.sandbox.runs import Run

DRAFT = re.compile(r"\s*(\[WIP\]|WIP:)", re.IGNORECASE)


@dataclass(eq=False)
class Label:
    """A label definition of one repository or organisation."""

    id: int
    room: "Repo | User"
    name: str
    color: str
    description: str = ""
    exclusive: bool = False
    archived: bool = False

    @property
    def address(self) -> str:
        """Its path in the API."""
        home = f"orgs/{self.room.login}" if isinstance(self.room, User) else f"repos/{self.room.full_name}"
        return f"{home}/labels/{self.id}"

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
    created: datetime
    state: str = ""
    body: str = ""
    commit_id: str = ""
    entry_id: int = 0
    official: bool = False
    stale: bool = False
    dismissed: bool = False
    inline: list[tuple[int, str, str, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Merging:
    """How somebody wants a pull request merged: at once, or when its required statuses are there."""

    doer: User
    style: str
    title: str = ""
    body: str = ""
    delete: bool = False


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
    maintainers_edit: bool = False
    scheduled: Merging | None = None


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
    """One row of a commit's statuses; `index` counts within the commit. Those of Actions have no creator."""

    index: int
    sha: str
    state: str
    context: str
    description: str
    target_url: str
    creator: User | None
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


@dataclass(frozen=True)
class Secret:
    """A secret of Actions, whose value no answer tells and every log masks."""

    value: str
    created: datetime


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
    has_actions: bool = True
    runs: dict[int, Run] = field(default_factory=dict)
    last_run: int = 0
    secrets: dict[str, Secret] = field(default_factory=dict)
    object_format: str = "sha1"
    detects_manual_merges: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def full_name(self) -> str:
        """Owner and name, as URLs write it."""
        return f"{self.owner.login}/{self.name}"

    @property
    def none(self) -> str:
        """The id that stands for no commit."""
        return "0" * (64 if self.object_format == "sha256" else 40)

    def branch(self, name: str) -> str | None:
        """The commit a branch points at, or None."""
        return self.refs.get(f"refs/heads/{name}")

    def pulls(self) -> Iterator[Issue]:
        """Pull requests, oldest first."""
        return (issue for issue in self.issues.values() if issue.pull is not None)
