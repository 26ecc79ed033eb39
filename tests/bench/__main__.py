"""`make bench`: the budgets, measured one after the other; `make bench ARGS="scan latency"` measures some.

    python -m tests.bench [GROUP …] [--json FILE]
    python -m tests.bench day --help
    python -m tests.bench report

Exit status: 0 every budget met; 1 one is missed; 2 usage error.
"""

import argparse
import asyncio
import inspect
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import day, scale
from tests.bench.harness.figures import verdict
from tests.bench.harness.machine import described
from tests.bench.report import page as report
from tests.bench.rows import (
    acknowledge,
    burst,
    disk,
    evidence,
    idle,
    latency,
    memory,
    port,
    scan,
    starts,
    unchanged,
    workers,
)

BUDGETS = {
    "acknowledge": acknowledge,
    "latency": latency,
    "unchanged": unchanged,
    "idle": idle,
    "burst": burst,
    "memory": memory,
    "scan": scan,
    "starts": starts,
    "workers": workers,
}
"""The groups of the design's budgets, in its order."""

FURTHER = {"evidence": evidence, "port": port, "disk": disk, "scale": scale}
"""Measured only if they are named: what one part of the program does under stress."""

GROUPS = BUDGETS | FURTHER


PROGRAMS = {"day": day.main, "report": report.main}
"""Programs of their own, named by the first word."""


def main(words: Sequence[str]) -> int:
    """Measures, prints one table at the end, and writes the result."""
    if words and words[0] in PROGRAMS:
        return PROGRAMS[words[0]](words[1:])
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures the budgets.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"one of {', '.join(GROUPS)}; default: the budgets")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the result")
    asked = parser.parse_args(words)
    unknown = set(asked.groups) - GROUPS.keys()
    if unknown:
        parser.error(f"no group is named {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    result = {"machine": described(), "groups": [measured(name) for name in asked.groups or BUDGETS]}
    Console(width=200 if not sys.stdout.isatty() else None).print(table(result["groups"]))
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if all(row["ok"] for group in result["groups"] for row in group["rows"]) else 1


def measured(name: str) -> dict[str, Any]:
    """One group's rows, how long it took, and the load before it."""
    load, begun = described()["load"], time.monotonic()
    Console(stderr=True).print(f"measuring {name} …")
    rows = GROUPS[name].rows()
    found = asyncio.run(rows) if inspect.iscoroutine(rows) else rows
    return {"name": name, "seconds": round(time.monotonic() - begun, 1), "load": load, "rows": found}


def table(groups: Sequence[dict[str, Any]]) -> Table:
    """All rows of all groups."""
    made = Table("group", "row", "budget", "measured", "")
    for group in groups:
        for row in group["rows"]:
            made.add_row(group["name"], row["name"], row["budget"], f"{row['value']:.2f} {row['unit']}", verdict(row))
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
