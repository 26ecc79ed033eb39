"""Finds lines that were probably meant as a command, but are none: `/HOLD`, `/hold.`, a no-break space before it.

Only lines that a reader sees as plain text count, as with commands, so code, quotes and lists are not answered. A line
directly below a list or quote is one, since Markdown adds it to the list.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import NamedTuple

from handlers.facts.description.command_lines import READ, find
from handlers.facts.text_cache import KnownTexts

KNOWN = 1024
"""Maximum comments in the cache of results."""
TRIED = 5
"""Maximum lines of one comment that are tried: each one parses the comment again."""

WRITE_SO = "not read as a command: write {usage} at the start of a line, in lower case, followed by a space or nothing"
BELOW = (
    "not read as a command, because Markdown adds the line to the list or quote above: leave an empty line before it"
)

_SLASHES = "/\uff0f\u2044\u2215"
_MARKS = "*_"
_NEAR = re.compile(rf"[{_SLASHES}]\s?([A-Za-z][A-Za-z-]{{0,39}})([.:,;!?\u2026)]*)(?:\s+(.*)|$)")


class NearMiss(NamedTuple):
    """A line that is almost a command: its number, the command's word, and the text after it.

    `below`: it is written as one, but directly below a list or a quote.
    """

    number: int
    word: str
    rest: str
    below: bool

    def told(self, usage: str) -> str:
        """Return what is wrong with the line, and how to write it."""
        return BELOW if self.below else WRITE_SO.format(usage=usage)


def near_misses(text: str, words: Collection[str]) -> tuple[NearMiss, ...]:
    """Give the near misses of some commands in a comment, in order."""
    if not maybe_near(text, words):
        return ()
    return tuple(one for one in _found(text) if one.word in words)


def maybe_near(text: str, words: Collection[str]) -> bool:
    """Say quickly whether a comment may contain a near miss."""
    folded = text[:READ].casefold()
    return any(sign in folded for sign in _SLASHES) and any(word in folded for word in words)


def _parsed(text: str) -> tuple[NearMiss, ...]:
    rows = re.sub(r"\r\n?", "\n", text[:READ]).split("\n")
    exact = {line.number for line in find(text)}
    candidates = [(number, one) for number, row in enumerate(rows, start=1) if (one := _reading(row)) is not None]
    return tuple(_shown(rows, [one for one in candidates if one[0] not in exact][:TRIED]))


def _shown(rows: list[str], candidates: list[tuple[int, tuple[str, str, bool]]]) -> Iterator[NearMiss]:
    """The candidates that would be commands if they were written as such, with an empty line before them."""
    for number, (word, rest, spelled) in candidates:
        written = [*rows[: number - 1], "", f"/{word}", "", *rows[number:]]
        if any(line.number == number + 1 and line.word == word for line in find("\n".join(written))):
            yield NearMiss(number, word, rest, below=spelled)


def _reading(row: str) -> tuple[str, str, bool] | None:
    """The word and the text after it of a line that resembles a command, and whether it is spelled like one."""
    if row.startswith(("    ", "\t")):
        return None
    bare = "".join(sign for sign in row if sign in "\t " or not _blank(sign)).strip().strip(_MARKS).strip()
    match = _NEAR.fullmatch(bare)
    if match is None:
        return None
    word = match[1].casefold().strip("-")
    return word, (match[3] or "").strip(), row.lstrip(" ").startswith(f"/{word} ") or row.strip(" ") == f"/{word}"


def _blank(sign: str) -> bool:
    """Say whether a character is invisible, or a space other than the ordinary ones."""
    return unicodedata.category(sign) in {"Cf", "Zs", "Cc", "Zl", "Zp"}


_found = KnownTexts(_parsed, KNOWN)
