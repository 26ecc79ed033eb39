"""Writes a judgment: the answer with the words that it rests on, a table, the machine-readable payload, and earlier
judgments. On an issue it is a comment of its own, on a pull request by default a section of the report.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.model import Decision
from bot.policy import Candidates, JudgePolicy
from bot.text import cell, code, plain
from handlers.judge.names import step_name, work_for
from handlers.judge.payload import BEGIN, END, EvidenceRef, Payload, written

HEADING = "### {judge} judgment"
DEFAULT = JudgePolicy()
SHOWN_EARLIER = 8
"""Fewer than are stored, so that the comment does not change when the oldest stored one is dropped."""

REASONS = 2
"""Places of evidence that are listed below the answer."""
FITS = 8_000
"""Maximum characters of a payload in the report, which has other things to hold."""
MOVED = "{heading}\n\nThe judgment is in the report now."
OMITTED = "The payload is too long for the report. The policy key `judge.comment: own` gives it a comment of its own."
MODEL = "model"

FORM = """\
{heading}

{answer}

| Field | Value |
| --- | --- |
{rows}

**Rationale:** {rationale}

**Caveat:** {caveat}

{payload}"""

PAYLOAD = """\
<details>
<summary>Structured openclaw.judge.v0 payload</summary>

```json
{begin}
{payload}
{end}
```

</details>"""

SECTION = """\
{answer}<details><summary>{fold}</summary>

{rationale}

| Field | Value |
| --- | --- |
{rows}

**Caveat:** {caveat}

{payload}

</details>"""

EARLIER = """

<details>
<summary>Earlier judgments</summary>

| When | Priority | Action | Reason |
| --- | --- | --- | --- |
{rows}

</details>"""

STEPPED_BACK = "{heading}\n\nThe judgment by {judge} in comment {comment} replaces the bot's own judgment."


def body(
    payload: Payload, earlier: Sequence[Payload], decided: Iterable[Decision] = (), policy: JudgePolicy = DEFAULT
) -> str:
    """Return the Markdown of the comment; `earlier` judgments are oldest first, `decided` are people's decisions."""
    taken = tuple(decided)
    shown = FORM.format(
        heading=_heading(payload.judge_actor.name),
        answer=_answer(payload, taken, policy.candidates),
        rows=_rows(payload, taken, policy.candidates),
        rationale=plain(payload.rationale_summary),
        caveat=plain(payload.top_caveat),
        payload=_folded(payload),
    )
    rows = [_row(one) for one in reversed(earlier[-SHOWN_EARLIER:])]
    return shown + (EARLIER.format(rows="\n".join(rows)) if rows else "")


def section(payload: Payload, decided: Iterable[Decision] = (), policy: JudgePolicy = DEFAULT) -> str:
    """Return the Markdown of a judgment within the report of a pull request."""
    taken = tuple(decided)
    step = payload.recommended_next_action
    called = step == "operator_needed"
    return SECTION.format(
        answer=f"{_answer(payload, taken, policy.candidates)}\n\n" if called else "",
        fold="The judgment in full" if called else f"{payload.priority}: {work_for(step, policy.candidates)}",
        rationale=plain(payload.rationale_summary),
        rows=_rows(payload, taken, policy.candidates),
        caveat=plain(payload.top_caveat),
        payload=_folded(payload) if len(written(payload)) <= FITS else OMITTED,
    )


def _heading(judge: str = DEFAULT.name) -> str:
    """The heading with the judge's name, which in an older payload may be anybody's text."""
    return HEADING.format(judge=plain(f"{judge[:1].upper()}{judge[1:]}"))


def moved() -> str:
    """Return the text of an own comment whose judgment is in the report now."""
    return MOVED.format(heading=_heading())


def stepped_back(judge: str, comment: int) -> str:
    """Return the text of the comment while another judge's judgment is in force."""
    return STEPPED_BACK.format(heading=_heading(), judge=code(judge), comment=comment)


def _answer(payload: Payload, decided: Sequence[Decision], names: Candidates) -> str:
    """The answer in one line, and what it rests on in a few."""
    by = {one.command: f" (set by {plain(one.by)})" for one in decided}
    step = work_for(payload.recommended_next_action, names)
    line = f"**{step[:1].upper()}{step[1:]}**{by.get('park', '')} · **{payload.priority}**{by.get('priority', '')}"
    reasons = [f"- {plain(ref.note).strip() or '…'}" for ref in _telling(payload)[:REASONS]]
    return "\n".join([line, "", *reasons]) if reasons else line


def _telling(payload: Payload) -> list[EvidenceRef]:
    """The evidence of the answer: where the operator is needed, only what calls him."""
    refs = [ref for ref in payload.evidence_refs if ref.type != MODEL]
    if payload.escalation is None:
        return refs
    matters = payload.escalation.reason.casefold().rstrip(".").split("; ")
    return [ref for ref in refs if any(matter in ref.note.casefold() for matter in matters)] or refs


def _rows(payload: Payload, decided: Sequence[Decision], names: Candidates) -> str:
    return "\n".join(f"| {name} | {value} |" for name, value in _fields(payload, decided, names))


def _folded(payload: Payload) -> str:
    return PAYLOAD.format(begin=BEGIN, payload=written(payload), end=END)


def _fields(payload: Payload, decided: Iterable[Decision], names: Candidates) -> list[tuple[str, str]]:
    target, actor = payload.target, payload.judge_actor
    by = {one.command: f", set by {cell(one.by)}" for one in decided}
    priority = payload.priority + by.get("priority", "")
    action = step_name(payload.recommended_next_action, names) + by.get("park", "")
    scores = f"reach {payload.reach} / impact {payload.impact} / confidence {payload.confidence}"
    return [
        ("Target", cell(f"{target.repo}#{target.kind}#{target.number}", 400)),
        ("Priority", priority),
        ("Action", action),
        ("Scores", scores),
        ("Operator fit", payload.piotr_fit),
        ("Effort", payload.effort_hint),
        ("Labels", ", ".join(map(cell, payload.labels_to_apply))),
        ("Judge", f"{cell(actor.name)} via {cell(actor.runtime)}"),
    ]


def _row(payload: Payload) -> str:
    cells = [when(payload.judged_at), payload.priority, payload.recommended_next_action, payload.rerun_reason]
    return f"| {' | '.join(cells)} |"


def when(at: datetime) -> str:
    """Return a time for people to read, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
