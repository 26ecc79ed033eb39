"""Reads a webhook's payload into an envelope.

The body is parsed once, by pydantic's JSON parser: only the fields named here become Python objects. Field names are
those of Forgejo's webhook payloads.
"""

import hashlib
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.intake.proof import Proof
from bot.model import NOBODY, Envelope, witness_of
from bot.text import described

_Word = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Name = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Ref = Annotated[str, StringConstraints(max_length=512, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Sha = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{0,64}$")]
_Id = Annotated[int, Field(ge=1, le=2**63 - 1)]

REVIEWED = "reviewed"
DECISIONS = {"pull_request_review_approved": "approved", "pull_request_review_rejected": "changes"}
"""The types of reviews that decide something, as the body names them; a header's name decides nothing."""

COMMENT_EVENTS = frozenset({"issue_comment", "pull_request_comment"})
"""Events of new comments."""


class MalformedPayload(ValueError):
    """The payload is not a valid Forgejo payload; the text says where, and quotes nothing of it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class _Account(_Part):
    # Forgejo's own accounts (Actions, a deleted one) have ids below 0.
    id: Annotated[int, Field(ge=-(2**31), le=2**63 - 1)] = 0
    login: _Name = NOBODY


class _Repository(_Part):
    id: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    full_name: _Name = NOBODY
    owner: _Account | None = None


class _Commit(_Part):
    ref: _Ref | None = None
    sha: _Sha | None = None


class _Pull(_Part):
    number: _Id | None = None
    head: _Commit | None = None
    base: _Commit | None = None
    merge_base: _Sha | None = None


class _Review(_Part):
    type: _Word | None = None


class _Mark(_Part):
    """A field of which only the presence counts: of `pull_request` in an issue, of `changes` and `review`."""


class _Issue(_Part):
    number: _Id | None = None
    pull_request: _Mark | None = None


class _Comment(_Part):
    id: _Id
    user: _Account | None = None
    body: str | None = None


class _Run(_Part):
    """A run in `action_run_*` of Forgejo 16; `prettyref` is a branch, `#3` of a pull request, or a commit."""

    repository: _Repository | None = None
    trigger_user: _Account | None = None
    commit_sha: _Sha | None = None
    prettyref: _Ref | None = None


class _WorkflowRun(_Part):
    """A run in a delivery of Gitea (`workflow_run`)."""

    head_sha: _Sha | None = None
    head_branch: _Ref | None = None


class _Payload(_Part):
    action: _Word | None = None
    number: _Id | None = None
    is_pull: bool | None = None
    pull_request: _Pull | None = None
    issue: _Issue | None = None
    # The wiki's events have a `comment` too: the text of the edit.
    comment: Annotated[_Comment | str | None, Field(union_mode="left_to_right")] = None
    changes: _Mark | None = None
    review: _Review | None = None
    repository: _Repository | None = None
    sender: _Account | None = None
    run: _Run | None = None
    workflow_run: _WorkflowRun | None = None
    # The commit of a status, in deliveries of Gitea.
    sha: _Sha | None = None
    ref: _Ref | None = None
    before: _Sha | None = None
    after: _Sha | None = None

    def target(self) -> tuple[int | None, bool | None]:
        """The number of the issue or pull request, and whether it is a pull request; None if there is neither."""
        number = self.number
        for part in (self.pull_request, self.issue):
            number = number or (part.number if part else None)
        if number is None or self.is_pull is not None:
            return number, self.is_pull
        return number, bool(self.pull_request or (self.issue and self.issue.pull_request))

    def origin(self) -> tuple[_Repository, _Account]:
        """The repository and the sender. For runs of Actions they are inside the run."""
        repository = self.repository or (self.run and self.run.repository) or _Repository()
        sender = self.sender or (self.run and self.run.trigger_user) or _Account()
        return repository, sender

    def ends(self) -> tuple[str, str]:
        """The base branch and the merge base of the pull request; empty if there is none."""
        pull = self.pull_request or _Pull()
        return (pull.base.ref if pull.base else None) or NOBODY, pull.merge_base or NOBODY

    def decision(self) -> str:
        """What the sender decided in a review; empty for a review without a decision, and for other events."""
        kind = self.review.type if self.review and self.action == REVIEWED else None
        return DECISIONS.get(kind or NOBODY, NOBODY)

    def newest(self) -> str:
        """The new commit of this delivery."""
        head = self.pull_request.head if self.pull_request else None
        found = self.after or (head.sha if head else None) or (self.run.commit_sha if self.run else None)
        return found or (self.workflow_run.head_sha if self.workflow_run else None) or self.sha or NOBODY

    def full_ref(self) -> str:
        """The full name of the ref that was pushed, or of the branch of a run."""
        branch = self.run.prettyref if self.run else self.workflow_run.head_branch if self.workflow_run else None
        return self.ref or (f"refs/heads/{branch}" if branch and not branch.startswith("#") else NOBODY)

    def bears_witness(self, event: str) -> bool:
        """Whether this is a new comment, sent by its author. The body says so; the event, a header, can only deny it.

        An edit, a review, or another event with the action `created` is none.
        """
        comment = self.comment if isinstance(self.comment, _Comment) else None
        if comment is None or comment.user is None or self.sender is None or comment.body is None:
            return False
        new = self.action == "created" and self.changes is None and self.review is None
        on_issue = self.issue is not None and self.issue.number is not None and event in COMMENT_EVENTS
        same = comment.user.id == self.sender.id > 0 and comment.user.login == self.sender.login
        return new and on_issue and same and bool(self.repository and self.repository.id)


def read_envelope(
    delivery: str,
    event: str,
    proof: Proof,
    *,
    witness_key: bytes,
    at: datetime,
) -> Envelope:
    """The envelope of a proven delivery. Raises MalformedPayload, and Foreign if its signer does not speak for it."""
    try:
        read = _Payload.model_validate_json(proof.payload)
    except ValidationError as error:
        raise MalformedPayload(_place(error)) from None
    number, is_pull = read.target()
    repository, sender = read.origin()
    owner = repository.owner.id if repository.owner else 0
    proof.check_subject(repository.id, owner, repository.full_name, at.timestamp())
    comment = read.comment if isinstance(read.comment, _Comment) else None
    author = comment.user if comment and comment.user else _Account()
    base_ref, merge_base = read.ends()
    return Envelope(
        id=delivery,
        event=event,
        action=read.action or NOBODY,
        repository=repository.full_name,
        repository_id=repository.id,
        number=number,
        is_pull=is_pull,
        sender=sender.login,
        sender_id=sender.id,
        ref=read.full_ref(),
        before=read.before or NOBODY,
        after=read.newest(),
        base_ref=base_ref,
        merge_base=merge_base,
        review=read.decision(),
        comment_id=comment.id if comment else None,
        comment_author=author.login,
        comment_author_id=author.id,
        comment_hmac=witness_of(comment.body or "", witness_key) if comment else NOBODY,
        signer=str(proof.signer),
        witness=read.bears_witness(event),
        received_at=at,
        size=len(proof.payload),
        body_hash=hashlib.sha256(proof.payload).hexdigest(),
    )


def _place(error: ValidationError) -> str:
    # Only field names and what is expected: the payload itself may contain a secret.
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return "the body is not valid JSON"
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, str)) or "the body"
    return f"{where}: {described(first)}"
