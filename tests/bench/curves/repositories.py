"""Repositories that the bot serves: what a listing round costs, the first one and one in which nothing has happened."""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from bot.app import Machine, assemble
from bot.config import Settings
from bot.sandbox.world import BOT, OPERATOR
from tests.bench.curves.curve import Column, Curve
from tests.bench.harness.forge import Forge, running_forge
from tests.bench.harness.generated import fill
from tests.scan.compiled import cache_dir

ISSUES = 3
DELAY = 0.02


async def measure(size: int) -> dict[str, float]:
    """Calls and seconds of both rounds, at 20 ms a call."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        async with running_forge(Path(name)) as forge:
            staged = await forge.ask("stage", repositories=size, issues=ISSUES)
            settings = Settings(
                forgejo_url=forge.url,
                token=SecretStr(forge.tokens[BOT]),
                data_dir=Path(name) / "data",
                rules_cache_dir=cache_dir(),
                operators=(OPERATOR,),
            )
            settings.data_dir.mkdir()
            await fill(settings.store_url(), staged, ISSUES, 0, datetime.now(UTC), listed=False)
            async with assemble(settings) as machine:
                await machine.account.ask()
                await forge.ask("delay", seconds=DELAY)
                first = await _round(machine, forge)
                quiet = await _round(machine, forge)
                await machine.engine.stop()
    return {"first_seconds": first[0], "quiet_seconds": quiet[0], "first_calls": first[1], "quiet_calls": quiet[1]}


async def _round(machine: Machine, forge: Forge) -> tuple[float, int]:
    await forge.ask("reset")
    begun = time.perf_counter()
    await machine.resync.recent()
    return time.perf_counter() - begun, sum((await forge.ask("calls")).values())


CURVE = Curve(
    "repositories",
    "Repositories",
    f"One round of listings over all repositories, each with {ISSUES} open issues, at {DELAY * 1000:.0f} ms a call.",
    "repositories",
    (10, 100, 1_000),
    (5, 20),
    (
        Column("first_seconds", "first round", "s", "seconds"),
        Column("quiet_seconds", "quiet round", "s", "seconds"),
        Column("first_calls", "calls of the first round", "calls", "calls"),
        Column("quiet_calls", "calls of a quiet round", "calls", "calls"),
    ),
    measure,
)
