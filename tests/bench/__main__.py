"""`make bench`: the budgets, measured one after the other; `make bench ARGS="scan latency"` measures some.

    python -m tests.bench [GROUP …] [--json FILE]
    python -m tests.bench load --help
    python -m tests.bench day --help
    python -m tests.bench report

Exit status: 0 every budget met; 1 one is missed; 2 usage error.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench import day, scale
from tests.bench.harness.result import concluded, measured
from tests.bench.report import page as report
from tests.bench.rows import (
    acknowledge,
    burst,
    disk,
    evidence,
    idle,
    large,
    latency,
    load,
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

FURTHER = {"large": large, "evidence": evidence, "port": port, "disk": disk, "scale": scale}
"""Measured only if they are named: what one part of the program does under stress."""

GROUPS = BUDGETS | FURTHER


PROGRAMS = {"load": load.main, "day": day.main, "report": report.main}
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
    return concluded([measured(name, GROUPS[name].rows) for name in asked.groups or BUDGETS], asked.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
