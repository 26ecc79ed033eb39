"""What the commands print: results to standard output, progress and errors to standard error.

Names and texts of a server are hostile to a terminal too, so nothing is read as markup and control characters are
written out.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from bot.text.escape import visible

FINE = 0
FOUND = 1
USAGE = 2
FORGEJO = 3
INTERNAL = 70
"""A fault of the program itself (EX_SOFTWARE of sysexits.h): never to be taken for findings."""


def line(text: str = "") -> None:
    """Prints one line of a result."""
    sys.stdout.write(_safe(text) + "\n")


def note(text: str) -> None:
    """Prints one line beside the result."""
    sys.stderr.write(_safe(text) + "\n")


def whole(text: str) -> None:
    """Prints a text of ours as it is, with a newline at its end."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def as_json(value: Any) -> None:
    """Prints a value as JSON; what isn't ASCII is escaped, so it can't steer a terminal."""
    whole(json.dumps(value, indent=2))


@contextmanager
def working(text: str) -> Iterator[None]:
    """Shows that something goes on, where standard error is a terminal."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        yield
        return
    with console.status(text):
        yield


def _safe(text: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    return visible(text).encode(encoding, "backslashreplace").decode(encoding)
