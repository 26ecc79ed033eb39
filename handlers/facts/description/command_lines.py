"""Finds the command lines of a comment: lines of plain text that begin with a slash and a word.

What is code, mathematics, a footnote, quoted, struck out, in a list, a table or a heading, in an HTML comment or inside
an HTML element that does any of this or folds is talk about commands and no command, and so is all that follows an
element which is `hidden`. Markdown decides that, so it is read as Markdown. Where it and a reader could see different
things, the line doesn't count.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from markdown_it.token import Token

from handlers.facts.description.command_markdown import SLASH, parser
from handlers.facts.text_cache import KnownTexts

READ = 16 * 1024
"""Characters of a comment that are read: parsing takes time that grows with the square of a hostile text's length."""
MOST = 50
"""Command lines of one comment that are found."""
KNOWN = 2048
"""Comments of which it is remembered what was found."""

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
"""Elements that are open where no tag can close them all."""
_STRIKE = re.compile(r"(?<!~)~{1,2}(?=[^\s~])")
_STRUCK = re.compile(r"(?<=[^\s~])~{1,2}(?!~)")


class CommandLine(NamedTuple):
    """One command line: its number in the comment, counted from 1, the word without its slash, and what follows it."""

    number: int
    word: str
    rest: str


def find(text: str) -> tuple[CommandLine, ...]:
    """Gives the first command lines of a comment in their order, whether or not there are such commands."""
    return _found(_beginning(text)) if maybe(text) else ()


def maybe(text: str) -> bool:
    """Says at once whether a comment has anything that looks like a command line; `find` may take long to be sure."""
    return _MAYBE.search(text, 0, READ) is not None


def _beginning(text: str) -> str:
    """What is read of a comment: of a long one nothing behind the last empty line, since what begins there may end in
    what isn't read.

    The parser reads line ends and NUL this way, too; other characters that Python takes for line ends are none here.
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
    """Indexes of the lines of top-level paragraphs that begin with a slash as text.

    HTML in lists and quotes ends with them.
    """
    depth = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "html_block" and token.level == 0:
            depth = _depth(depth, token.content)
        if token.type != "inline" or token.map is None or before is None or before.level > 0:
            continue
        first, end = token.map
        raw = "\n".join(lines[first:end])
        # The parser trims off what Python wouldn't; where what is left can't be found, no line is sure.
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
    """The line of a paragraph where a footnote begins, which goes on to the paragraph's end; `end` without one."""
    return next((index for index in range(start, end) if _FOOTNOTE.match(lines[index])), end)


def _struck(children: list[Token]) -> range:
    """The places in a paragraph's shown text from the first sign that could begin to strike out to the last that could
    end it.
    """
    shown = "".join(map(_shown, children))
    first = _STRIKE.search(shown)
    last = max((match.start() for match in _STRUCK.finditer(shown)), default=0)
    return range(first.start() if first else last, last)


def _shown(child: Token) -> str:
    """Text as it is, and one sign for anything else."""
    if child.type == "text":
        return child.content
    return "\n" if child.type in {"softbreak", "hardbreak"} else "x"


def _depth(depth: int, html: str) -> int:
    """How many elements that hide or quote are open after some HTML."""
    seen = _HTML_COMMENT.sub("", html)
    if _HIDDEN.search(seen):
        return depth + _FOR_EVER
    for closing, _ in _TAG.findall(seen):
        depth = max(0, depth - 1) if closing else depth + 1
    return depth


_MARKDOWN = parser()
_found = KnownTexts(_parsed, KNOWN)
