"""`make bench`: the budgets, measured one after the other; `make bench ARGS="scan looks"` measures some."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.table import Table

from tests.bench import acknowledge, disk, evidence, looks, memory, port, pushes, scale, scan
from tests.bench.harness.figures import Row


async def _scan() -> list[Row]:
    return await asyncio.to_thread(scan.rows)


async def _evidence() -> list[Row]:
    return await asyncio.to_thread(evidence.rows)


SUITES: dict[str, Callable[[], Awaitable[list[Row]]]] = {
    "acknowledge": acknowledge.rows,  # type: ignore[dict-item] # its rows have the same keys
    "scan": _scan,
    "evidence": _evidence,
    "looks": looks.rows,
    "pushes": pushes.rows,
    "memory": memory.rows,
    "port": port.rows,
    "disk": disk.rows,
    "scale": scale.rows,
}


def main(names: list[str]) -> int:
    """Prints the table and gives 1 where a budget is missed."""
    unknown = set(names) - SUITES.keys()
    if unknown:
        text = f"no benchmark is named {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}"
        Console(stderr=True).print(text)
        return 2
    console = Console()
    table = Table("what", "measured", "budget", "")
    missed = False
    for name in names or SUITES:
        with console.status(f"measuring {name} …"):
            measured = asyncio.run(SUITES[name]())  # type: ignore[arg-type] # an async function each
        for row in measured:
            missed |= not row["ok"]
            table.add_row(
                row["name"], f"{row['value']:.2f} {row['unit']}", row["budget"], "ok" if row["ok"] else "MISSED"
            )
    console.print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
