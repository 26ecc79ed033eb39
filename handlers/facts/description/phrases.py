"""Finds approval phrases: text on its own line in a comment.

They are read like commands: text in code, quotes, lists or HTML comments does not count. One pair of backticks around
the line is allowed. A line in the middle of a sentence is not its own line.
"""

import re
from collections.abc import Callable, Sequence

from bot.text.shown_lines import STAND_IN, plain_lines
from handlers.facts.description.command_lines import beginning

_ENDING = (".", "!", ":", "`", ">")
"""The allowed endings of the line above: the end of a sentence, or of something that is no sentence."""
_ROW = re.compile(r"(?P<indent>[ \t]*)(?P<tick>`?)(?P<text>[^`]*)(?P=tick)[ \t]*")


def wrote(body: str, fits: Callable[[str], bool]) -> bool:
    """Says whether a comment has its own line that matches, without spaces and backticks around it."""
    rows = beginning(body).split("\n")
    stand_ins = ((place, _stand_in(row, fits)) for place, row in enumerate(rows))
    hits = {place: row for place, row in stand_ins if row and _apart(rows, place)}
    if not hits:
        return False
    source = "\n".join(hits.get(place, row) for place, row in enumerate(rows))
    return any(place in hits for place in plain_lines(source))


def _stand_in(row: str, fits: Callable[[str], bool]) -> str:
    """The line with a word in place of the text, if it matches. Indentation and backticks decide what the line is."""
    found = _ROW.fullmatch(row)
    if found is None or not fits(found["text"].strip()):
        return ""
    return f"{found['indent']}{found['tick']}{STAND_IN}{found['tick']}"


def _apart(rows: Sequence[str], place: int) -> bool:
    """Says whether a line is not part of a sentence across lines, such as: `Don't write`, the phrase, `yet.`"""
    before = rows[place - 1].rstrip() if place else ""
    after = rows[place + 1].strip() if place + 1 < len(rows) else ""
    runs_on = bool(before) and not before.endswith(_ENDING)
    return not after or not (runs_on or after[0].islower())
