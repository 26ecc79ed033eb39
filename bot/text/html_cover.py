"""Tracks the raw HTML of a comment: which elements are open that hide the text behind them or change how it is shown.

Forgejo builds a tree of a comment's HTML and removes from it what its sanitizer doesn't know: some tags alone, some
with their content. Elements end by the rules of HTML. Where it isn't certain what is open, the text counts as covered
up to its end.
"""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.text.html_elements import (
    BLOCKS,
    CLOSES_ANYWHERE,
    END_IMPLIED,
    ENDS_WITH_BLOCK,
    FOR_EVER,
    HIDING,
    IN_LINES,
    NEUTRAL,
    RAW,
    TRACKED,
)

_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.DOTALL)
_BOGUS = re.compile(r"<(?:[!?]|/[^a-zA-Z])[^>]*>")
"""What HTML reads as a comment: declarations, processing instructions, and CDATA up to the first `>`."""
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][^\s/<>]*)"
    r"(?P<attributes>(?:\s+[a-zA-Z_:][\w:.-]*(?:\s*=\s*(?:[^\s\"'=<>`]+|'[^']*'|\"[^\"]*\"))?)*)\s*/?>"
)
_BEGINS = re.compile(r"<[a-zA-Z/!?]")
_LATER_BLOCK = re.compile(r"\n[ \t>]*(?:<[a-zA-Z/!?]|(?:[-+*]|\d{1,9}[.)])[ \t]*(?:\n|\Z))")
_AUTOLINK = re.compile(r"<[a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^\s<>]*>")
_HIDDEN = re.compile(r"\shidden(?=[\s=]|\Z)", re.IGNORECASE)
_STYLED = re.compile(r"\sstyle\s*=[^=]*(?:color|\\)", re.IGNORECASE)
_MARKS = re.compile(r"`+|<|\\[!-/:-@\[-`{-~]")


_DEEPEST = 50
"""Maximum number of open elements that are tracked."""


class Tag(NamedTuple):
    """A start or end tag: its name in lower case."""

    name: str
    end: bool
    attributes: str


class Cover:
    """The elements that are open at a place of a text; feed it the raw HTML in order."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._opened_in: list[int] = []
        self._place = 0
        self._bases = [0]
        self._lost = False

    @property
    def plain(self) -> bool:
        """Whether text is shown as plain text here."""
        return not (self._lost or self._open)

    @property
    def content(self) -> bool:
        """Whether text is shown here as content, in whatever form: folded text is, struck-out and quoted text isn't."""
        return not (self._lost or HIDING.intersection(self._open) or "blockquote" in self._open)

    @property
    def heads(self) -> bool:
        """Whether a heading is shown as one of the text here: not in a fold, a quote, a list or the like."""
        return not self._lost and NEUTRAL.issuperset(self._open)

    def enter(self) -> None:
        """Enters a block that holds others, such as a quote or a list item."""
        self._bases.append(len(self._open))

    def leave(self) -> None:
        """Leaves the block entered last; its end closes most elements that are open in it."""
        base = self._bases.pop()
        self._lost = self._lost or not ENDS_WITH_BLOCK.issuperset(self._open[base:])
        del self._open[base:], self._opened_in[base:]
        self._place += 1

    def begin(self) -> None:
        """Begins a block of text or HTML."""
        self._place += 1

    def see(self, source: str) -> None:
        """Reads raw HTML: a block of it, or one tag in a line."""
        for tag in _tags(source):
            self._take(tag)

    def see_text(self, source: str) -> str:
        """Reads the text of a block, with tags and code; gives its content. Other lines are left empty."""
        self._place += 1
        parts, at = [], 0
        for found in _tags_of_text(source):
            end = found.end() if found["end"] else found.start()
            parts.append((self.content, source[at:end]))
            self._take(_tag(found))
            at = end
        parts.append((self.content, source[at:]))
        return "".join(part if shown else "\n" * part.count("\n") for shown, part in parts)

    def see_source(self, source: str) -> None:
        """Reads the Markdown of a block whose parts aren't known. The text is lost if a tag in it may cover anything,
        or if a line of it may begin a block of HTML.
        """
        tags = _tags(_AUTOLINK.sub("", source))
        covers = any(tag is None or tag.name in TRACKED | FOR_EVER or _hides(tag) for tag in tags)
        self._lost = self._lost or covers or may_begin_block(source)

    def lose(self) -> None:
        """Takes all that follows as covered."""
        self._lost = True

    def _take(self, tag: Tag | None) -> None:
        if tag is None:
            self._lost = True
        elif self._open and self._open[-1] in RAW:
            if tag.end and tag.name == self._open[-1]:
                self._close(tag.name)
        elif tag.end:
            self._close(tag.name)
        else:
            self._begin(tag)

    def _begin(self, tag: Tag) -> None:
        if tag.name in FOR_EVER or _hides(tag) or len(self._open) > _DEEPEST:
            self._lost = True
        elif tag.name in TRACKED:
            self._open.append(tag.name)
            self._opened_in.append(self._place)
        self._place += tag.name in BLOCKS

    def _close(self, name: str) -> None:
        """Closes an element. An end tag across other elements or blocks of Markdown leaves nothing certain."""
        base = self._bases[-1]
        if name not in TRACKED | FOR_EVER:
            return
        if name not in self._open[base:]:
            crosses = len(self._bases) > 1 or name in self._open
            self._lost = self._lost or crosses or name in FOR_EVER | RAW | {"pre"}
            return
        while (last := self._open.pop()) != name:
            self._lost = self._lost or last not in END_IMPLIED
        self._lost = self._lost or (name not in CLOSES_ANYWHERE and self._opened_in[len(self._open)] != self._place)
        del self._opened_in[len(self._open) :]


