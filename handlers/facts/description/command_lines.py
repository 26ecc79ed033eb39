"""Finds the command lines of a comment: lines of plain text that start with a slash and a word.

What counts as plain text says `bot.text.shown_lines`.
"""

import re
from itertools import islice
from typing import NamedTuple

from bot.text.shown_lines import plain_lines
from handlers.facts.text_cache import KnownTexts

READ = 16 * 1024
"""Maximum characters that are read of a comment: parsing a hostile text takes quadratic time."""
MOST = 50
"""Maximum command lines of one comment."""
KNOWN = 2048
"""Maximum comments in the cache of results."""

_MAYBE = re.compile(r"(?:^|[\r\n]) {0,3}/[a-z]")
_LINE = re.compile(r" {0,3}/([a-z][a-z-]{0,39})(?:\s+(.*))?")


class CommandLine(NamedTuple):
    """One command line: its number in the comment, counted from 1, its word without the slash, and the text after."""

    number: int
    word: str
    rest: str


def find(text: str) -> tuple[CommandLine, ...]:
    """Gives the first command lines of a comment in order, whether or not the commands exist."""
    return _found(beginning(text)) if maybe(text) else ()


def maybe(text: str) -> bool:
    """Says quickly whether a comment may contain a command line; `find` is slower, but exact."""
    return _MAYBE.search(text, 0, READ) is not None


def beginning(text: str) -> str:
    """Gives the part of a comment that is read. A long one is cut at the last empty line, because a block after it may
    end in the part that is not read. If that block is a definition, it takes the paragraph before it as its terms.

    Line ends and NUL are normalised as in the parser. Other characters that Python treats as line ends are not.
    """
    source = re.sub(r"\r\n?", "\n", text[:READ]).replace("\0", "\ufffd")
    if len(text) <= READ:
        return source
    lines = source.split("\n")[:-1]
    while lines and lines[-1].strip(" \t"):
        lines.pop()
    kept = "\n".join(lines)
    if (source[len(kept) :] + text[READ:]).lstrip().startswith(":"):
        kept = kept.rstrip(" \t\n").rpartition("\n\n")[0]
    return kept


def _parsed(source: str) -> tuple[CommandLine, ...]:
    lines = source.split("\n")
    matches = ((index, _LINE.fullmatch(lines[index])) for index in plain_lines(source))
    found = (CommandLine(index + 1, match[1], (match[2] or "").strip()) for index, match in matches if match)
    return tuple(islice(found, MOST))


_found = KnownTexts(_parsed, KNOWN)
