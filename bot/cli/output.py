"""What the commands print: results to standard output, progress and errors to standard error.

Names and texts of a server are hostile to a terminal too, so nothing is read as markup and control characters are
written out.
"""

import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from bot.text import visible

FINE = 0
FOUND = 1
USAGE = 2
FORGEJO = 3
INTERNAL = 70
"""A fault of the program itself (EX_SOFTWARE of sysexits.h): never to be taken for findings."""
WIDE = 200
"""Columns where nobody's terminal says how many there are."""


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


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints rows under their heads. Cells are text and nothing else; the last column takes what room there is."""
    from rich.table import Table  # noqa: PLC0415 - most commands print no table
    from rich.text import Text  # noqa: PLC0415 - most commands print no table

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, head in enumerate(heads):
        last = place == len(heads) - 1
        made.add_column(head, no_wrap=not last, overflow="fold" if last else "ellipsis")
    for row in rows:
        made.add_row(*(Text(visible(cell)) for cell in row))
    width = Console().width if sys.stdout.isatty() else WIDE
    drawn = io.StringIO()
    Console(file=drawn, width=width, color_system=None, markup=False, emoji=False, highlight=False).print(made)
    for text in drawn.getvalue().splitlines():
        line(text.rstrip())


def _safe(text: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    return visible(text).encode(encoding, "backslashreplace").decode(encoding)
