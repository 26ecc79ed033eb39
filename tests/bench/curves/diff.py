"""The size of a pull request's diff: how long the evaluation takes, and how much memory."""

import tempfile
from pathlib import Path

from tests.bench.curves.curve import Column, Curve
from tests.bench.harness.forge import running_forge
from tests.bench.harness.process import highest, resident
from tests.bench.harness.serve import at_rest, serving
from tests.bench.rows.scan import added_lines

FILE_BYTES = 1_000_000
SECONDS = 600.0


async def measure(size: int) -> dict[str, float]:
    """A pull request that adds so many bytes of ordinary code, in files of at most 1 MB."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        async with running_forge(Path(name)) as forge, serving(Path(name), forge) as (server,):
            head, pushed = await forge.pushed("warm", {"warm.py": "BED = 0\n"})
            await forge.pull("warm", "feat: a bed")
            await forge.until_written(head, pushed)
            await at_rest(server)
            idle = resident(server.pid)
            head, _ = await forge.pushed("large", _files(size))
            await forge.pull("large", "feat: many beds")
            opened = (await forge.ask("times", path=r"/pulls$", method="POST", user="codex"))[-1]
            await forge.until_called(f"/statuses/{head}$", seconds=SECONDS)
            seconds = await forge.until_written(head, opened) - opened
            most = highest(server.pid)
            await at_rest(server, calm=3.0)
            after = resident(server.pid)
    return {"seconds": seconds, "memory": most, "memory_idle": idle, "memory_after": after}


def _files(size: int) -> dict[str, str | None]:
    text = added_lines()
    return {
        f"src/part_{at // FILE_BYTES}.py": (text[at % len(text) :] + text)[: min(FILE_BYTES, size - at)]
        for at in range(0, size, FILE_BYTES)
    }


CURVE = Curve(
    "diff",
    "Size of a diff",
    "A pull request that adds ordinary code, from the event to the bot's last write. The memory is the process's own.",
    "bytes",
    (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 60_000_000),
    (1_000, 1_000_000),
    (
        Column("seconds", "event to last write", "s", "seconds"),
        Column("memory", "memory, highest", "MB", "MB"),
        Column("memory_after", "memory afterwards", "MB", "MB"),
        Column("memory_idle", "memory before", "MB", "MB"),
    ),
    measure,
)
