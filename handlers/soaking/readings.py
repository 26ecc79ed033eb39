"""How a comment speaks of a gate's phrase: so that it counts, nearly so, or only about it."""

from typing import Literal

from handlers.contract_phrases import wrote

Reading = Literal["counts", "misspelt", "aside", "inside", ""]
READ = 20_000


def reading(body: str, phrase: str) -> Reading:
    """Gives how a comment has a phrase: on a line of its own, misspelt there by one letter, in a quotation or in code
    (`aside`), or within other words.
    """
    text = body[:READ]
    if phrase in text and wrote(text, phrase.__eq__):
        return "counts"
    if wrote(text, lambda row: nearly(row, phrase)):
        return "misspelt"
    if phrase.casefold() not in text.casefold():
        return ""
    alone = any(row.strip(" \t>`*-+") == phrase for row in text.splitlines())
    return "aside" if alone else "inside"


def nearly(text: str, phrase: str) -> bool:
    """Says whether a text is the phrase but for its case or one letter: another, one more, one less, or two swapped."""
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
    """How many letters two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
