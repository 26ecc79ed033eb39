"""Builds the evidence of a soak from the data of a run, and the comment that contains it. Reads no files itself.

The comment has a table for people and a folded payload for the bot. All texts come from files and options of a CI job,
so they are escaped. The comment is only returned if parsing it gives exactly the same evidence.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from bot.model import EVIDENCE_BEGIN, EVIDENCE_END, EVIDENCE_SCHEMA, Block, Evidence, EvidenceStep, blocks
from bot.text import cell, described, inert_json, plain

STEPS = {".plan.stdout.json": "plan", ".apply.stdout.json": "apply", ".health.json": "health"}
SCOPE = "auto-apply-scope.json"
MAX_MODULES = 20

HEADING = "### Soak evidence"
FORM = """\
{heading}

| Field | Value |
| --- | --- |
{rows}

<details>
<summary>Structured {schema} payload</summary>

```json
{begin}
{payload}
{end}
```

</details>"""

_RUN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._-]+){2,6}/actions/runs/\d+(?:/jobs/\d+)?")


class EvidenceError(ValueError):
    """Raised for input that cannot be evidence; the text says why and quotes nothing from a file."""


@dataclass(frozen=True)
class Artifact:
    """A JSON artifact of a run. A scope has no step; only an apply has `approved_pr`."""

    module: str = ""
    step: str = ""
    result: EvidenceStep | None = None
    approved_pr: int | None = None
    allowed: tuple[str, ...] | None = None
    blocked: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Markers:
    """The texts that are counted in logs: expected ones, forbidden ones, and how often each was found."""

    expected: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    counts: Mapping[str, int] | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts, each once."""
        return tuple(dict.fromkeys((*self.expected, *self.forbidden)))

    def counted(self, logs: Collection[Mapping[str, int]]) -> "Markers":
        """Return the markers with the sums over all logs; without counts if no log was read."""
        if not logs:
            return Markers(self.expected, self.forbidden)
        sums = {text: sum(log.get(text, 0) for log in logs) for text in self.texts}
        return Markers(self.expected, self.forbidden, sums)


def artifact_of(name: str, data: bytes) -> Artifact:
    """Return an artifact from its file name, which says what it is, and its content. Raises EvidenceError."""
    ending = next((ending for ending in STEPS if name.endswith(ending) and name != ending), "")
    if name != SCOPE and not ending:
        known = ", ".join(f"<module>{one}" for one in STEPS)
        raise EvidenceError(f"unknown artifact name; expected {known} or {SCOPE}")
    found = _object(data)
    if name == SCOPE:
        return Artifact(allowed=_modules(found, "allowed"), blocked=_modules(found, "blocked"))
    approved = found.get("approved_pr") if STEPS[ending] == "apply" else None
    if approved is not None and (type(approved) is not int or approved < 1):
        raise EvidenceError("invalid `approved_pr`: expected the number of a pull request")
    return Artifact(name.removesuffix(ending), STEPS[ending], _step(found), approved)


def module_of(artifacts: Sequence[Artifact], given: str) -> str:
    """Return the module of all artifacts. Raises EvidenceError if they are of several modules."""
    names = sorted({one.module for one in artifacts if one.module} | ({given} if given else set()))
    if len(names) > 1:
        raise EvidenceError(f"several modules: {', '.join(names)}; collect evidence for one module at a time")
    return names[0] if names else ""


def steps_of(artifacts: Sequence[Artifact]) -> dict[str, EvidenceStep]:
    """Return the result of each step by name, in the order of the steps. Raises EvidenceError for a duplicate step."""
    steps: dict[str, EvidenceStep] = {}
    for one in artifacts:
        if one.step in steps:
            raise EvidenceError(f"two artifacts for the step {one.step}; pass only one of them")
        if one.result is not None:
            steps[one.step] = one.result
    return {name: steps[name] for name in STEPS.values() if name in steps}


def evidence_of(said: Mapping[str, Any]) -> Evidence:
    """Return evidence built from its parts. Raises EvidenceError with the name of an invalid part."""
    try:
        return Evidence.model_validate({name: value for name, value in said.items() if value is not None})
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][:2]).replace("_", " ")
        raise EvidenceError(f"invalid value for {where}: {described(first)}") from None


def comment(evidence: Evidence, markers: Markers, artifacts: Sequence[Artifact] = ()) -> str:
    """Return the Markdown of the comment. Raises EvidenceError if parsing it does not give the same evidence."""
    shown = FORM.format(
        heading=HEADING,
        rows="\n".join(f"| {name} | {value} |" for name, value in _rows(evidence, markers, artifacts)),
        schema=EVIDENCE_SCHEMA,
        begin=EVIDENCE_BEGIN,
        payload=inert_json(evidence.content()),
        end=EVIDENCE_END,
    )
    if list(blocks(shown)) != [Block(0, evidence)]:
        raise EvidenceError("the comment cannot be parsed back to the same evidence; use fewer and shorter texts")
    return shown


