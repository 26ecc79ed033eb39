"""Classifies how a comment contains a gate's phrase: valid, misspelt, or only mentioned."""

import re
from typing import Literal

from handlers.facts.description.phrases import wrote

Reading = Literal["counts", "misspelt", "aside", "inside", ""]
READ = 20_000
LONGEST = 120
"""Maximum length of a line that may be a phrase; phrases of a policy are shorter."""
_ENDS = re.compile(r"\r\n?")


class Spoken:
    """A comment prepared for comparison with many phrases: its lines without outer spaces and backticks, by length."""

    def __init__(self, body: str) -> None:
        self.text = body[:READ]
        self._folded = self.text.casefold()
        self._rows: dict[int, set[str]] = {}
        for row in _ENDS.sub("\n", self.text).split("\n"):
            bare = row.strip().strip("`").strip()
            if len(bare) <= LONGEST:
                self._rows.setdefault(len(bare), set()).add(bare)

    def reading(self, phrase: str) -> Reading:
        """Return how the comment contains a phrase: on a line of its own (`counts`), there with a typo (`misspelt`), in
        a quotation, code or list (`aside`), or within other text (`inside`).
        """
        near = (row for size in (-1, 0, 1) for row in self._rows.get(len(phrase) + size, ()))
        rows = {row for row in near if row == phrase or nearly(row, phrase)}
        if phrase in rows and wrote(self.text, phrase.__eq__):
            return "counts"
        if rows - {phrase} and wrote(self.text, (rows - {phrase}).__contains__):
            return "misspelt"
        if phrase.casefold() not in self._folded:
            return ""
        alone = any(row.strip(" \t>`*-+") == phrase for row in self.text.splitlines())
        return "aside" if alone else "inside"


def nearly(text: str, phrase: str) -> bool:
    """Return whether a text differs from the phrase only in case or by one typo: a letter changed, added, missing, or
    two letters swapped.
    """
    if text == phrase or abs(len(text) - len(phrase)) > 1:
        return False
    if text.casefold() == phrase.casefold():
        return True
    start = _common(text, phrase)
    end = min(_common(text[::-1], phrase[::-1]), min(len(text), len(phrase)) - start)
    mine, theirs = text[start : len(text) - end], phrase[start : len(phrase) - end]
    swapped = len(mine) == len(theirs) == 2 and mine == theirs[::-1]  # noqa: PLR2004 - two letters
    return swapped or max(len(mine), len(theirs)) <= 1


def _common(one: str, other: str) -> int:
    """Return the length of the common beginning of two texts."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
