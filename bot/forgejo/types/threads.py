"""Types of what belongs to a conversation: issues, pull requests, labels, comments, timeline, reviews, reactions."""

import json
import re
from typing import NamedTuple

from pydantic import AwareDatetime

from bot.forgejo.types.replies import Moment, Reply
from bot.forgejo.types.server import Repository, RepositoryName, User

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Label(Reply):
    """A label; `color` is six hexadecimal digits."""

    id: int
    name: str
    color: str = ""
    description: str = ""
    exclusive: bool = False
    is_archived: bool = False


class PullRef(Reply):
    """One side of a pull request. `label` is the bare branch name, for forks too; `repo` is None when it is gone."""

    label: str = ""
    ref: str = ""
    sha: str = ""
    repo_id: int = 0
    repo: Repository | None = None


class PullRequest(Reply):
    """A pull request. `mergeable` is often false while the server still checks: never decide on it."""

    id: int
    number: int
    title: str = ""
    body: str = ""
    user: User = User()
    labels: tuple[Label, ...] = ()
    assignees: tuple[User, ...] = ()
    requested_reviewers: tuple[User, ...] = ()
    state: str
    draft: bool = False
    is_locked: bool = False
    comments: int = 0
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
    mergeable: bool = False
    merged: bool = False
    merged_at: Moment = None
    merged_by: User = User()
    merge_commit_sha: str = ""
    merge_base: str = ""
    base: PullRef
    head: PullRef
    html_url: str = ""
    created_at: AwareDatetime
    updated_at: AwareDatetime
    closed_at: Moment = None
    flow: int = 0

    @property
    def foreign(self) -> bool:
        """Says whether the head is in another repository than the base, or in none any more."""
        return self.head.repo is None or self.head.repo_id != self.base.repo_id


class PullOfIssue(Reply):
    """What an issue says of the pull request that it is."""

    merged: bool = False
    merged_at: Moment = None
    draft: bool = False
    html_url: str = ""


class Issue(Reply):
    """An issue; `pull_request` is None unless it is a pull request."""

    id: int
    number: int
    title: str = ""
    body: str = ""
    user: User = User()
    labels: tuple[Label, ...] = ()
    assignees: tuple[User, ...] = ()
    state: str
    is_locked: bool = False
    comments: int = 0
    html_url: str = ""
    repository: RepositoryName = RepositoryName()
    pull_request: PullOfIssue | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    closed_at: Moment = None


class Comment(Reply):
    """A comment. Any writer can edit it while `user` stays: neither author nor equal times prove the text."""

    id: int
    body: str = ""
    user: User = User()
    html_url: str = ""
    pull_request_url: str = ""
    issue_url: str = ""
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def number(self) -> int:
        """Gives the number of the issue or pull request it belongs to, 0 where its addresses don't tell."""
        match = re.search(r"/(?:pulls|issues)/([0-9]{1,18})$", self.pull_request_url or self.issue_url)
        return int(match[1]) if match else 0


class Push(NamedTuple):
    """A push to a pull request. A forced one has two commits: the old head and the new."""

    forced: bool
    commits: tuple[str, ...]


class TimelineEvent(Reply):
    """Something that happened on an issue or pull request, and who did it."""

    id: int = 0
    type: str
    user: User = User()
    body: str = ""
    label: Label | None = None
    assignee: User = User()
    removed_assignee: bool = False
    old_title: str = ""
    new_title: str = ""
    old_ref: str = ""
    new_ref: str = ""
    ref_action: str = ""
    ref_commit_sha: str = ""
    review_id: int = 0
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def label_added(self) -> bool:
        """Says whether a `label` event put its label on (`body` is `1`) rather than took it off (`body` is empty)."""
        return self.type == "label" and self.body == "1"

    @property
    def pushed(self) -> Push | None:
        """Gives what a `pull_push` event pushed, None for other events and for a body that doesn't tell."""
        if self.type != "pull_push":
            return None
        try:
            told = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        match told:
            case {"is_force_push": bool(forced), "commit_ids": [*names]}:
                return Push(forced, tuple(name for name in names if isinstance(name, str) and _SHA.fullmatch(name)))
        return None


class Review(Reply):
    """A review: `APPROVED`, `REQUEST_CHANGES`, `COMMENT`, `PENDING` or `REQUEST_REVIEW`. `official` needs write."""

    id: int
    user: User = User()
    state: str = ""
    body: str = ""
    commit_id: str = ""
    stale: bool = False
    official: bool = False
    dismissed: bool = False
    comments_count: int = 0
    html_url: str = ""
    submitted_at: Moment = None
    updated_at: Moment = None


class ReviewComment(Reply):
    """A comment of a review on a line of a file."""

    id: int
    body: str = ""
    user: User = User()
    path: str = ""
    commit_id: str = ""
    position: int = 0
    created_at: AwareDatetime
    updated_at: AwareDatetime


class Reaction(Reply):
    """A reaction, by its name (`+1`, `eyes`)."""

    content: str
    user: User = User()
    created_at: AwareDatetime
