"""What the bot asks of the server in an hour in which nothing happens, for each open target and each repository.

The program's own schedules run on a loop whose clock is faster, so that an hour passes in two minutes. What they ask,
they ask of a sandbox in a process of its own, whose repository has told of the end of runs.
"""

import asyncio
import re
import selectors
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bot.app import Service, assemble
from bot.config import Settings
from bot.sandbox.world import BOT, OPERATOR, free_port
from bot.telemetry import configure_logs
from tests.bench.harness.figures import Row, at_most, told
from tests.bench.harness.forge import Forge, running_forge
from tests.bench.harness.generated import fill
from tests.scan.compiled import cache_dir

FASTER = 30.0
HOUR = 3600.0
MEASURED = 2400.0
SETTLING = 1200.0
ISSUES = 20
PULLS = 20
OF_ISSUE = re.compile(rf"/issues/({'|'.join(str(number) for number in range(1, ISSUES + 1))})(/|$)")
OF_PULL = re.compile(r"/(issues|pulls)/\d+|/(commits|statuses)/")


class _Selector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / FASTER if timeout is not None else None)


class FastLoop(asyncio.SelectorEventLoop):
    """A loop whose second is a thirtieth of a real one."""

    def __init__(self) -> None:
        super().__init__(_Selector())
        self._begun = time.monotonic()

    def time(self) -> float:
        """Seconds since the loop was made, of its own clock."""
        return (time.monotonic() - self._begun) * FASTER


async def rows() -> list[Row]:
    """Calls in an hour: for each open pull request, for each open issue, and for the listings of a repository."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        async with running_forge(Path(name)) as forge:
            settings = await _settings(Path(name), forge)
            begun, ended = await asyncio.to_thread(_run, settings)
            calls = await forge.ask("between", since=begun, until=ended)
    issues = sum(1 for call in calls if OF_ISSUE.search(call))
    pulls = sum(1 for call in calls if OF_PULL.search(call) and not OF_ISSUE.search(call))
    hourly = HOUR / MEASURED
    return [
        at_most("idle calls an hour for each open pull request", pulls * hourly / PULLS, "calls", 2),
        at_most("idle calls an hour for each open issue", issues * hourly / ISSUES, "calls", 2),
        told("idle calls an hour for a repository", (len(calls) - pulls - issues) * hourly, "calls"),
    ]


async def _settings(folder: Path, forge: Forge) -> Settings:
    staged = await forge.ask("stage", repositories=1, issues=ISSUES, pulls=PULLS)
    settings = Settings(
        forgejo_url=forge.url,
        token=SecretStr(forge.tokens[BOT]),
        data_dir=folder / "data",
        port=free_port(),
        rules_cache_dir=cache_dir(),
        operators=(OPERATOR,),
        git_seconds=HOUR,
    )
    settings.data_dir.mkdir()
    await fill(settings.store_url(), staged, ISSUES, PULLS, datetime.now(UTC))
    return settings


def _run(settings: Settings) -> tuple[float, float]:
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(_idle(settings))


async def _idle(settings: Settings) -> tuple[float, float]:
    """Run the server until its first evaluations are done, and some time more; return the bounds of that."""
    loop, start = asyncio.get_running_loop(), datetime.now(UTC)

    def clock() -> datetime:
        return start + timedelta(seconds=loop.time())

    async with assemble(settings, clock) as machine:
        configure_logs("error", machine.scanner.mask)
        async with Service(machine, clock).running():
            await asyncio.sleep(SETTLING)
            with suppress(TimeoutError):  # a busy machine may never come to rest at this speed
                await asyncio.wait_for(machine.engine.idle(), HOUR)
            begun = time.monotonic()
            await asyncio.sleep(MEASURED)
            return begun, time.monotonic()
