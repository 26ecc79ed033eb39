"""The words of the system as frozen values: target, snapshot, finding, report, plan.

Nothing here does I/O. A snapshot holds masked texts only; its hash covers what judgments read (`inputs`, `policy`) and
never what the bot wrote itself (`own`), so the bot's own writes change no judgment.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from bot.policy import Policy

ZERO_SHA = "0" * 40


class Value(BaseModel):
    """A frozen value; unknown fields are refused, so a snapshot file of another version fails loudly."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """What a target is."""

    PULL = "pull"
    ISSUE = "issue"


class Severity(StrEnum):
    """How bad a finding is, in rising order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Gives 0 for low up to 3 for critical."""
        return list(Severity).index(self)


class Verdict(StrEnum):
    """What a check says, from best to worst."""

    SKIP = "skip"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    ADVISE = "advise"
    PENDING = "pending"
    ERROR = "error"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """Gives 0 for skip up to 5 for block: the worst of several is the one with the highest rank."""
        return list(Verdict).index(self)


class Target(Value):
    """One pull request (`owner/repo!12`) or issue (`owner/repo#12`)."""

    repository: str
    number: int
    kind: Kind

    def __str__(self) -> str:
        return f"{self.repository}{'!' if self.kind is Kind.PULL else '#'}{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Gives the target that a text or a Forgejo URL names.

        Raises ValueError that says which forms are understood.
        """
        short = re.fullmatch(r"([^\s/]+/[^\s/!#]+)([!#])(\d{1,18})", text)
        if short:
            kind = Kind.PULL if short[2] == "!" else Kind.ISSUE
            return cls(repository=short[1], number=int(short[3]), kind=kind)
        parts = urlsplit(text).path.strip("/").split("/")
        if "://" in text and len(parts) >= 4 and parts[-2] in {"pulls", "issues"} and parts[-1].isdigit():  # noqa: PLR2004 - owner, repo, kind, number
            kind = Kind.PULL if parts[-2] == "pulls" else Kind.ISSUE
            return cls(repository="/".join(parts[-4:-2]), number=int(parts[-1]), kind=kind)
        raise ValueError(f"{text!r} names no target; write owner/repo!12, owner/repo#12 or the address of one")


class Location(Value):
    """Where something stands. `where` is diff, path, title, body, comment, message, policy or target."""

    where: str
    path: str = ""
    line: int = 0
    commit: str = ""
    comment_id: int = 0


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
    """One file of the net difference between merge base and head; modes as git writes them (`100644`)."""

    path: str
    status: str
    old_path: str = ""
    old_mode: str = ""
    new_mode: str = ""


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
    """A label as the timeline tells it: whether it is on, who last set or took it, and when."""

    name: str
    on: bool
    by: str = ""
    at: datetime | None = None


class StatusSeen(Value):
    """The newest status of one context on the head commit; `creator` is empty for Forgejo's own Actions."""

    context: str
    state: str
    description: str = ""
    target_url: str = ""
    creator: str = ""


class Side(Value):
    """One side of a pull request: its branch, commit and repository (empty when the fork is gone)."""

    ref: str = ""
    sha: str = ""
    repository: str = ""


class Inputs(Value):
    """What judgments read. Texts are masked; `title_hash` and `body_hash` are of the raw texts."""

    title: str
    body: str
    title_hash: str
    body_hash: str
    author: str
    state: str
    draft: bool = False
    locked: bool = False
    archived: bool = False
    default_branch: str = ""
    labels: tuple[str, ...] = ()
    comments: tuple[CommentText, ...] = ()
    base: Side = Side()
    head: Side = Side()
    merge_base: str = ""
    commits: tuple[Commit, ...] = ()
    files: tuple[ChangedFile, ...] = ()
    statuses: tuple[StatusSeen, ...] = ()
    leaks: tuple[Leak, ...] = ()
    gaps: tuple[Gap, ...] = ()


class OwnComment(Value):
    """A comment of the bot's account. Somebody else may have written into it, so only hashes of it are kept.

    `content_hash` leaves the footer out.
    """

    id: int
    purpose: str
    body_hash: str
    content_hash: str


