"""Putting a mark in place of every secret of a text."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

_MARK = re.compile(r"\[secret:([A-Za-z0-9_.-]{1,80}):[0-9a-f]{8}\]")
WITHHELD = "[text withheld: it could not be searched for secrets as a whole]"


class Span(Protocol):
    """What masking needs to know of a hit."""

    @property
    def rule(self) -> str:
        """The short name of the rule."""
        ...

    @property
    def start(self) -> int:
        """The first character."""
        ...

    @property
    def end(self) -> int:
        """One behind the last character."""
        ...

    @property
    def fingerprint(self) -> str:
        """As Scanner.fingerprint gives it."""
        ...


def mark(rule: str, fingerprint: str) -> str:
    """What stands for a secret: its rule and the first 8 digits of its fingerprint."""
    return f"[secret:{rule}:{fingerprint.removeprefix('sf_')[:8]}]"


def masked(text: str, hits: Iterable[Span]) -> str:
    """The text with every hit replaced by its mark; spans are characters of this text."""
    parts, at = list[str](), 0
    for hit in sorted(hits, key=lambda one: (one.start, -one.end)):
        if hit.start >= at:
            parts += (text[at : hit.start], mark(hit.rule, hit.fingerprint))
        at = max(at, hit.end)
    return "".join((*parts, text[at:]))


def marks(text: str, rules: Collection[str]) -> list[tuple[int, int]]:
    """Where marks already stand; only names of rules make one, or a secret could hide in its place."""
    if "[secret:" not in text:
        return []
    return [match.span() for match in _MARK.finditer(text) if match[1] in rules]


def uncovered(start: int, end: int, spans: Sequence[tuple[int, int]]) -> int:
    """How many characters of a span lie outside of the given ones, which are sorted and apart from each other."""
    at = max(0, bisect_left(spans, (start, 0)) - 1)
    left = end - start
    while at < len(spans) and spans[at][0] < end:
        left -= max(0, min(end, spans[at][1]) - max(start, spans[at][0]))
        at += 1
    return left
