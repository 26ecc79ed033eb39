"""Prints tables: aligned columns for people, as wide as the terminal, and unbroken lines where there is none."""

import io
import sys
from collections.abc import Iterable, Sequence

from bot.cli.output import line
from bot.text.escape import visible

WIDE = 200
"""Columns where nobody's terminal says how many there are."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints rows under their heads. Cells are text and nothing else; the last column takes what room there is."""
    from rich.console import Console  # noqa: PLC0415 - loads slowly, and most commands print no table
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

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
