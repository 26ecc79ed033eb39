"""Splits Markdown into sentences. Quotes, code and comments are left out: they are not statements of the author.

List items, table rows and headings are separate sentences. The lines of a paragraph are joined before it is split,
because a negation may be in the previous line. A line that begins with a label (`Soak: …`), or follows a hard break,
begins a new sentence.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from handlers.facts.description.sections import uncommented

READ = 100_000
LINES = 10_500
"""Maximum number of characters and lines that are read; the time for hostile Markdown grows more than linearly."""
DEEPEST = 20

_ENDS = re.compile(r"\r\n?")
_TAG = re.compile(r"<[^<>]{1,300}>")
_LINK = re.compile(r"(\[[^\[\]]{0,300}\])\([^()\s]{0,600}(?:\s\"[^\"]{0,200}\")?\)")
_CUT = re.compile(r"[.!?][\"'\u201d\u2019)*_]{0,4}\s+")
_KEPT = re.compile(r"\"[^\"]{1,400}\"|\u201c[^\u201d]{1,400}\u201d|`[^`]{1,400}`|\([^()]{1,400}\)")
_SHORT = re.compile(r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|approx|no|nr|np|tj|m\.in|ok)\.\s$", re.IGNORECASE)
_LABEL = re.compile(r"[*_`]{0,3}[A-Z\u2700-\u27bf\U0001f300-\U0001faff][^:.!?]{0,40}:[*_`]{0,3}\s")
_YES = re.compile(r"(?:yes|yep|tak)\b|\u2705", re.IGNORECASE)
_BOX = re.compile(r"\[.\]\s+")


class Row(NamedTuple):
    """A sentence with its line. `under` are the heading above it, and the line before its list."""

    line: int
    text: str
    under: tuple[str, ...] = ()


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Return the sentences of a Markdown text, each with its line, counted from 1."""
    for row in rows(text):
        yield row.line, row.text


def rows(text: str) -> Iterator[Row]:
    """Return the sentences with their headings."""
    shown = _ENDS.sub("\n", text[:READ]).replace("\0", "\ufffd")
    reader = _Reader()
    for token in _markdown().parse("\n".join(shown.split("\n")[:LINES])):
        yield from reader.take(token)


class _Reader:
    """Reads the blocks of a text."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._cells: list[str] = []
        self._headings: list[tuple[int, str]] = []
        self._leads: list[str] = []
        self._lead = ""

    def take(self, token: Token) -> Iterator[Row]:
        """Read one block, and return the sentences in it."""
        line = token.map[0] + 1 if token.map else 1
        if token.nesting > 0:
            self._enter(token)
        elif token.nesting < 0:
            self._open.pop()
            if token.type.endswith("list_close"):
                self._leads.pop()
            if token.type == "tr_close" and "blockquote_open" not in self._open:
                yield Row(self._row, f"| {' | '.join(self._cells)} |", self._under)
        elif "blockquote_open" in self._open or token.type in {"fence", "code_block"}:
            return
        elif token.type == "html_block":
            shown = _TAG.sub(" ", uncommented(token.content))
            for at, row in enumerate(shown.split("\n")):
                yield from [Row(line + at, row.strip(), self._under)] if row.strip() else []
        elif token.type == "inline":
            yield from self._inline(token, line)

    def _enter(self, token: Token) -> None:
        self._open.append(token.type)
        if token.type == "tr_open":
            self._cells, self._row = [], token.map[0] + 1 if token.map else 1
        elif token.type.endswith("list_open"):
            self._leads.append(self._lead)
            self._lead = ""
        elif token.type == "heading_open":
            self._lead = ""

    @property
    def _under(self) -> tuple[str, ...]:
        return (*(text for _, text in self._headings), *(lead for lead in self._leads if lead))

    def _inline(self, token: Token, line: int) -> Iterator[Row]:
        shown = _LINK.sub(r"\1", uncommented(token.content))
        if {"td_open", "th_open"} & set(self._open):
            self._cells.append(" ".join(shown.split()))
        elif self._open[-1:] == ["heading_open"]:
            level = int(token.level) and len(token.markup or "#")
            yield Row(line, f"# {' '.join(shown.split())}", ())
            self._headings = [(level, shown)]
        else:
            found = list(_cut(shown, line))
            self._lead = found[-1][1] if found and found[-1][1].rstrip("*_ ").endswith(":") else ""
            box = _BOX.match(found[0][1]) if found and "list_item_open" in self._open else None
            for at, (number, text) in enumerate(found):
                yield Row(number, f"{box[0]}{text}" if box and at else text, self._under)


def _cut(text: str, line: int) -> Iterator[tuple[int, str]]:
    """Return the sentences of a paragraph, each with the line where it begins."""
    block: list[str] = []
    first = line
    for at, row in enumerate(text.split("\n")):
        if block and (_LABEL.match(row) or block[-1].endswith(("  ", "\\"))):
            yield from _split(block, first)
            block = []
        if not block:
            first = line + at
        block.append(row)
    yield from _split(block, first)


def _split(block: Sequence[str], line: int) -> Iterator[tuple[int, str]]:
    text = "\n".join(row.removesuffix("\\") for row in block)
    kept = [found.span() for found in _KEPT.finditer(text)]
    start, next_kept = 0, 0
    for found in _CUT.finditer(text):
        while next_kept < len(kept) and kept[next_kept][1] <= found.start():
            next_kept += 1
        inside = next_kept < len(kept) and kept[next_kept][0] < found.start()
        inside = inside and (found.end() <= kept[next_kept][1] or text[found.end() : found.end() + 1].islower())
        answered = found[0][0] == "?" and _YES.match(text, found.end())
        if inside or answered or _SHORT.search(text[max(0, found.start() - 8) : found.start() + 1] + " "):
            continue
        yield from _said(text, start, found.end(), line)
        start = found.end()
    yield from _said(text, start, len(text), line)


def _said(text: str, start: int, end: int, line: int) -> Iterator[tuple[int, str]]:
    said = " ".join(text[start:end].split())
    if said:
        blank = len(text[start:end]) - len(text[start:end].lstrip())
        yield line + text.count("\n", 0, start + blank), said


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    """Return a parser for blocks only, without link definitions, which take too long."""
    made = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable("table").disable(["inline", "reference"])
    # The parser compiles its rules at first use; do it here, because a second thread could see a half-built set.
    made.parse("a")
    return made
