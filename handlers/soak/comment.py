"""Writes the one comment of a tracking issue: who has to do what next, the way so far, criteria, evidence, payload.

A reader knows by the first two lines whether he is needed. What there is most of, evidence, is listed as far as a
comment should go and counted beyond that; what counts is listed before what doesn't, so that nobody pushes it out.
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
"""Characters of the payload, where there is but one soak."""

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
PHRASE = "if the evidence is enough, comment {where}, on a line of its own: {phrase}"
NOW = "**Now:** {why}{since}."
TIMELINE = "```text\n{lines}\n```"
FOLDED = "<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"
PAYLOAD = f"```json\n{BEGIN}\n{{payload}}\n{END}\n```"
FACTS = "What each piece says, and how sure that is"
NONE = "No soak is tracked here."
COMMAND = re.compile(r"(?:assay evidence |/soak\b).*$")
"""What of the next step is to be typed."""


@dataclass(frozen=True)
class Extent:
    """How much of a soak is shown: so many pieces of evidence, their facts, criteria, the payload."""

    rows: int = MAX_ROWS
    facts: int = MAX_ROWS
    payload: int = FITS
    whole: bool = True


def body(states: Sequence[SoakState]) -> str:
    """Gives the Markdown of the comment, at most 50 KB whatever there is to say."""
    if not states:
        return NONE
    room = MAX_BYTES // len(states)
    return "\n\n".join(_fitted(state, room) for state in states)


def explanation(states: Sequence[SoakState]) -> str:
    """Gives in short where soaks stand, for whoever asks, on their issue or elsewhere: so nothing in it is a link."""
    parts = [f"{_head(state, f'on #{state.issue}')}\n\n{tables.criteria(state, linked=False)}" for state in states]
    return "\n\n".join(parts) or NONE


def fitting(state: SoakState, limit: int = FITS) -> SoakState:
    """Gives the state with so little of its evidence that its payload is no longer than a comment should hold.

    Facts of what doesn't count go first, then all facts, then evidence, the oldest that doesn't count before the rest.
    """
    for rows, facts in ((MAX_ROWS, 2), (MAX_ROWS, 1), (MAX_ROWS, 0), (MAX_ROWS // 2, 0), (MAX_ROWS // 6, 0)):
        kept = tuple(_bare(row, facts) for row in chosen(state.evidence, rows))
        made = state.model_copy(update={"evidence": kept, "alarms": state.alarms[-MAX_ALARMS:]})
        if len(inert_json(made.content())) <= limit:
            return made
    return state.model_copy(update={"evidence": (), "transitions": state.transitions[-1:], "alarms": ()})


def chosen(rows: Sequence[Row], most: int) -> tuple[Row, ...]:
    """Gives at most so many pieces in their order: what counts before what doesn't, the newest before the oldest."""
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
    """The heading and the lines that say who is needed, the alarms before the rest."""
    heading = HEADING.format(icon=ICONS[state.state], name=code(state.soak), state=state.state)
    at = state.next.earliest
    what = _what(state, where)
    step = NEXT.format(who=plain(state.next.who, 300), what=what, when=WHEN.format(at=tables.when(at)) if at else "")
    since = f", since {tables.when(state.since)}" if state.since else ""
    alarms = [f"> ⚠️ {plain(text, 500)}" for text in state.alarms[-MAX_ALARMS:]]
    if earlier := len(state.alarms) - len(alarms):
        alarms.append(f"> ⚠️ {earlier} earlier alarms aren't listed.")
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
    told = [row for row in rows if row.facts]
    facts = [tables.facts(row) for row in chosen(told, extent.facts)]
    if facts:
        summary = FACTS if len(facts) == len(told) else f"{FACTS} ({len(facts)} of {len(told)})"
        yield FOLDED.format(summary=summary, text="\n\n".join(facts))
    if state.follow_up:
        yield tables.follow_up(state)
    if extent.payload:
        text = PAYLOAD.format(payload=inert_json(fitting(state, extent.payload).content()))
        yield FOLDED.format(summary=f"{SCHEMA}, for other machines", text=text)
