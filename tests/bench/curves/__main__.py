"""`make bench-scale`: the cost curves; `make bench-scale ARGS="targets diff"` measures some.

    python -m tests.bench.curves [CURVE …] [--folder FOLDER] [--small]

With --folder it writes a JSON file for each curve there. Exit status: 0 measured; 1 a point failed; 2 usage error.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.curves import comments, diff, repositories, targets, workers
from tests.bench.curves.curve import Curve
from tests.bench.harness.machine import ROOT, described

CURVES = {made.CURVE.name: made.CURVE for made in (targets, repositories, diff, workers, comments)}
POINT = "--point"


def main(words: Sequence[str]) -> int:
    """Measures curves, each point in a process of its own, and prints a table for each."""
    if POINT in words:
        return _point(*words[1:])
    parser = argparse.ArgumentParser(prog="python -m tests.bench.curves", description="Measures the cost curves.")
    parser.add_argument("curves", nargs="*", metavar="CURVE", help=f"one of {', '.join(CURVES)}; default: all")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="where to write CURVE.json")
    parser.add_argument("--small", action="store_true", help="small sizes, to try whether it works")
    asked = parser.parse_args(words)
    unknown = set(asked.curves) - CURVES.keys()
    if unknown:
        parser.error(f"no curve is named {', '.join(sorted(unknown))}; there are {', '.join(CURVES)}")
    failed = False
    for name in asked.curves or CURVES:
        result = measured(CURVES[name], small=asked.small)
        failed |= len(result["points"]) < len(result["sizes"])
        Console(width=160 if not sys.stdout.isatty() else None).print(table(CURVES[name], result))
        if asked.folder is not None:
            asked.folder.mkdir(parents=True, exist_ok=True)
            (asked.folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


def measured(curve: Curve, *, small: bool) -> dict[str, Any]:
    """A curve's result: the machine, and a point for each size that could be measured."""
    sizes, points = curve.small if small else curve.sizes, list[dict[str, Any]]()
    machine, begun = described(), time.monotonic()
    for size in sizes:
        Console(stderr=True).print(f"measuring {curve.name} at {size:,} …")
        command = [sys.executable, "-m", "tests.bench.curves", POINT, curve.name, str(size)]
        ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
        if ended.returncode == 0:
            points.append(json.loads(ended.stdout.splitlines()[-1]))
    seconds = round(time.monotonic() - begun, 1)
    return {"machine": machine, "name": curve.name, "seconds": seconds, "sizes": sizes, "points": points}


def _point(name: str, size: str) -> int:
    load = described()["load"]
    figures = asyncio.run(CURVES[name].measure(int(size)))
    point = {"size": int(size), **{key: round(value, 4) for key, value in figures.items()}, "load": load}
    sys.stdout.write(f"{json.dumps(point)}\n")
    return 0


def table(curve: Curve, result: dict[str, Any]) -> Table:
    """The points of a curve."""
    made = Table(curve.size, *(f"{column.label} ({column.unit})" for column in curve.columns), title=curve.title)
    for point in result["points"]:
        made.add_row(f"{point['size']:,}", *(f"{point[column.key]:,.3g}" for column in curve.columns))
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
