"""Repositories that the bot serves: what a listing round costs, the first one and one in which nothing has happened."""

import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
ROUNDS, LAST = 25, 5
"""A minute apart. The last ones count as quiet: what is searched and listed has been compared by then."""


@dataclass
class _Clock:
    now: datetime


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
            clock = _Clock(datetime.now(UTC))
            async with assemble(settings, lambda: clock.now) as machine:
                await machine.account.ask()
                await forge.ask("delay", seconds=DELAY)
                rounds = list[tuple[float, int]]()
                for _ in range(ROUNDS):
                    rounds.append(await _round(machine, forge))
                    clock.now += timedelta(minutes=1)
                await machine.engine.stop()
    quiet = rounds[-LAST:]
    return {
        "first_seconds": rounds[0][0],
        "quiet_seconds": statistics.median(seconds for seconds, _ in quiet),
        "first_calls": rounds[0][1],
        "quiet_calls": statistics.median(calls for _, calls in quiet),
    }


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
