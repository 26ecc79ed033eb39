"""How fast added lines are searched for secrets: throughput on one core, and a small diff, warm."""

import secrets
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pydantic
import sqlalchemy

from tests.bench.harness.figures import Row
from tests.scan.compiled import scanner

ENOUGH = 16_000_000
SMALL = 5_000


def added_lines() -> str:
    """Ordinary code: what two installed libraries consist of."""
    folders = (Path(module.__file__).parent for module in (sqlalchemy, pydantic))
    parts = [path.read_text("utf-8") for folder in folders for path in sorted(folder.rglob("*.py"))]
    text = "".join(parts)
    return (text * (ENOUGH // len(text) + 1))[:ENOUGH]


def best(measured: Callable[[], object], clock: Callable[[], float], times: int) -> list[float]:
    """Durations in seconds, shortest first."""
    taken = []
    for _ in range(times):
        start = clock()
        measured()
        taken.append(clock() - start)
    return sorted(taken)


def rows() -> list[Row]:
    """The rows of the benchmark; throughput is by the processor's time, so that a busy machine tells the same."""
    made, text = scanner(own=(secrets.token_hex(20),)), added_lines()
    small = [text[at : at + SMALL] for at in range(0, SMALL * 200, SMALL)]
    rate = len(text.encode()) / 1e6 / best(lambda: made.scan(text), time.process_time, 3)[0]
    each = sorted(best(lambda part=part: made.scan(part), time.perf_counter, 1)[0] * 1e3 for part in small)
    middle, late = statistics.median(each), each[int(len(each) * 0.99)]
    return [
        Row(name="secret scan of added lines", value=rate, unit="MB/s per core", budget="at least 50", ok=rate >= 50),
        Row(name="secret scan of 5 KB, p50", value=middle, unit="ms", budget="under 5", ok=middle < 5),
        Row(name="secret scan of 5 KB, p99", value=late, unit="ms", budget="under 5", ok=late < 5),
    ]


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row['name']:<32}{row['value']:>10.2f} {row['unit']:<14} budget {row['budget']}\n")
