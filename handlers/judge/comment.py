"""Writes the judgment comment: a table, the rationale, a caveat, the machine-readable payload, earlier judgments."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.model import Decision
from bot.text import cell, code, plain
from handlers.judge.payload import BEGIN, END, Payload, written

HEADING = "### Assaymaster judgment"
SHOWN_EARLIER = 8
"""Fewer than are stored, so that the comment does not change when the oldest stored one is dropped."""

FORM = """\
{heading}

| Field | Value |
| --- | --- |
{rows}

**Rationale:** {rationale}

**Caveat:** {caveat}

<details>
<summary>Structured openclaw.judge.v0 payload</summary>

```json
{begin}
{payload}
{end}
```

</details>"""

EARLIER = """

<details>
<summary>Earlier judgments</summary>

| When | Priority | Action | Reason |
| --- | --- | --- | --- |
{rows}

</details>"""

STEPPED_BACK = "{heading}\n\nThe judgment by {judge} in comment {comment} replaces the bot's own judgment."


def body(payload: Payload, earlier: Sequence[Payload], decided: Iterable[Decision] = ()) -> str:
    """Return the Markdown of the comment; `earlier` judgments are oldest first, `decided` are people's decisions."""
    shown = FORM.format(
        heading=HEADING,
        rows="\n".join(f"| {name} | {value} |" for name, value in _fields(payload, decided)),
        rationale=plain(payload.rationale_summary),
        caveat=plain(payload.top_caveat),
        begin=BEGIN,
        payload=written(payload),
        end=END,
    )
    rows = [_row(one) for one in reversed(earlier[-SHOWN_EARLIER:])]
    return shown + (EARLIER.format(rows="\n".join(rows)) if rows else "")


def stepped_back(judge: str, comment: int) -> str:
    """Return the text of the comment while another judge's judgment is in force."""
    return STEPPED_BACK.format(heading=HEADING, judge=code(judge), comment=comment)


def _fields(payload: Payload, decided: Iterable[Decision]) -> list[tuple[str, str]]:
    target, actor = payload.target, payload.judge_actor
    by = {one.command: f", set by {cell(one.by)}" for one in decided}
    priority = payload.priority + by.get("priority", "")
    action = payload.recommended_next_action + by.get("park", "")
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
