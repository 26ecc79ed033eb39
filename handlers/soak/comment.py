"""Writes the comment of a tracking issue: who acts next, the timeline, criteria, evidence, payload.

The first two lines say whether the reader has to act. Evidence is listed up to a limit and counted beyond it; evidence
that counts comes first, so that other entries cannot push it out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.text import code, inert_json, plain
from handlers.soak import tables
from handlers.soak.payload import BEGIN, END, SCHEMA, Row, SoakState
from handlers.soak.timeline import timeline

MAX_BYTES = 50_000
MAX_ROWS = 30
MAX_ALARMS = 8
FITS = 26_000
"""Characters of the payload for an issue with one soak."""

ICONS = {
    "not-started": "⚪",
    "installed": "🔧",
    "soaking": "⏳",
    "threshold-met": "⏳",
    "audited": "🔍",
    "awaiting-operator": "🙋",
    "approved": "🔓",
    "removed": "🧹",
    "closed": "✅",
    "blocked": "⛔",
}
HEADING = "### {icon} Soak {name}: **{state}**"
NEXT = "**Next:** **{who}** — {what}{when}"
WHEN = " (not before {at})"
PHRASE = "review the evidence; to approve, comment {where} with this phrase on a line of its own: {phrase}"
NOW = "**Now:** {why}{since}."
TIMELINE = "```text\n{lines}\n```"
FOLDED = "<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"
PAYLOAD = f"```json\n{BEGIN}\n{{payload}}\n{END}\n```"
FACTS = "Evidence in detail: each fact and its result"
NONE = "No soak is tracked here."
COMMAND = re.compile(r"(?:assay evidence |/soak\b).*$")
"""The part of the next step that is a command."""


@dataclass(frozen=True)
class Extent:
    """How much of a soak is shown: the number of evidence rows, of rows with facts, the payload's size, the tables."""

    rows: int = MAX_ROWS
    facts: int = MAX_ROWS
    payload: int = FITS
    whole: bool = True


def body(states: Sequence[SoakState]) -> str:
    """Return the Markdown of the comment, at most 50 KB."""
    if not states:
        return NONE
    room = MAX_BYTES // len(states)
    return "\n\n".join(_fitted(state, room) for state in states)


def explanation(states: Sequence[SoakState]) -> str:
    """Return the short form for `/soak`. It has no links to comments, because it may appear on any target."""
    parts = [f"{_head(state, f'on #{state.issue}')}\n\n{tables.criteria(state, linked=False)}" for state in states]
    return "\n\n".join(parts) or NONE


def fitting(state: SoakState, limit: int = FITS) -> SoakState:
    """Return the state with its evidence reduced so that the payload fits into the limit.

    Removed first are facts of evidence that does not count, then all facts, then evidence: that which does not count
    before the rest, the oldest first.
    """
    for rows, facts in ((MAX_ROWS, 2), (MAX_ROWS, 1), (MAX_ROWS, 0), (MAX_ROWS // 2, 0), (MAX_ROWS // 6, 0)):
        kept = tuple(_bare(row, facts) for row in chosen(state.evidence, rows))
        made = state.model_copy(update={"evidence": kept, "alarms": state.alarms[-MAX_ALARMS:]})
        if len(inert_json(made.content())) <= limit:
            return made
    return state.model_copy(update={"evidence": (), "transitions": state.transitions[-1:], "alarms": ()})


def chosen(rows: Sequence[Row], most: int) -> tuple[Row, ...]:
    """Return at most `most` rows in their order; rows that count are preferred, then newer rows."""
    ranked = sorted(range(len(rows)), key=lambda place: (rows[place].counts, place), reverse=True)
    return tuple(rows[place] for place in sorted(ranked[:most]))


def _bare(row: Row, facts: int) -> Row:
    return row if facts > 1 or (facts and row.counts) else row.model_copy(update={"facts": ()})


def _fitted(state: SoakState, room: int) -> str:
    share = min(FITS, room // 2)
    extents = [Extent(payload=share), Extent(facts=8, payload=share), Extent(rows=16, facts=4, payload=share)]
    extents += [Extent(rows=6, facts=0, payload=share), Extent(rows=0, facts=0, payload=share)]
    extents += [Extent(rows=0, facts=0, payload=0), Extent(rows=0, facts=0, payload=0, whole=False)]
    written = (_written(state, extent) for extent in extents)
    return next((text for text in written if len(text.encode()) <= room), _head(state, "here"))


def _written(state: SoakState, extent: Extent) -> str:
    return "\n\n".join([_head(state, "here"), *_parts(state, extent)])


def _head(state: SoakState, where: str) -> str:
    """Return the heading, the next step, the alarms and the current state."""
    heading = HEADING.format(icon=ICONS[state.state], name=code(state.soak), state=state.state)
    at = state.next.earliest
    what = _what(state, where)
    step = NEXT.format(who=plain(state.next.who, 300), what=what, when=WHEN.format(at=tables.when(at)) if at else "")
    since = f", since {tables.when(state.since)}" if state.since else ""
    alarms = [f"> ⚠️ {plain(text, 500)}" for text in state.alarms[-MAX_ALARMS:]]
    if earlier := len(state.alarms) - len(alarms):
        alarms.append(f"> ⚠️ Earlier alarms not listed: {earlier}.")
    return "\n\n".join([heading, step, *alarms, NOW.format(why=plain(state.why, 600), since=since)])


def _what(state: SoakState, where: str) -> str:
    gate = state.gate
    if state.state == "awaiting-operator" and gate is not None:
        return PHRASE.format(where=plain(where), phrase=code(gate.phrase))
    command = COMMAND.search(state.next.what)
    words = state.next.what[: command.start()] if command else state.next.what
    return " ".join(filter(None, [plain(words, 600).rstrip(), code(command[0]) if command else ""]))


def _parts(state: SoakState, extent: Extent) -> Iterator[str]:
    if not extent.whole:
        return
    yield TIMELINE.format(lines=timeline(state))
    yield tables.criteria(state)
    rows = chosen(state.evidence, extent.rows)
    if rows:
        yield tables.evidence(rows)
    if len(rows) < len(state.evidence):
        shown = {(row.comment, row.index, row.run) for row in rows}
        left = [row for row in state.evidence if (row.comment, row.index, row.run) not in shown]
        yield tables.left_out(left)
    detailed = [row for row in rows if row.facts]
    facts = [tables.facts(row) for row in chosen(detailed, extent.facts)]
    if facts:
        summary = FACTS if len(facts) == len(detailed) else f"{FACTS} ({len(facts)} of {len(detailed)})"
        yield FOLDED.format(summary=summary, text="\n\n".join(facts))
    if state.follow_up:
        yield tables.follow_up(state)
    if extent.payload:
        text = PAYLOAD.format(payload=inert_json(fitting(state, extent.payload).content()))
        yield FOLDED.format(summary=f"{SCHEMA}, machine-readable report", text=text)
