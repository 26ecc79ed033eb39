"""Finds approval phrases: text on its own line in a comment.

They are read like commands: text in code, quotes, lists or HTML comments does not count. One pair of backticks around
the line is allowed. A line in the middle of a sentence is not its own line.
"""

import re
from collections.abc import Callable, Sequence

from handlers.facts.description.command_lines import find

_ENDS = re.compile(r"\r\n?")
_WORD = "said"
_ENDING = (".", "!", ":", "`", ">")
"""The allowed endings of the line above: the end of a sentence, or of something that is no sentence."""


def wrote(body: str, fits: Callable[[str], bool]) -> bool:
    """Says whether a comment has its own line that matches, without spaces and backticks around it."""
    rows = _ENDS.sub("\n", body).split("\n")
    hits = {number for number, row in enumerate(rows, start=1) if fits(_bare(row)) and _apart(rows, number - 1)}
    if not hits:
        return False
    shown = (_as_command(row) if number in hits else row for number, row in enumerate(rows, start=1))
    return any(one.number in hits and one.word == _WORD for one in find("\n".join(shown)))


def _apart(rows: Sequence[str], place: int) -> bool:
    """Says whether a line is not part of a sentence across lines, such as: `Don't write`, the phrase, `yet.`"""
    before = rows[place - 1].rstrip() if place else ""
    after = rows[place + 1].strip() if place + 1 < len(rows) else ""
    runs_on = bool(before) and not before.endswith(_ENDING)
    return not after or not (runs_on or after[0].islower())


def _bare(row: str) -> str:
    return row.strip().strip("`").strip()


def _as_command(row: str) -> str:
    """The line as a command. Its indentation decides whether it is code, so it is kept."""
    return f"{row[: len(row) - len(row.lstrip())]}/{_WORD}"
