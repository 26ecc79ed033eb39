"""What was observed of a target and what judgments read. Texts are masked; hashes are of the raw ones."""

from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, Field

from bot.model.observed import (
    AddedLines,
    ChangedFile,
    CommentText,
    Commit,
    Decision,
    Gap,
    Leak,
    Lint,
    Mention,
    PhraseSeen,
    ProtectedLine,
    Reference,
    Review,
    Side,
    SoakSeen,
    StatusSeen,
)
from bot.model.words import Value


class Inputs(Value):
    """What judgments read. Texts are masked; on an issue, what only a pull request has is empty.

    The line under each field says what it holds; the documentation shows the same lines.
    """

    title: str
    """The title."""
    body: str
    """The description, Markdown as its author wrote it."""
    title_hash: str
    """The hash of the title as it was before masking."""
    body_hash: str
    """The hash of the description as it was before masking."""
    author: str
    """The login of who opened it; empty where the account is gone."""
    state: str
    """`open`, `closed` or `merged`."""
    draft: bool = False
    """Whether it is a draft, which Forgejo tells by the title."""
    locked: bool = False
    """Whether the conversation is locked."""
    archived: bool = False
    """Whether the repository is archived, so that nothing can be written."""
    default_branch: str = ""
    """The name of the repository's default branch."""
    created_at: datetime | None = None
    """When it was opened."""
    served_since: datetime | None = None
    """Since when the bot serves the repository. Comments from before are history, unless witnessed."""
    labels: tuple[str, ...] = ()
    """The labels that others than the bot set."""
    comments: tuple[CommentText, ...] = ()
    """The comments of others than the bot, oldest first."""
    decisions: tuple[Decision, ...] = ()
    """The command lines that were taken or refused, oldest first."""
    base: Side = Side()
    """Where it goes to: branch, commit and repository."""
    head: Side = Side()
    """Where it comes from: branch, commit and repository."""
    merge_base: str = ""
    """The commit that head and base have in common."""
    commits: tuple[Commit, ...] = ()
    """The commits between base and head, and those that a force-push dropped."""
    files: tuple[ChangedFile, ...] = ()
    """The files that differ between merge base and head."""
    added: tuple[AddedLines, ...] = ()
    """The lines that the pull request adds in all."""
    added_cut: bool = False
    """Whether `added` is cut, since it is longer than is kept."""
    conflict: bool | None = None
    """Whether head and base conflict; nothing where that isn't known. Read where `contract` or `merge` is on."""
    reviews: tuple[Review, ...] = ()
    """The reviews."""
    remarks: tuple[CommentText, ...] = ()
    """The texts of reviews, and of their comments on lines. Commands and phrases in them don't count."""
    required: tuple[str, ...] = ()
    """The contexts that the base branch's protection asks for. Read where `contract` or `merge` is on."""
    references: tuple[Reference, ...] = ()
    """What the description refers to, as it stands. Read where `contract`, `guards.base` or `merge` is on."""
    paths: dict[str, bool] = Field(default_factory=dict)
    """What the description names like a path, and whether the head has it. Read where `contract` is on."""
    mentions: tuple[Mention, ...] = ()
    """Documents that still name what was moved or deleted. Read where `guards.docs-drift` looks for them."""
    lints: tuple[Lint, ...] = ()
    """What linters found in changed workflows. Read where `guards.workflow-lint` is on."""
    statuses: tuple[StatusSeen, ...] = ()
    """The newest status of each context on the head, but for the bot's own."""
    leaks: tuple[Leak, ...] = ()
    """The secrets that were found in texts, commits and files."""
    gaps: tuple[Gap, ...] = ()
    """What wasn't searched for secrets, and why."""
    unseen: tuple[Gap, ...] = ()
    """What else couldn't be looked at, and why."""
    soaks: tuple[SoakSeen, ...] = ()
    """The soaks that the policy tracks here; on a pull request, all of them."""
    # Snapshots that version 0.1 kept call it `touches`.
    protected_lines: Annotated[
        tuple[ProtectedLine, ...], Field(validation_alias=AliasChoices("protected_lines", "touches"))
    ] = ()
    """The changed lines that name what a soak or a gate of the policy protects."""
    phrases: tuple[PhraseSeen, ...] = ()
    """The phrases of the policy's gates, as operators wrote them on other pull requests and issues."""

    def live(self, comment: CommentText) -> bool:
        """Says whether a comment is from the bot's time here, so that what it asks for is still to be answered."""
        return comment.witnessed or self.served_since is None or comment.created_at >= self.served_since
