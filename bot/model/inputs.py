"""The observed data of a target that checks read. Texts are masked; hashes are of the original texts."""

from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, Field

from bot.model.observed import (
    AddedLines,
    ChangedFile,
    ChangeState,
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
    """The part of a snapshot that checks read. Texts are masked; fields that an issue cannot have are empty.

    The line below each field describes it; the documentation shows the same lines.
    """

    title: str
    """The title."""
    body: str
    """The description, in Markdown."""
    title_hash: str
    """The hash of the title before masking."""
    body_hash: str
    """The hash of the description before masking."""
    author: str
    """The author's login; empty if the account was deleted."""
    state: str
    """`open`, `closed` or `merged`."""
    draft: bool = False
    """Whether it is a draft; Forgejo derives this from the title."""
    locked: bool = False
    """Whether the conversation is locked."""
    archived: bool = False
    """Whether the repository is archived, and therefore read-only."""
    default_branch: str = ""
    """The name of the repository's default branch."""
    created_at: datetime | None = None
    """When it was opened."""
    served_since: datetime | None = None
    """When the bot was set up for the repository. Earlier comments have no effect, unless they are witnessed."""
    labels: tuple[str, ...] = ()
    """The labels, except those that the bot set."""
    comments: tuple[CommentText, ...] = ()
    """The comments, except the bot's own, oldest first."""
    decisions: tuple[Decision, ...] = ()
    """The command lines that were accepted or refused, oldest first."""
    base: Side = Side()
    """The base: branch, commit and repository."""
    head: Side = Side()
    """The head: branch, commit and repository."""
    merge_base: str = ""
    """The common ancestor of head and base."""
    commits: tuple[Commit, ...] = ()
    """The commits between base and head, and those that a force-push dropped."""
    files: tuple[ChangedFile, ...] = ()
    """The files that differ between merge base and head."""
    added: tuple[AddedLines, ...] = ()
    """The lines that the pull request adds in total."""
    added_cut: bool = False
    """Whether `added` is incomplete, because it exceeds the limit."""
    conflict: bool | None = None
    """Whether head and base conflict; nothing if unknown. Read if `contract` or `merge` is on."""
    reviews: tuple[Review, ...] = ()
    """The reviews."""
    scheduled_by: str = ""
    """Who scheduled a merge before the newest push or change of the base branch; empty if nobody did."""
    remarks: tuple[CommentText, ...] = ()
    """The texts of reviews, and of their comments on lines. Commands and phrases in them don't count."""
    required: tuple[str, ...] = ()
    """The contexts that the base branch's protection requires. Read if `contract` or `merge` is on."""
    references: tuple[Reference, ...] = ()
    """Pull requests and issues in the description. Read if `contract`, `guards.base` or `merge` is on."""
    paths: dict[str, bool] = Field(default_factory=dict)
    """The paths in the description, and whether they exist at the head. Read if `contract` is on."""
    mentions: tuple[Mention, ...] = ()
    """Documents that still mention moved or deleted paths. Read if `guards.docs-drift.mentions` is on."""
    lints: tuple[Lint, ...] = ()
    """The linters' findings in changed workflows. Read if `guards.workflow-lint` is on."""
    statuses: tuple[StatusSeen, ...] = ()
    """The newest status of each context on the head, except the bot's own."""
    forged: tuple[StatusSeen, ...] = ()
    """Successes in the bot's contexts that other accounts posted on the head before it was merged."""
    merged_by: str = ""
    """The account that Forgejo names for the merge; of a manual merge, Forgejo guesses it from the commit."""
    leaks: tuple[Leak, ...] = ()
    """The secrets found in texts, commits and files."""
    gaps: tuple[Gap, ...] = ()
    """The content that was not scanned for secrets, and why."""
    unseen: tuple[Gap, ...] = ()
    """Other content that could not be checked, and why."""
    soaks: tuple[SoakSeen, ...] = ()
    """The soaks that the policy tracks here; on a pull request, all of them."""
    # Snapshots of version 0.1 call it `touches`.
    protected_lines: Annotated[
        tuple[ProtectedLine, ...], Field(validation_alias=AliasChoices("protected_lines", "touches"))
    ] = ()
    """The changed lines that contain names which a soak or a gate of the policy protects."""
    phrases: tuple[PhraseSeen, ...] = ()
    """The gate phrases that operators wrote on other pull requests and issues."""

    @property
    def change(self) -> ChangeState:
        """Return what the pull request is now."""
        return ChangeState(head=self.head.sha, base=self.base.ref, merge_base=self.merge_base)

    def named_by(self, act: CommentText | Review) -> bool:
        """Return whether a review or an operator's comment is about what the pull request is now.

        It is only where head, base branch and merge base are the same as at the moment of the act: a push, a retarget
        and a rewritten base branch show what nobody agreed to. A review must name the head itself, too.
        """
        if isinstance(act, Review) and act.commit != self.head.sha:
            return False
        return bool(self.head.sha and self.merge_base) and act.about == self.change

    def live(self, comment: CommentText) -> bool:
        """Return whether a comment was written after the setup or is witnessed, so that its requests are answered."""
        return comment.witnessed or self.served_since is None or comment.created_at >= self.served_since