def may_begin_block(source: str) -> bool:
    """Says whether a line of a block, below its first, may begin a block of HTML or a list of its own."""
    return _LATER_BLOCK.search(_AUTOLINK.sub("", source)) is not None


def ends_paragraph(source: str) -> bool:
    """Says whether raw HTML in a paragraph may end the paragraph: what follows is then shown outside of it."""
    return any(tag is None or tag.name not in IN_LINES for tag in _tags(source))


def _hides(tag: Tag) -> bool:
    written = html.unescape(tag.attributes)
    return _HIDDEN.search(written) is not None or _STYLED.search(written) is not None


def _tags(source: str) -> Iterator[Tag | None]:
    """Gives the tags of raw HTML; None where something begins that doesn't end in it."""
    at, last = 0, _last_ends(source)
    while begins := _BEGINS.search(source, at):
        at = begins.start()
        found = _markup(source, at, last)
        if found is None:
            yield None
            return
        yield from [_tag(found)] if found.re is _TAG else []
        at = found.end()


def _tags_of_text(source: str) -> Iterator[re.Match[str]]:
    """Gives the tags of a block's text outside code; what doesn't end in it is text."""
    runs = [(mark.start(), len(mark[0])) for mark in re.finditer(r"`+", source)]
    starts: dict[int, list[int]] = {}
    for start, length in reversed(runs):
        starts.setdefault(length, []).append(start)
    at, last = 0, _last_ends(source)
    while mark := _MARKS.search(source, at):
        at = mark.end()
        if mark[0][0] == "`":
            ends = starts.get(len(mark[0]), [])
            while ends and ends[-1] < at:
                ends.pop()
            at = ends[-1] + len(mark[0]) if ends else at
        elif mark[0] == "<" and (found := _markup(source, mark.start(), last)):
            yield from [found] if found.re is _TAG else []
            at = found.end()


def _last_ends(source: str) -> tuple[int, int]:
    """Where the last tag and the last comment may end: no search begins behind that."""
    return source.rfind(">"), max(source.rfind("-->"), source.rfind("--!>"))


def _markup(source: str, at: int, last: tuple[int, int]) -> re.Match[str] | None:
    if source.startswith("<!--", at):
        return _COMMENT.match(source, at) if at < last[1] else None
    return _TAG.match(source, at) or _BOGUS.match(source, at) if at < last[0] else None


def _tag(found: re.Match[str]) -> Tag:
    return Tag(found["name"].lower(), bool(found["end"]), found["attributes"])
