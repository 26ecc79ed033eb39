"""The items of observed data: leaks, commits, files, comments, labels, soaks and more. Texts are masked."""

import operator
from datetime import datetime
from typing import Annotated, Any

from pydantic import AliasChoices, Field, model_validator

from bot.model.evidence import CommitSeen, PullSeen, RunSeen
from bot.model.words import Location, Severity, Value, digest
from bot.policy import named


class Leak(Value):
    """A secret that the scanner found, without its value; `fingerprint` identifies it.

    `unmerged`: it is in a commit that came to the branch after the merge. The field is in JSON only where it is true,
    so that the hashes of all other snapshots stay what they are.
    """

    rule: str
    family: str
    severity: Severity
    location: Location
    fingerprint: str
    suppressed: bool = False
    dropped: bool = False
    unmerged: bool = Field(default=False, exclude_if=operator.not_)


class Gap(Value):
    """Content that was not checked, and why: it makes a verdict `error`, never `pass`.

    `of` identifies the content (a blob, a head, a text's hash), so that accepting the gap accepts only this content.
    """

    what: str
    why: str
    of: str = ""

    @property
    def fingerprint(self) -> str:
        """Return `gp_` and 16 hex digits; they stay the same for the same content."""
        content = f"{self.what}\n{self.of}"
        return f"gp_{digest(content).removeprefix('sha256:')[:16]}"


class Commit(Value):
    """One commit of the pull request; a force-push removed those that are `dropped`."""

    sha: str
    author: str
    message: str
    parents: tuple[str, ...] = ()
    dropped: bool = False


class ChangedFile(Value):
    """One file of the net difference between merge base and head; modes as git writes them (`100644`).

    `added` and `removed` count lines; both are 0 if git considers the file binary.
    """

    path: str
    status: str
    old_path: str = ""
    old_mode: str = ""
    new_mode: str = ""
    added: int = 0
    removed: int = 0


class AddedLines(Value):
    """Consecutive lines that the pull request adds to a file, masked; `start` is the number of the first line."""

    path: str
    start: int
    text: str


class ChangeState(Value):
    """What a pull request is at a moment: the commit of its head, its base branch, and the merge base of both."""

    head: str
    base: str
    merge_base: str


class CommentText(Value):
    """Another account's comment: `edited` if its times differ or another text was seen first, `witnessed` if a signed
    delivery of the new comment contained this text.

    `author` is the account's name; its id is for the bot's questions to Forgejo, and not part of a stored snapshot.
    `about`: what the pull request was when an operator wrote it, as its delivery said; nothing if none told.
    """

    id: int
    author: str
    author_id: Annotated[int, Field(exclude=True)] = 0
    body: str
    body_hash: str
    created_at: datetime
    edited: bool
    witnessed: bool
    about: ChangeState | None = None


class LabelSeen(Value):
    """A label in the timeline: whether it is on, who last set or removed it, and when.

    `id` is the definition's, so that a renamed label does not inherit the changes of another one.
    """

    name: str
    on: bool
    id: int = 0
    by: str = ""
    at: datetime | None = None


class StatusSeen(Value):
    """The newest status of one context on the head commit.

    `creator` is empty and `creator_id` 0 for Forgejo's own Actions and for whoever uses the token of a job. Only the
    id proves who posted it.
    """

    context: str
    state: str
    description: str = ""
    target_url: str = ""
    creator: str = ""
    creator_id: int = 0

    @property
    def fingerprint(self) -> str:
        """Return `st_` and 16 hex digits, the same for the same context and state of the same account."""
        content = f"{self.context}\n{self.state}\n{self.creator_id}"
        return f"st_{digest(content).removeprefix('sha256:')[:16]}"


class Side(Value):
    """One side of a pull request: its branch, commit and repository (empty if the fork was deleted)."""

    ref: str = ""
    sha: str = ""
    repository: str = ""


class Review(Value):
    """A review: `approved`, `changes` or `comment`.

    `about`: what the pull request was when it came, as its signed delivery said; nothing if none told. `official`: the
    reviewer has write access to the repository. `dismissed_by`: who took its effect away, if it is known.
    """

    id: int = 0
    author: str
    state: str
    commit: str = ""
    about: ChangeState | None = None
    official: bool = False
    dismissed: bool = False
    dismissed_by: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_version_0_1(cls, values: Any) -> Any:
        """Leave out `stale` of earlier snapshots: Forgejo sets it for some pushes only, so it tells nothing."""
        return {name: values[name] for name in values if name != "stale"} if isinstance(values, dict) else values


class Reference(Value):
    """A pull request or issue that the description refers to: open, closed, merged, or missing."""

    number: int
    kind: str
    state: str


class Mention(Value):
    """A document in the head's tree that still mentions a path which the pull request moved or deleted."""

    path: str
    file: str
    line: int


class Lint(Value):
    """A linter's finding in a changed workflow; `url` explains the rule."""

    tool: str
    rule: str
    severity: Severity
    path: str
    line: int
    title: str
    url: str = ""


class Decision(Value):
    """The result of one command line: accepted, or `refused` with the reason. It is stored and never decided again.

    `line` counts from 1 in the comment; `at` is when the comment was written, `decided` when the bot decided on it, and
    `role` the author's role then: `operator`, `writer` or `anyone`. Decisions of earlier versions lack these two. The
    account's id is in the database only.
    """

    comment_id: int
    line: int
    command: str
    argument: str = ""
    why: str = ""
    by: str
    by_id: Annotated[int, Field(exclude=True)] = 0
    at: datetime
    refused: str = ""
    role: Annotated[str, Field(validation_alias=AliasChoices("role", "standing"))] = ""
    decided: datetime | None = None

    def of_operator(self, operators: tuple[str, ...]) -> bool:
        """Return whether an operator gave the command, as recorded with it. For decisions without a role the present
        operators count.
        """
        return self.role == "operator" if self.role else named(self.by, operators)


class ProtectedLine(Value):
    """A changed line that contains a protected name; for `removed` lines, `line` is the number before the change."""

    name: str
    path: str
    line: int
    removed: bool


class PhraseSeen(Value):
    """A gate's valid phrase, written by an operator on another issue or pull request."""

    phrase: str
    number: int
    comment: int
    by: str
    at: datetime


class SoakSeen(Value):
    """The observed data of one soak of the policy: what its evidence names, as reported by Forgejo and git.

    `failed`: runs of the same workflows on the default branch that failed since, with or without evidence. `elsewhere`:
    run numbers that are already used in another soak, with its name. `writers`: accounts whose evidence counts if the
    policy lists none. For targets other than the tracking issue, `comments` are the issue's comments about the soak,
    `decisions` its commands, and `kept` is the check's stored state; `unseen` says why the issue could not be read.
    `phrases`: the gate's phrases on pull requests.
    """

    name: str
    runs: tuple[RunSeen, ...] = ()
    failed: tuple[RunSeen, ...] = ()
    commits: tuple[CommitSeen, ...] = ()
    pulls: tuple[PullSeen, ...] = ()
    elsewhere: dict[int, str] = Field(default_factory=dict)
    writers: tuple[str, ...] = ()
    comments: tuple[CommentText, ...] = ()
    decisions: tuple[Decision, ...] = ()
    kept: dict[str, Any] = Field(default_factory=dict)
    phrases: tuple[PhraseSeen, ...] = ()
    unseen: str = ""
