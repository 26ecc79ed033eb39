"""The words that a signal saw: quoted from the description, with their line."""

import re
from collections.abc import Sequence

from bot.model import Inputs
from bot.text import cut
from handlers.judge.signals.table import Signal
from handlers.language.text import READ
from handlers.language.words import Line, folded

LONGEST = 160
ROWS = 3
"""Rows of a sentence that are quoted."""
SAID = frozenset({"leak", "act", "gate", "who", "urgency", "work", "park", "reach"})
"""Groups of signals that words give. Those of structure and size are about the whole."""
BEGINS = ("-", "*", "+", "#", ">", "|", "```")
"""What a row begins with that is no continuation of the one before."""
_ENDS = re.compile(r"\r\n|\r|\n")


def rows_of(inputs: Inputs) -> tuple[str, ...]:
    """Return the rows of a description as Markdown counts them, as far as it is read."""
    return tuple(_ENDS.split(inputs.body[:READ]))


def row_of(line: Line, rows: Sequence[str]) -> int:
    """Return the row of a line, from 1; 0 if that row does not have the line's first word."""
    first = next((word.text for word in line.words if word.text[0].isalnum()), "")
    there = 0 < line.number <= len(rows) and first in folded(rows[line.number - 1]).replace("'", "")
    return line.number if there else 0


def quoted(signal: Signal, inputs: Inputs, rows: Sequence[str]) -> Signal:
    """Return a signal with the words that it saw: the sentence in the description, or the title."""
    said = _sentence(rows[signal.line - 1 : signal.line - 1 + ROWS]) if signal.line else ""
    if signal.ref.endswith("-title") and signal.group in SAID:
        said = inputs.title
    words = " ".join(said.split()).lstrip("#>-*+ ").removeprefix("[ ] ").removeprefix("[x] ")
    return signal.model_copy(update={"quote": cut(words, LONGEST)})


def noted(signal: Signal) -> str:
    """Return what a signal says, with its name, its words and their line."""
    place = f", line {signal.line}" if signal.line else ""
    words = f': "{signal.quote}"{place}' if signal.quote else ""
    return f"{signal.says} ({signal.name}){words}"


def _sentence(rows: Sequence[str]) -> str:
    """The rows up to an empty one, a new item, or the end of a sentence."""
    found = list(rows[:1])
    for row in rows[1:]:
        if not row.strip() or row.lstrip().startswith(BEGINS) or found[-1].rstrip().endswith((".", "!", "?")):
            break
        found.append(row)
    return " ".join(found)
