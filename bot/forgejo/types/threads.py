"""Types of threads: issues, pull requests, labels, comments, timeline, reviews."""

import json
import re
from typing import ClassVar, NamedTuple

from pydantic import AwareDatetime

from bot.forgejo.types.replies import Moment, Reply
from bot.forgejo.types.server import Repository, User

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Label(Reply):
    """A label; `color` is six hexadecimal digits."""

    definition: ClassVar[str] = "Label"

    id: int
    name: str
    color: str = ""
    description: str = ""
    exclusive: bool = False


class Milestone(Reply):
    """A milestone of a target."""

    definition: ClassVar[str] = "Milestone"

    title: str = ""
    description: str = ""


class PullRef(Reply):
    """One side of a pull request; `repo` is None if it was deleted."""

    definition: ClassVar[str] = "PRBranchInfo"

    ref: str = ""
    sha: str = ""
    repo: Repository | None = None


class PullRequest(Reply):
    """A pull request. Whether it can be merged is not read: the server often reports no while it still checks."""

    definition: ClassVar[str] = "PullRequest"

    number: int
    title: str = ""
    body: str = ""
    user: User = User()
    labels: tuple[Label, ...] = ()
    milestone: Milestone | None = None
    state: str
    draft: bool = False
    is_locked: bool = False
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


class PullOfIssue(Reply):
    """What an issue says of the pull request that it is."""

    definition: ClassVar[str] = "PullRequestMeta"

    merged: bool = False


class RepositoryOfIssue(Reply):
    """What an issue says of the repository that it is in."""

    definition: ClassVar[str] = "RepositoryMeta"

    id: int
    full_name: str


class Issue(Reply):
    """An issue; `pull_request` is None unless it is a pull request. `comments` counts them."""

    definition: ClassVar[str] = "Issue"

    number: int
    comments: int = 0
    repository: RepositoryOfIssue | None = None
    title: str = ""
    body: str = ""
    user: User = User()
    labels: tuple[Label, ...] = ()
    milestone: Milestone | None = None
    state: str
    is_locked: bool = False
    html_url: str = ""
    pull_request: PullOfIssue | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class Comment(Reply):
    """A comment. Any writer can edit it while `user` stays: neither author nor equal times prove the text."""

    definition: ClassVar[str] = "Comment"

    id: int
    body: str = ""
    user: User = User()
    pull_request_url: str = ""
    issue_url: str = ""
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def number(self) -> int:
        """Return the number of the comment's issue or pull request; 0 if its URLs do not contain it."""
        match = re.search(r"/(?:pulls|issues)/([0-9]{1,18})$", self.pull_request_url or self.issue_url)
        return int(match[1]) if match else 0


class Push(NamedTuple):
    """A push to a pull request. A forced one has two commits: the old head and the new."""

    forced: bool
    commits: tuple[str, ...]


class TimelineEvent(Reply):
    """Something that happened on an issue or pull request, and who did it."""

    definition: ClassVar[str] = "TimelineComment"

    id: int = 0
    type: str
    user: User = User()
    body: str = ""
    label: Label | None = None
    review_id: int = 0
    created_at: AwareDatetime

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

    definition: ClassVar[str] = "PullReview"

    id: int
    user: User = User()
    state: str = ""
    body: str = ""
    commit_id: str = ""
    official: bool = False
    dismissed: bool = False
    html_url: str = ""
    submitted_at: Moment = None
    comments_count: int = 0


class ReviewComment(Reply):
    """A comment of a review on a line of a file."""

    definition: ClassVar[str] = "PullReviewComment"

    id: int
    body: str = ""
    user: User = User()
    created_at: AwareDatetime
