"""What checks say, and what should therefore exist on Forgejo."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from bot.model.observed import Decision
from bot.model.snapshot import Judgment
from bot.model.words import Actor, Location, Severity, Value, Verdict, digest


class Finding(Value):
    """One thing wrong: what, where, on what evidence, and the next step. Plain text; rendering escapes it.

    `actor` has to act for it, and `action` says what he has to do: verb and object, such as `approve the red zone
    (compose/prod.yaml)`.
    """

    rule: str
    severity: Severity
    title: str
    location: Location
    evidence: str = ""
    next_step: str = ""
    fingerprint: str = ""
    actor: Actor = Actor.AUTHOR
    action: str = ""

    @property
    def call(self) -> str:
        """Gives what the actor has to do, verb and object, for a finding of a check that does not say it too."""
        return self.action or f"resolve {self.rule}"


class Answer(Value):
    """What somebody who wrote commands hears: reactions to the comment, and at most one reply for the whole comment.

    `reply` is Markdown. `explains` names the checks whose reports the reply goes on with. Answers of another `topic`
    (`edited`) have a reply of their own, so that what is said later isn't lost behind what was said first.
    """

    comment_id: int
    reactions: tuple[Literal["eyes", "+1", "confused"], ...]
    reply: str = ""
    explains: tuple[str, ...] = ()
    topic: str = ""


class Record(Value):
    """Something that the ledger has to have: what happened (`kind`), to what, by whom, and on what it rests."""

    kind: str
    object: str
    actor: str
    detail: dict[str, Any] = Field(default_factory=dict)


class OwnWords(Value):
    """A comment of a check's own, beside the report: Markdown without its marker.

    `only_if_there`: kept up to date, and not written where it isn't.
    """

    body: str
    only_if_there: bool = False


class WantedIssue(Value):
    """An issue that should be opened once: plain title and Markdown without its marker."""

    title: str
    body: str


class Report(Value):
    """The result of one check for one snapshot. `labels` maps each label of the check to whether it should be on.

    `label_bases`: the basis of a label, if it depends on less than the whole report; somebody's change of the label
    stays until the basis changes. `decisions`, and a new `judgment`, are stored and are part of every later snapshot;
    `records` come with one, and are written to the ledger. `commanded`: when a label was requested by a valid command,
    which overrides earlier manual changes. A check with `shown=False` has no line in the report comment, one with
    `status=False` no commit status. `comment` is the Markdown of a separate comment, `issue` an issue to open once,
    `section` of the report below the findings, `explanation` of the reply to `/explain`; `data` is machine-readable.
    `brief` is a word or two for the report's line of counts, such as `p2`.
    `again` requests another evaluation after so many seconds.
    """

    check: str
    verdict: Verdict
    summary: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    labels: dict[str, bool] = Field(default_factory=dict)
    label_bases: dict[str, str] = Field(default_factory=dict)
    commanded: dict[str, datetime] = Field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    answers: tuple[Answer, ...] = ()
    judgment: Judgment | None = None
    records: tuple[Record, ...] = ()
    comment: OwnWords | None = None
    issue: WantedIssue | None = None
    explanation: str = ""
    section: str = ""
    brief: str = ""
    data: dict[str, Any] = Field(default_factory=dict)
    again: float = 0.0
    shown: bool = True
    status: bool = True

    @property
    def evidence(self) -> str:
        """Gives a hash of what the report rests on; a human's label stays until it changes."""
        basis = [self.check, self.verdict, *sorted(finding.fingerprint or finding.title for finding in self.findings)]
        return digest("\n".join(basis))

    def evidence_for(self, label: str) -> str:
        """Gives the hash of what one label rests on."""
        basis = self.label_bases.get(label)
        return self.evidence if basis is None else digest(f"{self.check}\n{label}\n{basis}")


class WantedComment(Value):
    """A comment that should exist. `only_if_there`: kept up to date, not written; `once`: written, and never again."""

    purpose: str
    marker: str
    body: str
    only_if_there: bool = False
    once: bool = False


class WantedReaction(Value):
    """A reaction to somebody's comment, which is made once."""

    comment_id: int
    content: Literal["eyes", "+1", "confused"]


class WantedLabel(Value):
    """Whether a label should be on, the hash of the evidence for it, and when somebody commanded it, if he did."""

    on: bool
    evidence: str
    commanded: datetime | None = None


class WantedStatus(Value):
    """A status that should stand on the head commit."""

    context: str
    state: str
    description: str


class Plan(Value):
    """What should exist on Forgejo for one target. `issues` are by the check that asks for them."""

    comments: tuple[WantedComment, ...] = ()
    reactions: tuple[WantedReaction, ...] = ()
    labels: dict[str, WantedLabel] = Field(default_factory=dict)
    statuses: tuple[WantedStatus, ...] = ()
    issues: dict[str, WantedIssue] = Field(default_factory=dict)