class Held(Value):
    """What the ledger says the bot wrote at one place (`comment:report`, `label:NAME`, `status:SHA:CONTEXT`)."""

    object: str
    value: str = ""
    intended: str = ""
    evidence: str = ""
    remote_id: int | None = None
    written_at: datetime | None = None


class Restored(Value):
    """How often one thing was changed by others and put back: in the last day, and in all."""

    object: str
    what: str
    today: int
    total: int
    last_at: datetime


class SiblingVerdict(Value):
    """What a check said of the same commit for another open pull request."""

    check: str
    number: int
    state: str
    description: str
    target_url: str


class Own(Value):
    """What the bot and others did to the bot's own things; only apply reads it."""

    account: str
    can_write: bool = True
    quiet: bool = False
    url: str = ""
    comments: tuple[OwnComment, ...] = ()
    labels: tuple[LabelSeen, ...] = ()
    statuses: tuple[StatusSeen, ...] = ()
    held: tuple[Held, ...] = ()
    restored: tuple[Restored, ...] = ()
    siblings: tuple[SiblingVerdict, ...] = ()

    def holding(self, name: str) -> Held | None:
        """Gives what the bot holds at a place, if anything."""
        return next((held for held in self.held if held.object == name), None)


class Snapshot(Value):
    """What was observed about a target at one moment. `hash` covers target, inputs and policy."""

    target: Target
    taken_at: datetime
    inputs: Inputs
    policy: Policy
    policy_problems: tuple[str, ...] = ()
    policy_notes: tuple[str, ...] = ()
    own: Own

    @cached_property
    def hash(self) -> str:
        """Gives `sha256:` and the SHA-256 of the canonical JSON of what judgments read."""
        content = self.model_dump(
            mode="json", include={"target", "inputs", "policy", "policy_problems", "policy_notes"}
        )
        return digest(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True))


class Finding(Value):
    """One thing wrong: what, where, on what evidence, and the next step. Plain text; rendering escapes it."""

    rule: str
    severity: Severity
    title: str
    location: Location
    evidence: str = ""
    next_step: str = ""
    fingerprint: str = ""


class Report(Value):
    """What one check says of one snapshot. `labels` says of each label it cares for whether it should be on."""

    check: str
    verdict: Verdict
    summary: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    labels: dict[str, bool] = Field(default_factory=dict)

    @property
    def evidence(self) -> str:
        """Gives a hash of what the report rests on; a human's label stays until it changes."""
        ground = [self.check, self.verdict, *sorted(finding.fingerprint or finding.title for finding in self.findings)]
        return digest("\n".join(ground))


class WantedComment(Value):
    """A comment that should exist; `body` None when one is only kept up to date where it already exists."""

    purpose: str
    marker: str
    body: str
    only_if_there: bool = False


class WantedLabel(Value):
    """Whether a label should be on, and the hash of the evidence for it."""

    on: bool
    evidence: str


class WantedStatus(Value):
    """A status that should stand on the head commit."""

    context: str
    state: str
    description: str


class Plan(Value):
    """What should exist on Forgejo for one target."""

    comments: tuple[WantedComment, ...] = ()
    labels: dict[str, WantedLabel] = Field(default_factory=dict)
    statuses: tuple[WantedStatus, ...] = ()


@dataclass(frozen=True)
class Tools:
    """What a check may use beside its snapshot."""

    now: Callable[[], datetime]


@dataclass(frozen=True)
class Check:
    """A named pure function from snapshots of some kinds and states (`open`, `draft`, `closed`) to reports.

    `labels` are the labels that it may want, so that a linter can tell whether all are declared.
    """

    name: str
    on: frozenset[Kind]
    assess: Callable[[Snapshot, Tools], Awaitable[Report]]
    states: frozenset[str] = frozenset({"open", "draft", "closed"})
    labels: tuple[str, ...] = ()


def digest(text: str) -> str:
    """Gives `sha256:` and the hex SHA-256 of a text in UTF-8 (lone surrogates are kept apart, not refused)."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
