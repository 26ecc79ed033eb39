"""Finds the command lines of a comment: lines of plain text that start with a slash and a word.

A line does not count in code, mathematics, footnotes, quotes, struck-out text, lists, tables, headings, HTML comments,
HTML elements with such an effect, folded sections, or after an element with `hidden`. The comment is parsed as Markdown
to detect these. If the parser and a reader could disagree, the line does not count either.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from markdown_it.token import Token

from handlers.facts.description.command_markdown import SLASH, parser
from handlers.facts.text_cache import KnownTexts

READ = 16 * 1024
"""Maximum characters that are read of a comment: parsing a hostile text takes quadratic time."""
MOST = 50
"""Maximum command lines of one comment."""
KNOWN = 2048
"""Maximum comments in the cache of results."""

_MAYBE = re.compile(r"(?:^|[\r\n]) {0,3}/[a-z]")
_LINE = re.compile(r" {0,3}/([a-z][a-z-]{0,39})(?:\s+(.*))?")
_FOOTNOTE = re.compile(r" {0,3}\[\^[^\]]+\]:")
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(
    r"<(/?)(blockquote|code|del|details|dl|h[1-6]|kbd|ol|pre|q|s|samp|strike|summary|table|template|tt|ul|var)"
    r"(?=[\s/>])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"<[a-z][^<>]*\shidden(?=[\s/=>])", re.IGNORECASE)
_FOR_EVER = READ
"""A depth of open elements that no sequence of closing tags can undo."""
_STRIKE = re.compile(r"(?<!~)~{1,2}(?=[^\s~])")
_STRUCK = re.compile(r"(?<=[^\s~])~{1,2}(?!~)")


class CommandLine(NamedTuple):
    """One command line: its number in the comment, counted from 1, its word without the slash, and the text after."""

    number: int
    word: str
    rest: str


def find(text: str) -> tuple[CommandLine, ...]:
    """Gives the first command lines of a comment in order, whether or not the commands exist."""
    return _found(_beginning(text)) if maybe(text) else ()


def maybe(text: str) -> bool:
    """Says quickly whether a comment may contain a command line; `find` is slower, but exact."""
    return _MAYBE.search(text, 0, READ) is not None


def _beginning(text: str) -> str:
    """The part of a comment that is read. A long one is cut at the last empty line, because a block after it may end in
    the part that is not read.

    Line ends and NUL are normalised as in the parser. Other characters that Python treats as line ends are not.
    """
    source = re.sub(r"\r\n?", "\n", text[:READ]).replace("\0", "\ufffd")
    if len(text) <= READ:
        return source
    lines = source.split("\n")[:-1]
    while lines and lines[-1].strip(" \t"):
        lines.pop()
    return "\n".join(lines)


def _parsed(source: str) -> tuple[CommandLine, ...]:
    lines = source.split("\n")
    indexes = (index for index in _plain_slashes(_MARKDOWN.parse(source), lines) if index < len(lines))
    matches = ((index, _LINE.fullmatch(lines[index])) for index in indexes)
    found = (CommandLine(index + 1, match[1], (match[2] or "").strip()) for index, match in matches if match)
    return tuple(islice(found, MOST))


def _plain_slashes(tokens: list[Token], lines: list[str]) -> Iterator[int]:
    """The indexes of lines in top-level paragraphs that start with a slash as plain text.

    HTML elements opened in lists and quotes are ignored, because they end there.
    """
    depth = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "html_block" and token.level == 0:
            depth = _depth(depth, token.content)
        if token.type != "inline" or token.map is None or before is None or before.level > 0:
            continue
        first, end = token.map
        raw = "\n".join(lines[first:end])
        # The parser trims more than Python does. If the rest cannot be located, no line counts.
        begins = raw.find(token.content)
        plain = before.type == "paragraph_open" and begins >= 0
        line, notes = first + raw.count("\n", 0, max(begins, 0)), _footnote(lines, first, end)
        struck, flat, read = _struck(token.children or []), 0, 0
        for child in token.children or ():
            if child.type == "html_inline":
                depth = _depth(depth, child.content)
            elif child.type == SLASH:
                line, read = line + token.content.count("\n", read, child.meta["at"]), child.meta["at"]
                if plain and depth == 0 and line < notes and flat not in struck:
                    yield line
            flat += len(_shown(child))


def _footnote(lines: list[str], start: int, end: int) -> int:
    """The line where a footnote starts in a paragraph, which continues to its end; `end` if there is none."""
    return next((index for index in range(start, end) if _FOOTNOTE.match(lines[index])), end)


def _struck(children: list[Token]) -> range:
    """The positions in a paragraph's visible text that may be struck out: from the first possible start to the last
    possible end.
    """
    shown = "".join(map(_shown, children))
    first = _STRIKE.search(shown)
    last = max((match.start() for match in _STRUCK.finditer(shown)), default=0)
    return range(first.start() if first else last, last)


def _shown(child: Token) -> str:
    """The visible text of a token: text unchanged, and one character for anything else."""
    if child.type == "text":
        return child.content
    return "\n" if child.type in {"softbreak", "hardbreak"} else "x"


def _depth(depth: int, html: str) -> int:
    """The number of open elements that hide or quote, after some HTML."""
    seen = _HTML_COMMENT.sub("", html)
    if _HIDDEN.search(seen):
        return depth + _FOR_EVER
    for closing, _ in _TAG.findall(seen):
        depth = max(0, depth - 1) if closing else depth + 1
    return depth


_MARKDOWN = parser()
_found = KnownTexts(_parsed, KNOWN)
