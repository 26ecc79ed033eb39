"""Splits a description into plain text, inline code and code blocks, without interpreting them.

The library parses Markdown blocks; inline code is found here, since the library needs quadratic time for nested links,
which hostile text may contain in large numbers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from markdown_it import MarkdownIt

READ = 60_000
"""Maximum characters that are read: the worst text of this length takes half a second."""

DEEPEST = 30
_TICKS = re.compile(r"(?<!\\)`+")


@dataclass(frozen=True)
class Span:
    """A part of a description: `plain`, `code` within a line, or a `block` of code."""

    text: str
    form: Literal["plain", "code", "block"]


def spans(body: str) -> Iterator[Span]:
    """Return the pieces of a description up to the limit, without HTML comments."""
    for token in _blocks().parse(body[:READ].replace("\0", " ")):
        if token.type in {"fence", "code_block"}:
            yield Span(token.content, "block")
        elif token.type == "inline":
            yield from _inline(token.content)
        elif token.type == "html_block":
            yield Span(_without_comments(token.content), "plain")


@lru_cache(maxsize=1)
def _blocks() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable("table").disable("inline")


def _inline(content: str) -> Iterator[Span]:
    """Split a line: code begins with a run of backticks and ends with the next run of the same length."""
    runs = list(_TICKS.finditer(content))
    ends: list[int | None] = []
    nearest: dict[int, int] = {}
    for place in reversed(range(len(runs))):
        length = len(runs[place][0])
        ends.append(nearest.get(length))
        nearest[length] = place
    ends.reverse()
    at = begin = 0
    while at < len(runs):
        end = ends[at]
        if end is None:
            at += 1
            continue
        yield Span(_without_comments(content[begin : runs[at].start()]), "plain")
        yield Span(content[runs[at].end() : runs[end].start()], "code")
        begin, at = runs[end].end(), end + 1
    yield Span(_without_comments(content[begin:]), "plain")


def _without_comments(text: str) -> str:
    """Remove HTML comments; an unclosed one extends to the end."""
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("-->", start)
        if end < 0:
            return " ".join(kept)
        at = end + 3
    return " ".join((*kept, text[at:]))
