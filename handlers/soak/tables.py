"""Tables of a soak's comment: criteria, evidence and its facts, the pull requests it waits for. All text is escaped.

Numbers of runs and pull requests are never written as references, because Forgejo would add a cross-reference there.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.text import cell, plain
from handlers.soak.payload import Row, SoakState, Standing

MET, UNMET = "✅", "⬜"
ICONS: dict[Standing, str] = {
    "verified": "✅",
    "attested": "☑️",
    "claimed": "💬",
    "contradicted": "❌",
    "unverifiable": "❔",
    "pending": "⏳",
}
MAX_LINKS = 6
MAX_FACTS = 20
RUN_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9/._~%-]*/actions/runs/[0-9]{1,18}")
"""The form of a run's address in Forgejo; no other address is linked, to avoid cross-references on issues."""
FACTS = "<details>\n<summary>{title}</summary>\n\n{table}\n\n</details>"


def when(at: datetime) -> str:
    """Return a time for people to read, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def criteria(state: SoakState, *, linked: bool = True) -> str:
    """Return the table of criteria: for each state what it needs, what exists, and the comments with the evidence."""
    rows = [
        (
            MET if one.met else UNMET,
            one.state,
            plain(one.need, 300),
            plain(one.have, 300),
            _comments(one.comments, linked=linked),
        )
        for one in state.criteria
    ]
    return _table(("", "State", "Needs", "Has", "Evidence"), rows)


def evidence(rows: Iterable[Row]) -> str:
    """Return the table of evidence: each piece with whether it counts, and why."""
    cells = [
        (
            comment(row.comment, when(row.at).removesuffix(" UTC")),
            plain(row.kind, 40),
            cell(row.module, 80) if row.module else "",
            run(row),
            cell(row.by, 100) if row.by else "deleted account",
            f"{MET if row.counts else UNMET} {plain(row.why, 400)}",
        )
        for row in rows
    ]
    return _table(("When (UTC)", "Evidence", "Module", "Run", "By", "Counts"), cells)


def left_out(rows: Sequence[Row]) -> str:
    """Return a line with the number of rows that are not listed."""
    counted = sum(row.counts for row in rows)
    entries = "1 more evidence entry" if len(rows) == 1 else f"{len(rows)} more evidence entries"
    return f"*{entries} not listed, {counted} of which count.*"


def facts(row: Row) -> str:
    """Return the facts of a piece of evidence with their standings, folded."""
    cells = [
        (plain(one.name, 80), f"{ICONS[one.standing]} {one.standing}", plain(one.says, 400), plain(one.by, 200))
        for one in row.facts[:MAX_FACTS]
    ]
    tally = Counter(one.standing for one in row.facts)
    standings = ", ".join(f"{tally[name]} {name}" for name in ICONS if tally[name])
    about = f"run {row.run}, " if row.run else ""
    title = f"{MET if row.counts else UNMET} {_word(row.kind)}, {about}comment {row.comment}: {standings}"
    return FACTS.format(title=title, table=_table(("Fact", "Result", "Statement", "By"), cells))


def follow_up(state: SoakState) -> str:
    """Return the table of pull requests that the soak waits for."""
    rows = [
        (
            MET if one.merged_at else UNMET,
            one.role,
            plain(f"#{one.pull}"),
            plain(one.state, 40) + (f" {when(one.merged_at)}" if one.merged_at else ""),
        )
        for one in state.follow_up
    ]
    return _table(("", "Waits for", "Pull request", "State"), rows)


def comment(number: int, words: str) -> str:
    """Return words as a link to a comment of this thread."""
    return f"[{words}](#issuecomment-{number})" if number else words


def run(row: Row) -> str:
    """Return a run's number, linked if Forgejo reported its address."""
    if not row.run:
        return ""
    return f"[{row.run}]({row.url})" if RUN_URL.fullmatch(row.url) else str(row.run)


def _word(text: str) -> str:
    """Return a word that is safe in HTML, where Markdown's escapes do not work."""
    return re.sub(r"[^a-z-]", "", text.lower())[:40] or "evidence"


def _comments(numbers: Sequence[int], *, linked: bool) -> str:
    shown = [comment(number, str(number)) if linked else f"comment {number}" for number in numbers[:MAX_LINKS]]
    rest = len(numbers) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
    return "\n".join(lines)
