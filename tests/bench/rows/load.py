"""A steady load of deliveries, and pushes to one pull request meanwhile: `python -m tests.bench load --help`.

The sandbox, each `assay serve` and the sender are processes of their own. Each delivery is about one of 200 issues, so
that evaluations are under way all the time. What is measured: acknowledgements, evaluations, the time from a push to
the first status of its head, and memory.
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import AGENT, REPOSITORY
from tests.bench.harness.client import Sender
from tests.bench.harness.figures import Row, Spread, spread, told, under
from tests.bench.harness.forge import Forge, running_forge
from tests.bench.harness.process import highest, resident
from tests.bench.harness.result import Measured, concluded, measured
from tests.bench.harness.serve import postgres, serving
from tests.stories.server import Server

RATE = 50.0
TARGETS = 200
PUSH_SECONDS = 5.0
HOT_SECONDS = 120.0
SHORT_SECONDS = 20.0
BRANCH = "hot"
Buckets = Mapping[float, float]


@dataclass(frozen=True)
class Case:
    """A load: how many processes share the work, and how long each call of the API takes, in seconds."""

    workers: int
    delay: float
    seconds: float
    rate: float = RATE

    @property
    def name(self) -> str:
        """What the case is called in the table."""
        processes = "1 process" if self.workers == 1 else f"{self.workers} processes"
        return f"{processes}, {self.delay * 1e3:.0f} ms a call"


@dataclass
class Result:
    """What was measured. Times are in seconds, memory in MB of each process: resident at the end, and the highest."""

    case: Case
    acknowledged: Spread
    refused: int
    looks: float
    look_p50: float
    look_p95: float
    hot: list[float]
    late: int
    memory: list[tuple[float, float]] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """The figures with their budgets."""
        name, hot = self.case.name, spread(self.hot or [HOT_SECONDS])
        return [
            told(f"{name}: acknowledged, p50", self.acknowledged.p50 * 1e3, "ms"),
            told(f"{name}: acknowledged, p95", self.acknowledged.p95 * 1e3, "ms"),
            under(f"{name}: acknowledged, p99", self.acknowledged.p99 * 1e3, "ms", 50),
            under(f"{name}: not acknowledged", self.refused, "deliveries", 1),
            told(f"{name}: evaluations", self.looks / self.case.seconds, "a second"),
            told(f"{name}: evaluation, p50", self.look_p50, "s"),
            told(f"{name}: evaluation, p95", self.look_p95, "s"),
            told(f"{name}: push to status, p50", hot.p50, "s"),
            under(f"{name}: push to status, p95", hot.p95, "s", 2),
            under(f"{name}: pushes without a status in {HOT_SECONDS:.0f} s", self.late, "pushes", 1),
            *(
                told(f"{name}: memory of process {number}, at the end and highest {most:.0f}", end, "MB")
                for number, (end, most) in enumerate(self.memory, 1)
            ),
        ]


async def rows() -> list[Row]:
    """The rows of a short load on one process."""
    found = [await measure(Case(1, delay, SHORT_SECONDS)) for delay in (0.02, 0.5)]
    return [row for result in found for row in result.rows()]


async def measure(case: Case) -> Result:
    """Run one case; several processes need PostgreSQL. Raises RuntimeError where it isn't installed."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder, ExitStack() as stack:
        environment = {}
        if case.workers > 1:
            environment["ASSAY_DATABASE_URL"] = stack.enter_context(postgres()) or ""
            if not environment["ASSAY_DATABASE_URL"]:
                raise RuntimeError("several processes need PostgreSQL, which isn't installed")
        root = Path(folder)
        async with running_forge(root) as forge:
            await _issues(forge)
            async with serving(root, forge, count=case.workers, environment=environment) as servers:
                await _hot_pull(forge)
                return await _load(case, forge, servers)


