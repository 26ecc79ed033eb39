"""Targets that the bot knows: what the start, a fresh push, the sweep, the memory and the database cost."""

import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from bot.app import assemble
from bot.config import Settings
from bot.sandbox.world import BOT, OPERATOR
from tests.bench.curves.curve import Column, Curve
from tests.bench.harness.figures import spread
from tests.bench.harness.forge import Forge, running_forge
from tests.bench.harness.generated import fill
from tests.bench.harness.process import highest, resident
from tests.bench.harness.serve import serving
from tests.scan.compiled import cache_dir
from tests.stories.server import Server

EACH = 100
PUSHES = 10
ALL_DIRTY = "UPDATE targets SET desired_generation = observed_generation + 1, not_before = NULL"


async def measure(size: int) -> dict[str, float]:
    """Figures with so many targets, in repositories of a hundred each; the daily pass begins with the start."""
    count = max(1, size // EACH)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        async with running_forge(Path(name)) as forge:
            staged = await forge.ask("stage", repositories=count, issues=size // count)
            begun = list[float]()

            async def prepare(server: Server) -> None:
                await fill(_url(server), staged, size // count, 0, datetime.now(UTC))
                begun.append(time.perf_counter())

            async with serving(Path(name), forge, prepare=prepare) as (server,):
                start = time.perf_counter() - begun[0]
                memory, pushes = resident(server.pid), await _pushes(forge)
                most = highest(server.pid)
            sweep = await _sweep(server, forge)
        bytes_ = sum(file.stat().st_size for file in (server.root / "data").glob("assay.db*"))
    hot = spread(pushes)
    return {
        "start": start,
        "hot_p50": hot.p50,
        "hot_worst": hot.worst,
        "sweep": sweep,
        "memory": memory,
        "memory_highest": most,
        "database": bytes_ / 1024**2,
    }


async def _pushes(forge: Forge) -> list[float]:
    """From each push to one pull request to the bot's last write, while the daily pass goes on."""
    head, pushed = await forge.pushed("hot", {"hot.py": "BED = 0\n"})
    await forge.pull("hot", "feat: a hot bed")
    await forge.until_written(head, pushed)
    taken = []
    for push in range(1, PUSHES + 1):
        head, pushed = await forge.pushed("hot", {"hot.py": f"BED = {push}\n"})
        seen = (await forge.until_called(f"/statuses/{head}$"))[0]
        taken.append(seen - pushed)
    return taken


async def _sweep(server: Server, forge: Forge) -> float:
    """How long one sweep takes that finds every target dirty and no worker free."""
    with closing(sqlite3.connect(server.root / "data" / "assay.db")) as database, database:
        database.execute(ALL_DIRTY)
    settings = Settings(
        forgejo_url=forge.url,
        token=SecretStr(forge.tokens[BOT]),
        data_dir=server.root / "data",
        rules_cache_dir=cache_dir(),
        operators=(OPERATOR,),
    )
    async with assemble(settings) as machine:
        begun = time.perf_counter()
        await machine.resync.sweep()
        taken = time.perf_counter() - begun
        await machine.engine.stop()
        return taken


def _url(server: Server) -> str:
    return f"sqlite:///{server.root / 'data' / 'assay.db'}"


CURVE = Curve(
    "targets",
    "Targets",
    "Open issues that were evaluated within the last day, in repositories of a hundred each. While the pass over all "
    "targets that begins with the start goes on, one pull request is pushed to ten times. The sweep is one that finds "
    "every target dirty.",
    "targets",
    (100, 1_000, 10_000, 100_000),
    (100, 300),
    (
        Column("start", "ready after start", "s", "seconds"),
        Column("hot_p50", "push to status, p50", "s", "seconds"),
        Column("hot_worst", "push to status, worst", "s", "seconds"),
        Column("sweep", "sweep", "s", "seconds"),
        Column("memory", "memory when ready", "MB", "MB"),
        Column("memory_highest", "memory, highest", "MB", "MB"),
        Column("database", "database", "MB", "MB"),
    ),
    measure,
)
