"""Replaces every secret of a text with a mask."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

_MARK = re.compile(r"\[secret:([A-Za-z0-9_.-]{1,80}):[0-9a-f]{8}\]")
WITHHELD = "[text withheld: it could not be scanned completely for secrets]"


class Span(Protocol):
    """The fields of a hit that masking needs."""

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
        """The position after the last character."""
        ...

    @property
    def fingerprint(self) -> str:
        """The result of Scanner.fingerprint."""
        ...


def mark(rule: str, fingerprint: str) -> str:
    """Return a secret's mask: its rule and the first 8 digits of its fingerprint."""
    return f"[secret:{rule}:{fingerprint.removeprefix('sf_')[:8]}]"


def masked(text: str, hits: Iterable[Span]) -> str:
    """Return the text with every hit replaced by its mask; spans are characters of this text."""
    parts, at = list[str](), 0
    for hit in sorted(hits, key=lambda one: (one.start, -one.end)):
        if hit.start >= at:
            parts += (text[at : hit.start], mark(hit.rule, hit.fingerprint))
        at = max(at, hit.end)
    return "".join((*parts, text[at:]))


def marks(text: str, rules: Collection[str]) -> list[tuple[int, int]]:
    """Return the spans of existing masks; they need a known rule name, or a secret could imitate a mask."""
    if "[secret:" not in text:
        return []
    return [match.span() for match in _MARK.finditer(text) if match[1] in rules]


def uncovered(start: int, end: int, spans: Sequence[tuple[int, int]]) -> int:
    """Return how many characters of a span are outside the given spans, which are sorted and disjoint."""
    at = max(0, bisect_left(spans, (start, 0)) - 1)
    left = end - start
    while at < len(spans) and spans[at][0] < end:
        left -= max(0, min(end, spans[at][1]) - max(start, spans[at][0]))
        at += 1
    return left
