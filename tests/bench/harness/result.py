"""Results that consist of rows: measured by groups, printed as one table, written as JSON."""

import inspect
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench.harness.figures import Row, verdict
from tests.bench.harness.machine import described

Measured = dict[str, Any]
"""A group's name, its rows, how many seconds it took, and the load before it."""


def measured(name: str, rows: Callable[[], Awaitable[list[Row]] | list[Row]]) -> Measured:
    """Measures one group."""
    load, begun = described()["load"], time.monotonic()
    Console(stderr=True).print(f"measuring {name} …")
    made = rows()
    found = uvloop.run(_awaited(made)) if inspect.isawaitable(made) else made
    return {"name": name, "seconds": round(time.monotonic() - begun, 1), "load": load, "rows": found}


def concluded(groups: Sequence[Measured], file: Path | None) -> int:
    """Prints one table of all groups, writes the result, and gives 1 if a budget is missed."""
    Console(width=None if sys.stdout.isatty() else 200).print(table(groups))
    if file is not None:
        result = {"machine": described(load=groups[0]["load"]), "groups": list(groups)}
        file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if all(row["ok"] for group in groups for row in group["rows"]) else 1


def table(groups: Sequence[Measured]) -> Table:
    """All rows of all groups."""
    made = Table("group", "row", "budget", "measured", "")
    for group in groups:
        for row in group["rows"]:
            told = f"{row['value']:.2f} {row['unit']}"
            made.add_row(group["name"], row["name"], row["budget"], told, verdict(row).replace("missed", "MISSED"))
    return made


async def _awaited(rows: Awaitable[list[Row]]) -> list[Row]:
    return await rows
