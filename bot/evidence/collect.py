"""From what was read of a run to evidence of a soak, and to the comment that carries it. Reads nothing itself.

The comment is a table for people and the payload for the bot, folded. All of its texts come from files and options of a
CI job, so they are escaped. It is made only if it reads back as exactly the evidence that went in.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from bot.model import EVIDENCE_BEGIN, EVIDENCE_END, EVIDENCE_SCHEMA, Block, Evidence, EvidenceStep, blocks
from bot.text import code, inert_json, plain

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
    """Invalid input for evidence; the text says why and quotes nothing of a file."""


@dataclass(frozen=True)
class Artifact:
    """A JSON artifact of a run. A scope has no step; `approved_pr` only an apply has."""

    module: str = ""
    step: str = ""
    result: EvidenceStep | None = None
    approved_pr: int | None = None
    allowed: tuple[str, ...] | None = None
    blocked: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Markers:
    """The texts that are counted: those that a run has to show, those it may not, and how often each was found."""

    expected: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    counts: Mapping[str, int] | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """Gives all of them, each once."""
        return tuple(dict.fromkeys((*self.expected, *self.forbidden)))

    def counted(self, logs: Collection[Mapping[str, int]]) -> "Markers":
        """Gives the sums over all logs, and none where no log was read: that shows nothing of any text."""
        if not logs:
            return Markers(self.expected, self.forbidden)
        sums = {text: sum(log.get(text, 0) for log in logs) for text in self.texts}
        return Markers(self.expected, self.forbidden, sums)


def artifact_of(name: str, data: bytes) -> Artifact:
    """Gives what an artifact says; its file's name says what it is. Raises EvidenceError."""
    ending = next((ending for ending in STEPS if name.endswith(ending) and name != ending), "")
    if name != SCOPE and not ending:
        known = ", ".join(f"<module>{one}" for one in STEPS)
        raise EvidenceError(f"unknown artifact name; expected {known} or {SCOPE}")
    found = _object(data)
    if name == SCOPE:
        return Artifact(allowed=_modules(found, "allowed"), blocked=_modules(found, "blocked"))
    approved = found.get("approved_pr") if STEPS[ending] == "apply" else None
    if approved is not None and (type(approved) is not int or approved < 1):
        raise EvidenceError("`approved_pr` is not the number of a pull request")
    return Artifact(name.removesuffix(ending), STEPS[ending], _step(found), approved)


def module_of(artifacts: Sequence[Artifact], given: str) -> str:
    """Gives the module that all of it is about. Raises EvidenceError where artifacts are of several."""
    names = sorted({one.module for one in artifacts if one.module} | ({given} if given else set()))
    if len(names) > 1:
        raise EvidenceError(f"several modules ({', '.join(names)}); collect evidence of one module at a time")
    return names[0] if names else ""


def steps_of(artifacts: Sequence[Artifact]) -> dict[str, EvidenceStep]:
    """Gives each step's result by its name, as they follow each other. Raises EvidenceError for one given twice."""
    steps: dict[str, EvidenceStep] = {}
    for one in artifacts:
        if one.step in steps:
            raise EvidenceError(f"two artifacts of the step {one.step}; remove one of them")
        if one.result is not None:
            steps[one.step] = one.result
    return {name: steps[name] for name in STEPS.values() if name in steps}


def evidence_of(said: Mapping[str, Any]) -> Evidence:
    """Gives evidence from its parts. Raises EvidenceError that names the part."""
    try:
        return Evidence.model_validate({name: value for name, value in said.items() if value is not None})
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"][:2]).replace("_", " ")
        raise EvidenceError(f"{where}: invalid value for evidence ({first['type'].replace('_', ' ')})") from None


def comment(evidence: Evidence, markers: Markers, artifacts: Sequence[Artifact] = ()) -> str:
    """Gives the Markdown of the comment. Raises EvidenceError if it wouldn't read back as the evidence."""
    shown = FORM.format(
        heading=HEADING,
        rows="\n".join(f"| {name} | {value} |" for name, value in _rows(evidence, markers, artifacts)),
        schema=EVIDENCE_SCHEMA,
        begin=EVIDENCE_BEGIN,
        payload=inert_json(evidence.content()),
        end=EVIDENCE_END,
    )
    if list(blocks(shown)) != [Block(0, evidence)]:
        raise EvidenceError("the evidence is too large for a comment; use fewer or shorter texts")
    return shown


