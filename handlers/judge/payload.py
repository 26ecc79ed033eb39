"""The payload `openclaw.judge.v0`: one judgment in machine-readable form.

The JSON is written so that no value can close the surrounding code block, comment or tag. It is read strictly: an
unknown, missing or wrongly typed field or a duplicate key makes it invalid.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationError

from bot.model import Value
from bot.text import described, inert_json

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
    """The reason why somebody else has to decide; `kind` names who, for example `operator`."""

    kind: str
    reason: str


class EvidenceRef(Value):
    """One piece of evidence that was read. `value` names it: `issue-title`, `issue-body-<heading>`, `diff:<path>`,
    `label:<name>`, `comment:<id>`.
    """

    note: str
    type: str = "forgejo"
    value: str


class Opinion(Value):
    """A judge's assessment of a target, before it becomes a judgment; scores run from 1 to 5."""

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
    """Who judged, and how: `rules`, or `model:<name>` if a model's answer was used."""

    name: str = Field(min_length=1, max_length=100)
    runtime: str = Field(min_length=1, max_length=120)


class PayloadTarget(Value):
    """The issue or pull request that was judged."""

    kind: Literal["issue", "pull"]
    number: int = Field(ge=1)
    repo: str = Field(max_length=255)


class TargetSnapshot(Value):
    """The state of the target when it was judged. Hashes are of the raw texts; an issue has no head and no commits."""

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
    """One complete judgment. Field names are those of the schema; `form` is the field `schema`."""

    form: Literal["openclaw.judge.v0"] = Field(alias="schema")
    judge_actor: JudgeActor
    judged_at: AwareDatetime
    labels_to_apply: tuple[str, ...]
    rerun_reason: RerunReason
    target: PayloadTarget
    target_snapshot: TargetSnapshot

    def content(self) -> dict[str, Any]:
        """Return the payload as JSON values, with the field names of the schema."""
        return self.model_dump(mode="json", by_alias=True)


class NotAPayload(ValueError):
    """Raised for a text that is not a valid payload; the message says why, and may quote names of keys."""


def written(payload: Payload) -> str:
    """Return the JSON of a payload: sorted keys, ASCII, no character that could close a fence, a comment or a tag."""
    return inert_json(payload.content())


def fitting(payload: Payload) -> Payload:
    """Return the payload; if it is too long for a comment, without its longest references."""
    refs = list(payload.evidence_refs)
    while refs and len(written(payload)) > FITS:
        sizes = [len(json.dumps([ref.note, ref.value])) for ref in refs]
        del refs[max(range(len(refs)), key=lambda at: (sizes[at], at))]
        payload = payload.model_copy(update={"evidence_refs": tuple(refs)})
    return payload


def parsed(text: str) -> Payload:
    """Return the payload in a JSON text. Raises NotAPayload for an unknown, missing or wrongly typed field."""
    load(text)
    try:
        return Payload.model_validate_json(text, strict=True)
    except ValidationError as fault:
        errors = fault.errors(include_url=False, include_input=False)[:3]
        messages = [f"{'.'.join(map(str, one['loc']))}: {described(one)}" for one in errors]
        raise NotAPayload("; ".join(messages)) from None


def load(text: str) -> dict[str, Any]:
    """Return the JSON object in a text. Raises NotAPayload for more than 64 KB, invalid JSON and duplicate keys."""
    if len(text.encode()) > MAX_BYTES:
        raise NotAPayload(f"the payload is larger than {MAX_BYTES // 1024} KB")
    try:
        found = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as fault:
        raise NotAPayload(str(fault) if isinstance(fault, NotAPayload) else "the payload is not valid JSON") from None
    if not isinstance(found, dict):
        raise NotAPayload("the payload is not a JSON object")
    return found


def labels_of(opinion: Opinion, step: str) -> tuple[str, ...]:
    """Return the labels that follow from the fields of an opinion; its texts have no influence.

    `step` is the label of its next step, which has the team's own names.
    """
    found = [f"{FAMILY}{opinion.priority}", step]
    if opinion.escalation is not None and ESCALATED not in found:
        found.append(ESCALATED)
    if opinion.confidence <= LOW_CONFIDENCE:
        found.append(UNSURE)
    return tuple(found)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as a dict. Raises NotAPayload for a duplicate key: JSON readers differ here."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotAPayload("the payload contains a duplicate key")
    return found


def _no_number(name: str) -> Any:
    raise NotAPayload(f"the payload contains {name}, which is not a JSON number")
