"""What the commands print: results to standard output, progress and errors to standard error.

Names and texts from a server may attack a terminal, so nothing is interpreted as markup and control characters are
escaped.
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
"""An internal error (a bug; EX_SOFTWARE of sysexits.h), distinct from findings."""
WIDE = 200
"""Columns if standard output is not a terminal."""


def line(text: str = "") -> None:
    """Print one line of a result."""
    sys.stdout.write(_safe(text) + "\n")


def note(text: str) -> None:
    """Print one line to standard error."""
    sys.stderr.write(_safe(text) + "\n")


def whole(text: str) -> None:
    """Print a trusted text unchanged, with a newline at its end."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def as_json(value: Any) -> None:
    """Print a value as JSON; non-ASCII characters are escaped, so they cannot control a terminal."""
    whole(json.dumps(value, indent=2))


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show progress if standard error is a terminal."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        yield
        return
    with console.status(text):
        yield


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table. Cells are plain text; the last column takes the remaining width."""
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
