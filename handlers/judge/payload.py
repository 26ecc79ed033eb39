"""The payload `openclaw.judge.v0`: one judgment as other machines read it, with every field of the form in use.

It is written so that nothing in it can end what stands around it, and read strictly: a field too many, too few or of
another kind, or a key that stands twice, and it is no payload.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationError

from bot.model import Value
from bot.text import inert_json

SCHEMA = "openclaw.judge.v0"
BEGIN = f"<!-- {SCHEMA} -->"
END = f"<!-- /{SCHEMA} -->"
MAX_BYTES = 64 * 1024
FITS = 40_000
FAMILY = "judge/"
ESCALATED = "judge/operator-needed"
UNSURE = "judge/low-confidence"
LOW_CONFIDENCE = 2

Hash = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]

Priority = Literal["p0", "p1", "p2", "p3"]
Fit = Literal["low", "medium", "high"]
Effort = Literal["tiny", "small", "medium", "large", "unknown"]
Step = Literal[
    "operator_needed", "codex_candidate", "hermes_candidate", "patchwarden_candidate", "needs_refinement", "park"
]
RerunReason = Literal[
    "no_prior_judgment",
    "title_changed",
    "body_changed",
    "labels_changed",
    "head_changed",
    "state_changed",
    "evidence_changed",
    "requested",
    "stale",
]
Score = int


class Escalation(Value):
    """Why somebody else has to decide; `kind` says who, as in `operator`."""

    kind: str
    reason: str


class EvidenceRef(Value):
    """One thing that was really read. `value` names it: `issue-title`, `issue-body-<heading>`, `diff:<path>`,
    `label:<name>`, `comment:<id>`.
    """

    note: str
    type: str = "forgejo"
    value: str


class Opinion(Value):
    """What a judge thinks of a target, before it is a judgment: scores run from 1 to 5."""

    priority: Priority
    reach: Score = Field(ge=1, le=5)
    impact: Score = Field(ge=1, le=5)
    confidence: Score = Field(ge=1, le=5)
    piotr_fit: Fit
    effort_hint: Effort
    recommended_next_action: Step
    escalation: Escalation | None = None
    evidence_refs: tuple[EvidenceRef, ...] = ()
    rationale_summary: str
    top_caveat: str


class JudgeActor(Value):
    """Who judged, and by what: `rules`, or `model:<name>` where a model's answer went into it."""

    name: str = Field(min_length=1, max_length=100)
    runtime: str = Field(min_length=1, max_length=120)


class PayloadTarget(Value):
    """What was judged."""

    kind: Literal["issue", "pull"]
    number: int = Field(ge=1)
    repo: str = Field(max_length=255)


class TargetSnapshot(Value):
    """The state in which it was judged. Hashes are of the raw texts; an issue has neither head nor commits."""

    body_hash: Hash
    commit_count: int | None
    evidence_hash: Hash
    head_sha: str | None
    labels: tuple[str, ...]
    labels_hash: Hash
    state: str
    title_hash: Hash
    updated_at: AwareDatetime | None


class Payload(Opinion):
    """One judgment, whole. Field names are the form's own; `form` is its `schema`."""

    form: Literal["openclaw.judge.v0"] = Field(alias="schema")
    judge_actor: JudgeActor
    judged_at: AwareDatetime
    labels_to_apply: tuple[str, ...]
    rerun_reason: RerunReason
    target: PayloadTarget
    target_snapshot: TargetSnapshot

    def content(self) -> dict[str, Any]:
        """Gives the payload as JSON's own kinds of values, by the form's names."""
        return self.model_dump(mode="json", by_alias=True)


class NotAPayload(ValueError):
    """A text that is no judgment of this form; the message says why, and may quote names of keys from it."""


def written(payload: Payload) -> str:
    """Gives the JSON of a payload: keys sorted, ASCII, and no sign that could end a fence, a comment or a tag."""
    return inert_json(payload.content())


def fitting(payload: Payload) -> Payload:
    """Gives the payload without its longest references, where it is longer than a comment should be."""
    refs = list(payload.evidence_refs)
    while refs and len(written(payload)) > FITS:
        sizes = [len(json.dumps([ref.note, ref.value])) for ref in refs]
        del refs[max(range(len(refs)), key=lambda at: (sizes[at], at))]
        payload = payload.model_copy(update={"evidence_refs": tuple(refs)})
    return payload


def parsed(text: str) -> Payload:
    """Gives the payload that a JSON text holds: every field, nothing else, no value of another kind.

    Raises NotAPayload.
    """
    load(text)
    try:
        return Payload.model_validate_json(text, strict=True)
    except ValidationError as fault:
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in fault.errors(include_url=False)[:3]]
        raise NotAPayload("; ".join(told)) from None


def load(text: str) -> dict[str, Any]:
    """Gives the JSON object in a text of at most 64 KB in which no key stands twice. Raises NotAPayload."""
    if len(text.encode()) > MAX_BYTES:
        raise NotAPayload(f"it is larger than {MAX_BYTES // 1024} KB")
    try:
        found = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as fault:
        raise NotAPayload(str(fault) if isinstance(fault, NotAPayload) else "it isn't valid JSON") from None
    if not isinstance(found, dict):
        raise NotAPayload("it isn't a JSON object")
    return found


def labels_of(opinion: Opinion) -> tuple[str, ...]:
    """Gives the labels that follow from an opinion: by its fields alone, never by its words."""
    found = [f"{FAMILY}{opinion.priority}", f"{FAMILY}{opinion.recommended_next_action.replace('_', '-')}"]
    if opinion.escalation is not None and ESCALATED not in found:
        found.append(ESCALATED)
    if opinion.confidence <= LOW_CONFIDENCE:
        found.append(UNSURE)
    return tuple(found)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two equal keys they believe."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotAPayload("a key stands twice in it")
    return found


def _no_number(name: str) -> Any:
    raise NotAPayload(f"{name} is no number of JSON")