def against(evidence: Evidence, markers: Markers) -> Iterator[str]:
    """Return the failures that the evidence shows, as plain text without Markdown."""
    for text in markers.forbidden:
        if count := evidence.markers.get(text, 0):
            yield f"the logs contain the forbidden text {text}: {_times(count)}"
    if evidence.kind == "smoke":
        yield from (f"{text} not found in any log" for text in markers.expected if not evidence.markers.get(text))
    for name, step in evidence.steps.items():
        if step.exit_code:
            yield f"step {name} ended with exit code {step.exit_code}"


def _rows(evidence: Evidence, markers: Markers, artifacts: Sequence[Artifact]) -> Iterator[tuple[str, str]]:
    yield "Soak", cell(evidence.soak)
    yield "Kind", evidence.kind
    if evidence.module:
        yield "Module", cell(evidence.module)
    if evidence.run is not None:
        yield "Run", _run(evidence)
    if evidence.commit:
        yield "Commit", cell(evidence.commit)
    for text in (one for one in markers.texts if one in evidence.markers):
        what = "Forbidden text" if text in markers.forbidden else "Expected text"
        yield f"{what} {cell(text)}", _times(evidence.markers.get(text, 0))
    for name, step in evidence.steps.items():
        ended = "no exit code" if step.exit_code is None else f"exit code {step.exit_code}"
        yield name.capitalize(), f"{cell(step.status or 'no status')}, {ended}"
    yield from _facts(evidence)
    for scope in artifacts:
        for name, modules in (("Allowed modules", scope.allowed), ("Blocked modules", scope.blocked)):
            if modules is not None:
                yield name, _listed(modules)


def _facts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    if file := evidence.token_file:
        yield "Token file", f"mode {file.mode}, owner {cell(file.owner)}, {file.size} bytes"
    if evidence.approved_pr is not None:
        yield "Approved pull request", str(evidence.approved_pr)
    if evidence.logs is not None:
        window = f", from {evidence.window_hours:g} hours" if evidence.window_hours is not None else ""
        yield "Logs read", f"{evidence.logs}{window}"
    if evidence.actor:
        yield "Started by", cell(evidence.actor)
    if evidence.observed_at is not None:
        yield "Observed", f"{evidence.observed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _run(evidence: Evidence) -> str:
    run = evidence.run
    if run is None:
        return ""
    name = f"run {run.number}" if run.number else f"run with id {run.id}"
    if run.url:
        name = f"[{name}]({run.url})" if _RUN_URL.fullmatch(run.url) else f"{name}, {cell(run.url)}"
    number = f", id {run.id}" if run.number and run.id else ""
    return f"{name}{number}" + (f", of {cell(run.workflow)}" if run.workflow else "")


def _listed(modules: Sequence[str]) -> str:
    shown = ", ".join(cell(one, 100) for one in modules[:MAX_MODULES])
    more = f" and {len(modules) - MAX_MODULES} more" if len(modules) > MAX_MODULES else ""
    return f"{shown}{more}" if modules else plain("none")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise EvidenceError("not valid JSON in UTF-8; use the complete file from the run's artifacts") from None
    if not isinstance(found, dict):
        raise EvidenceError("expected a JSON object; use the complete file from the run's artifacts")
    return found


def _step(found: Mapping[str, Any]) -> EvidenceStep:
    codes = [found[name] for name in ("exitCode", "exit_code") if name in found]
    status = found.get("status", "")
    if not isinstance(status, str) or any(type(one) is not int for one in codes) or not (status or codes):
        raise EvidenceError(
            "invalid step: `status` must be text, `exitCode` or `exit_code` an integer; one of them is required"
        )
    if len(set(codes)) > 1:
        raise EvidenceError("`exitCode` and `exit_code` have different values; keep only the correct one")
    try:
        return EvidenceStep(status=status, exit_code=codes[0] if codes else None)
    except ValidationError:
        raise EvidenceError("`status` is too long") from None


def _modules(found: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """Return the modules of a scope: a list of texts, or of objects with the key `module` or `name`."""
    entries = next((found[key] for key in (name, f"{name}_modules", f"{name}Modules") if key in found), None)
    if entries is None:
        return None
    if not isinstance(entries, list):
        raise EvidenceError(f"`{name}` is not a list of modules")
    named = [one.get("module", one.get("name")) if isinstance(one, dict) else one for one in entries]
    texts = tuple(one for one in named if isinstance(one, str))
    if len(texts) != len(named):
        raise EvidenceError(f"`{name}` is not a list of modules")
    return texts


def moment(text: str, now: datetime) -> datetime:
    """Return the time in a text, in UTC; `now` for an empty text. Raises EvidenceError for a time without a zone."""
    if not text:
        return now
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise EvidenceError("invalid time; expected a form such as 2026-05-14T09:44:00+02:00") from None
    if found.tzinfo is None:
        raise EvidenceError("time without a zone; expected a form such as 2026-05-14T09:44:00+02:00")
    return found.astimezone(UTC)
