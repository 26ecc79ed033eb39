"""Finds the command lines of a comment: lines of plain text that begin with a slash and a word.

What is code, quoted, in a list, a table or a heading, in an HTML comment or inside an HTML element that shows code,
folds or strikes out is talk about commands and no command. Markdown decides that, so it is read as Markdown. Where it
and a reader could see different things, the line doesn't count.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_inline.state_inline import StateInline
from markdown_it.token import Token

_MAYBE = re.compile(r"(?:^|[\r\n]) {0,3}/[a-z]")
_LINE = re.compile(r" {0,3}/([a-z][a-z-]{0,39})(?:\s+(.*))?")
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<(/?)(blockquote|code|del|details|kbd|pre|q|s|samp|strike|template)(?=[\s/>])", re.IGNORECASE)
_SLASH = "leading_slash"


class CommandLine(NamedTuple):
    """One command line: its number in the comment, counted from 1, the word without its slash, and what follows it."""

    number: int
    word: str
    rest: str


def find(text: str) -> tuple[CommandLine, ...]:
    """Gives the command lines of a comment in their order, whether or not there are such commands."""
    if _MAYBE.search(text) is None:
        return ()
    # The parser reads line ends and NUL this way, too; other characters that Python takes for line ends are none here.
    source = re.sub(r"\r\n?", "\n", text).replace("\0", "\ufffd")
    lines = source.split("\n")
    found = []
    for index in _plain_slashes(_MARKDOWN.parse(source), lines):
        match = _LINE.fullmatch(lines[index])
        if match is not None:
            found.append(CommandLine(index + 1, match[1], (match[2] or "").strip()))
    return tuple(found)


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
        line, read = token.map[0] + _blank_beginning(lines[token.map[0] : token.map[1]]), 0
        for child in token.children or ():
            if child.type == "html_inline":
                depth = _depth(depth, child.content)
            elif child.type == _SLASH:
                line, read = line + token.content.count("\n", read, child.meta["at"]), child.meta["at"]
                if depth == 0 and before.type == "paragraph_open":
                    yield line


def _blank_beginning(lines: list[str]) -> int:
    """The parser strips a paragraph by Python's idea of blanks, which is wider than Markdown's."""
    return next((index for index, line in enumerate(lines) if line.strip()), 0)


def _depth(depth: int, html: str) -> int:
    """How many elements that hide or quote are open after some HTML."""
    for closing, _ in _TAG.findall(_HTML_COMMENT.sub("", html)):
        depth = max(0, depth - 1) if closing else depth + 1
    return depth


def _slash(state: StateInline, silent: bool) -> bool:
    """Makes a token of a slash at a line's start, outside of links; the parser comes here where text is text alone."""
    at = state.pos
    if state.src[at] != "/" or state.linkLevel:
        return False
    if at and not state.src[max(0, at - 4) : at].rstrip(" ").endswith("\n"):
        return False
    if not silent:
        state.push(_SLASH, "", 0).meta = {"at": at}
    state.pos += 1
    return True


def _markdown() -> MarkdownIt:
    """The parser: CommonMark with tables, as Forgejo reads comments; what stays inside one line is left unread."""
    parser = MarkdownIt("commonmark").enable("table").disable(["emphasis", "entity"])
    parser.inline.ruler.before("text", _SLASH, _slash)
    return parser


_MARKDOWN = _markdown()