def against(evidence: Evidence, markers: Markers) -> Iterator[str]:
    """Yield the failures that the evidence shows, as plain text."""
    for text in markers.forbidden:
        if count := evidence.markers.get(text, 0):
            yield f"the logs contain the forbidden text {text}: {_times(count)}"
    if evidence.kind == "smoke":
        yield from (
            f"no log contains the expected text {text}" for text in markers.expected if not evidence.markers.get(text)
        )
    for name, step in evidence.steps.items():
        if step.exit_code:
            yield f"{name} ended with exit code {step.exit_code}"


def _rows(evidence: Evidence, markers: Markers, artifacts: Sequence[Artifact]) -> Iterator[tuple[str, str]]:
    yield "Soak", code(evidence.soak)
    yield "Kind", evidence.kind
    if evidence.module:
        yield "Module", code(evidence.module)
    if evidence.run is not None:
        yield "Run", _run(evidence)
    if evidence.commit:
        yield "Commit", code(evidence.commit)
    for text in (one for one in markers.texts if one in evidence.markers):
        what = "Forbidden text" if text in markers.forbidden else "Expected text"
        yield f"{what} {code(text)}", _times(evidence.markers.get(text, 0))
    for name, step in evidence.steps.items():
        ended = "no exit code" if step.exit_code is None else f"exit code {step.exit_code}"
        yield name.capitalize(), f"{code(step.status or 'no status')}, {ended}"
    yield from _facts(evidence)
    for scope in artifacts:
        for name, modules in (("Allowed modules", scope.allowed), ("Blocked modules", scope.blocked)):
            if modules is not None:
                yield name, _listed(modules)


def _facts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    if file := evidence.token_file:
        yield "Token file", f"mode {file.mode}, owner {code(file.owner)}, {file.size} bytes"
    if evidence.approved_pr is not None:
        yield "Approved pull request", str(evidence.approved_pr)
    if evidence.logs is not None:
        window = f", from {evidence.window_hours:g} hours" if evidence.window_hours is not None else ""
        yield "Logs read", f"{evidence.logs}{window}"
    if evidence.actor:
        yield "Started by", code(evidence.actor)
    if evidence.observed_at is not None:
        yield "Observed", f"{evidence.observed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _run(evidence: Evidence) -> str:
    run = evidence.run
    if run is None:
        return ""
    name = f"run {run.number}" if run.number else f"run with id {run.id}"
    if run.url:
        name = f"[{name}]({run.url})" if _RUN_URL.fullmatch(run.url) else f"{name}, {code(run.url)}"
    number = f", id {run.id}" if run.number and run.id else ""
    return f"{name}{number}" + (f", of {code(run.workflow)}" if run.workflow else "")


def _listed(modules: Sequence[str]) -> str:
    shown = ", ".join(code(one, 100) for one in modules[:MAX_MODULES])
    more = f" and {len(modules) - MAX_MODULES} more" if len(modules) > MAX_MODULES else ""
    return f"{shown}{more}" if modules else plain("none")


def _times(count: int) -> str:
    return {0: "not once", 1: "once"}.get(count, f"{count} times")


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise EvidenceError("not JSON in UTF-8; use the unmodified artifact of the run") from None
    if not isinstance(found, dict):
        raise EvidenceError("not a JSON object; use the unmodified artifact of the run")
    return found


def _step(found: Mapping[str, Any]) -> EvidenceStep:
    codes = [found[name] for name in ("exitCode", "exit_code") if name in found]
    status = found.get("status", "")
    if not isinstance(status, str) or any(type(one) is not int for one in codes) or not (status or codes):
        raise EvidenceError("`status` must be a text, and `exitCode` or `exit_code` an integer")
    if len(set(codes)) > 1:
        raise EvidenceError("`exitCode` and `exit_code` differ; remove one of them")
    try:
        return EvidenceStep(status=status, exit_code=codes[0] if codes else None)
    except ValidationError:
        raise EvidenceError("`status` is too long") from None


def _modules(found: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """The modules of a scope: texts, or objects that name theirs."""
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
    """Gives the time that a text names, in UTC, or now for none. Raises EvidenceError for one without its zone."""
    if not text:
        return now
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise EvidenceError("invalid time; use a format such as 2026-05-14T09:44:00+02:00") from None
    if found.tzinfo is None:
        raise EvidenceError("the time has no time zone; use a format such as 2026-05-14T09:44:00+02:00")
    return found.astimezone(UTC)
