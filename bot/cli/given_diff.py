"""Finds the parts of a diff given to a command that a parser silently skips."""

import re
from collections.abc import Iterator, Sequence

from bot.git.diff import AddedText

_PLUS = re.compile(r"^\+", re.MULTILINE)
_HEADER = re.compile(r"^--- .*\n\+\+\+ .*\n@@ ", re.MULTILINE)
_BINARY = re.compile(r"^(?:Binary files .* differ|GIT binary patch)\r?$", re.MULTILINE)
_COMBINED = re.compile(r"^(?:diff --(?:cc|combined) |@@@)", re.MULTILINE)


def unread(diff: str, added: Sequence[AddedText]) -> Iterator[str]:
    """Return what a parser silently skips: lines beyond a hunk's announced length, and other diff formats."""
    lines = sum(1 for text in added for number in text.lines if number)
    beyond = len(_PLUS.findall(diff)) - len(_HEADER.findall(diff)) - lines
    if _COMBINED.search(diff):
        yield "combined merge diffs are not supported; create the diff with git show --remerge-diff, or use --range"
    elif beyond:
        yield "the diff has added lines outside its hunks; create it again with git diff"
    elif diff.strip() and not re.search(r"^(?:diff --git |--- )", diff, re.MULTILINE):
        yield "the input is not a unified diff; create one with git diff, or use --text"
    if binary := len(_BINARY.findall(diff)):
        yield f"{binary} binary changes have no lines in the diff; create it with git diff --text"
