"""A diff that somebody gives to a command: what of it a parser passes over in silence."""

import re
from collections.abc import Iterator, Sequence

from bot.git.diff import AddedText

_PLUS = re.compile(r"^\+", re.MULTILINE)
_HEADER = re.compile(r"^--- .*\n\+\+\+ .*\n@@ ", re.MULTILINE)
_BINARY = re.compile(r"^(?:Binary files .* differ|GIT binary patch)\r?$", re.MULTILINE)
_COMBINED = re.compile(r"^(?:diff --(?:cc|combined) |@@@)", re.MULTILINE)


def unread(diff: str, added: Sequence[AddedText]) -> Iterator[str]:
    """Gives what a parser passes over in silence: lines beyond the length that a hunk claims, other forms of diff."""
    lines = sum(1 for text in added for number in text.lines if number)
    beyond = len(_PLUS.findall(diff)) - len(_HEADER.findall(diff)) - lines
    if _COMBINED.search(diff):
        yield "a combined diff of a merge isn't read; make it with git show --remerge-diff, or use --range"
    elif beyond:
        yield "added lines stand outside of the hunks that the diff announces; make it again with git diff"
    elif diff.strip() and not re.search(r"^(?:diff --git |--- )", diff, re.MULTILINE):
        yield "the input isn't a unified diff; make one with git diff, or use --text"
    if binary := len(_BINARY.findall(diff)):
        yield f"{binary} binary changes aren't in the diff as lines; make it with git diff --text"
