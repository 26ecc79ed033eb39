"""Phrases that somebody writes on a line of its own in a comment, so that something may happen.

They are read as commands are: what stands in code, in a quotation, a list or an HTML comment is talk about them. One
pair of backticks around the line does no harm.
"""

import re
from collections.abc import Callable

from handlers.command_lines import find

_ENDS = re.compile(r"\r\n?")
_WORD = "said"


def wrote(body: str, fits: Callable[[str], bool]) -> bool:
    """Says whether a comment has a line that fits, without blanks and backticks around it."""
    rows = _ENDS.sub("\n", body).split("\n")
    hits = {number for number, row in enumerate(rows, start=1) if fits(_bare(row))}
    if not hits:
        return False
    shown = (_as_command(row) if number in hits else row for number, row in enumerate(rows, start=1))
    return any(one.number in hits and one.word == _WORD for one in find("\n".join(shown)))


def _bare(row: str) -> str:
    return row.strip().strip("`").strip()


def _as_command(row: str) -> str:
    """What stands before the text decides whether it is code, so it stays."""
    return f"{row[: len(row) - len(row.lstrip())]}/{_WORD}"
