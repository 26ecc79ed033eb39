"""Phrases that somebody writes on a line of its own in a comment, so that something may happen.

They are read as commands are: what stands in code, in a quotation, a list or an HTML comment is talk about them. One
pair of backticks around the line does no harm. A line in the midst of a sentence is none of its own.
"""

import re
from collections.abc import Callable, Sequence

from handlers.facts.description.command_lines import find

_ENDS = re.compile(r"\r\n?")
_WORD = "said"
_ENDING = (".", "!", ":", "`", ">")
"""What the line above may end with: a sentence, or something that is no sentence."""


def wrote(body: str, fits: Callable[[str], bool]) -> bool:
    """Says whether a comment has a line that fits, without blanks and backticks around it."""
    rows = _ENDS.sub("\n", body).split("\n")
    hits = {number for number, row in enumerate(rows, start=1) if fits(_bare(row)) and _apart(rows, number - 1)}
    if not hits:
        return False
    shown = (_as_command(row) if number in hits else row for number, row in enumerate(rows, start=1))
    return any(one.number in hits and one.word == _WORD for one in find("\n".join(shown)))


def _apart(rows: Sequence[str], place: int) -> bool:
    """Says whether a line is no part of a sentence that runs over it: `Don't write`, the phrase, `yet.`"""
    before = rows[place - 1].rstrip() if place else ""
    after = rows[place + 1].strip() if place + 1 < len(rows) else ""
    runs_on = bool(before) and not before.endswith(_ENDING)
    return not after or not (runs_on or after[0].islower())


def _bare(row: str) -> str:
    return row.strip().strip("`").strip()


def _as_command(row: str) -> str:
    """What stands before the text decides whether it is code, so it stays."""
    return f"{row[: len(row) - len(row.lstrip())]}/{_WORD}"
