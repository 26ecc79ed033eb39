"""The items of what was observed: leaks, commits, files, comments, labels, soaks and more. Texts are masked."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from bot.model.evidence import CommitSeen, PullSeen, RunSeen
from bot.model.words import Location, Severity, Value, digest


class Leak(Value):
    """A secret that the scanner found; what it is stays unsaid, `fingerprint` tells it apart from others."""

    rule: str
    family: str
    severity: Severity
    location: Location
    fingerprint: str
    suppressed: bool = False
    dropped: bool = False


class Gap(Value):
    """Something that was not looked at, and why: it makes a verdict `error`, never `pass`.

    `of` is the very content (a blob, a head, a text's hash): who accepts the gap accepts that, and nothing else.
    """

    what: str
    why: str
    of: str = ""

    @property
    def fingerprint(self) -> str:
        """Gives `gp_` and 16 hex digits, the same as long as the same thing isn't looked at."""
        content = f"{self.what}\n{self.of}"
        return f"gp_{digest(content).removeprefix('sha256:')[:16]}"


class Commit(Value):
    """One commit of the pull request; `dropped` ones were taken out by a force-push."""

    sha: str
    author: str
    message: str
    parents: tuple[str, ...] = ()
    dropped: bool = False


class ChangedFile(Value):
    """One file of the net difference between merge base and head; modes as git writes them (`100644`).

    `added` and `removed` count lines; both are 0 for what git takes for binary.
    """

    path: str
    status: str
    old_path: str = ""
    old_mode: str = ""
    new_mode: str = ""
    added: int = 0
    removed: int = 0


class AddedLines(Value):
    """Lines that the pull request adds to a file in one run, masked; `start` is the first one's number there."""

    path: str
    start: int
    text: str


class CommentText(Value):
    """A comment of somebody else: `edited` when its times differ, `witnessed` when a signed delivery saw this text."""

    id: int
    author: str
    body: str
    body_hash: str
    created_at: datetime
    edited: bool
    witnessed: bool


class LabelSeen(Value):
    """A label as the timeline tells it: whether it is on, who last set or took it, and when.

    `id` is the definition's: who renames one doesn't make another's changes his own.
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


class Side(Value):
    """One side of a pull request: its branch, commit and repository (empty when the fork is gone)."""

    ref: str = ""
    sha: str = ""
    repository: str = ""


class Review(Value):
    """What somebody said in a review: `approved`, `changes` or `comment`.

    `stale`: the head has moved since; `official`: its author may write to the repository.
    """

    author: str
    state: str
    commit: str = ""
    stale: bool = False
    official: bool = False
    dismissed: bool = False


class Reference(Value):
    """A pull request or issue that the description refers to: open, closed, merged, or missing."""

    number: int
    kind: str
    state: str


class Mention(Value):
    """A document in the head's tree that still names a path which the pull request moved or deleted."""

    path: str
    file: str
    line: int


class Lint(Value):
    """What a linter found in a changed workflow; `url` explains the rule."""

    tool: str
    rule: str
    severity: Severity
    path: str
    line: int
    title: str
    url: str = ""


class Decision(Value):
    """What became of one command line: decided, or `refused` with the reason. It is kept, and never decided twice.

    `line` counts from 1 in the comment; `at` is when the comment was written, `decided` when the bot decided on it, and
    `role` what its author was then: `operator`, `writer` or `anyone`. Decisions of earlier versions lack these two.
    """

    comment_id: int
    line: int
    command: str
    argument: str = ""
    why: str = ""
    by: str
    at: datetime
    refused: str = ""
    role: Annotated[str, Field(validation_alias=AliasChoices("role", "standing"))] = ""
    decided: datetime | None = None


class ProtectedLine(Value):
    """A changed line that names something protected; `removed` ones are counted in the file as it was."""

    name: str
    path: str
    line: int
    removed: bool


class PhraseSeen(Value):
    """A gate's phrase, as an operator wrote it so that it counts, on another issue or pull request."""

    phrase: str
    number: int
    comment: int
    by: str
    at: datetime


class SoakSeen(Value):
    """What was observed of one soak of the policy: what its evidence names, as Forgejo and git tell it.

    `failed` are runs of the same workflows on the default branch that failed since, whether or not evidence names
    them. `elsewhere` says of runs, by their number, for which other soak evidence named them before. `writers` are
    accounts whose evidence counts where the policy names none. For another target than the tracking issue itself,
    `comments` are those of the issue's that bear on the soak, `decisions` its commands, and `kept` is what the check
    remembers of it; `unseen` says why the issue couldn't be looked at. `phrases` are its gate's on pull requests.
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
