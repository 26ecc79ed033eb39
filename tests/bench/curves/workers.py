"""Processes that share the work on PostgreSQL: how many targets they evaluate in a second."""

from tests.bench.curves.curve import Column, Curve
from tests.bench.rows.workers import AT_A_TIME, DELAY, measured

TARGETS = 200


async def measure(size: int) -> dict[str, float]:
    """Targets in a second of so many processes."""
    return {"rate": await measured(size, TARGETS)}


CURVE = Curve(
    "workers",
    "Workers",
    f"`assay serve` processes on one PostgreSQL, each evaluating {AT_A_TIME} targets at a time, at "
    f"{DELAY * 1000:.0f} ms a call: {TARGETS} new issues get their first report. All processes, PostgreSQL and the "
    "sandbox share the machine.",
    "workers",
    (1, 2, 3, 4),
    (1,),
    (Column("rate", "targets a second", "targets/s", "targets a second"),),
    measure,
)