async def _issues(forge: Forge) -> None:
    async with HttpxForgejo(forge.url, forge.tokens[AGENT]) as agent:
        for start in range(0, TARGETS, 10):
            made = [agent.post(f"/repos/{REPOSITORY}/issues", {"title": f"Bed {start + n}"}) for n in range(10)]
            await asyncio.gather(*made)


async def _hot_pull(forge: Forge) -> None:
    head, _ = await forge.pushed(BRANCH, {"hot.py": "BED = 0\n"})
    await forge.pull(BRANCH, "feat: a hot bed")
    await forge.until_called(f"/statuses/{head}")


async def _load(case: Case, forge: Forge, servers: Sequence[Server]) -> Result:
    await forge.ask("delay", seconds=case.delay)
    sender = Sender(servers[0], lambda number: 1 + number % TARGETS)
    before = await _looks(servers)
    pushing = asyncio.create_task(_pushes(forge, case.seconds))
    await sender.send(case.rate, case.seconds)
    hot = await pushing
    after = await _looks(servers)
    ended = {bound: after[bound] - before.get(bound, 0.0) for bound in after}
    memory = [(resident(server.pid), highest(server.pid)) for server in servers]
    return Result(
        case,
        spread(sender.seconds or [HOT_SECONDS]),
        sender.refused,
        max(ended.values(), default=0.0),
        quantile(ended, 0.5),
        quantile(ended, 0.95),
        [one for one in hot if one is not None],
        sum(one is None for one in hot),
        memory,
    )


async def _pushes(forge: Forge, seconds: float) -> list[float | None]:
    """Push to the hot pull request every few seconds; for each push the time until its status, None if none came."""
    end, waits = time.monotonic() + seconds, list[asyncio.Task[float | None]]()
    for number in itertools.count(1):
        await asyncio.sleep(PUSH_SECONDS)
        if time.monotonic() >= end:
            break
        head, at = await forge.pushed(BRANCH, {"hot.py": f"BED = {number}\n"})
        waits.append(asyncio.create_task(_until_status(forge, head, at)))
    return list(await asyncio.gather(*waits))


async def _until_status(forge: Forge, head: str, at: float) -> float | None:
    try:
        (came,) = await forge.until_called(f"/statuses/{head}", seconds=HOT_SECONDS)
    except TimeoutError:
        return None
    return came - at


async def _looks(servers: Sequence[Server]) -> dict[float, float]:
    """How many evaluations took at most so many seconds, in all processes together."""
    found = dict[float, float]()
    async with httpx.AsyncClient(timeout=60) as client:
        for server in servers:
            text = (await client.get(f"{server.address}/metrics")).text
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    if sample.name == "assay_reconcile_seconds_bucket":
                        bound = float(sample.labels["le"])
                        found[bound] = found.get(bound, 0.0) + sample.value
    return found


def quantile(buckets: Buckets, part: float) -> float:
    """Estimate a quantile from counts of values up to each bound, as Prometheus does: evenly within a bucket."""
    wanted, low, below = part * max(buckets.values(), default=0.0), 0.0, 0.0
    for bound, count in sorted(buckets.items()):
        if count >= wanted and count > below:
            return low if bound == float("inf") else low + (bound - low) * (wanted - below) / (count - below)
        low, below = (low if bound == float("inf") else bound), count
    return low


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="length of each load")
    parser.add_argument("--rate", type=float, default=RATE, help="deliveries a second")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 3], help="numbers of processes")
    parser.add_argument("--delays", type=float, nargs="+", default=[20.0, 500.0], help="milliseconds of each call")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the result")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Print the table; return 1 if a budget is missed."""
    asked, found = _arguments(words), list[Measured]()
    for workers, delay in itertools.product(asked.workers, asked.delays):
        case = Case(workers, delay / 1e3, asked.seconds, asked.rate)
        found.append(measured(case.name, partial(measure_rows, case)))
    return concluded(found, asked.json)


async def measure_rows(case: Case) -> list[Row]:
    """The rows of one case."""
    return (await measure(case)).rows()
