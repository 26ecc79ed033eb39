"""100,000 targets in 1,000 repositories at 20 ms a call: start, listings, quiet rounds, a hot pull request meanwhile.

The sandbox is a process of its own; bot and measurement share one. `REPOSITORIES` and `TARGETS` in the environment
make it smaller.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from bot.app import Machine, Service, assemble
from bot.config import Settings
from bot.forgejo.httpx import HttpxForgejo
from bot.intake import Signer
from bot.model import SignerKind
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, free_port
from bot.store import Store
from bot.store.scheduling import due
from bot.store.tables import Repository, TargetRow
from bot.telemetry import configure_logs
from bot.thread import statuses_digest
from tests.bench.harness.figures import Row
from tests.bench.harness.process import resident
from tests.bench.scale_forge import HEAD, HOT
from tests.stories.server import RULES

REPOSITORIES, TARGETS = int(os.environ.get("REPOSITORIES", "1000")), int(os.environ.get("TARGETS", "100"))
DELAY = 0.02
WATCH = 30.0
"""Seconds in which hot pull requests are opened after the start."""
BACKLOG = 2000
"""Targets that wait for a background evaluation at the start, as after a change of a policy."""
STEP = 5000


async def rows() -> list[Row]:
    """The rows of the benchmark."""
    configure_logs("error", lambda text: text)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        async with forge(Path(folder) / "forge") as told:
            settings = Settings(
                forgejo_url=told["url"],
                token=told["tokens"]["assay-bot"],
                data_dir=Path(folder) / "data",
                operators=(OPERATOR,),
                port=free_port(),
                rules_cache_dir=RULES,
                log_level="error",
            )
            async with assemble(settings) as machine:
                await fill(machine.store, told["ids"])
                return [*await started(machine, told), *await rounds(machine)]


@asynccontextmanager
async def forge(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """Run the sandbox, and yield what it tells of itself."""
    arguments = ("-m", "tests.bench.scale_forge", str(folder), str(REPOSITORIES), str(TARGETS), str(DELAY))
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "limit": 1 << 24}
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, **pipes)  # type: ignore[arg-type]
    assert process.stdout is not None
    yield json.loads(await process.stdout.readline())
    process.kill()
    await process.wait()


async def fill(store: Store, ids: dict[str, int]) -> None:
    """Generate what a bot knows that has evaluated everything, in the last day or for issues the last week."""
    now, empty = datetime.now(UTC), statuses_digest(())
    day = timedelta(days=1)
    rows = []
    for number in [number for name, number in ids.items() if name != REPOSITORY]:
        for index in range(1, TARGETS + 1):
            pull, part = index % 10 == 0, (number * 31 + index) % 1000 / 1000
            rows.append(
                {
                    "repository_id": number,
                    "number": index,
                    "kind": "pull" if pull else "issue",
                    "desired_generation": 1,
                    "observed_generation": 1,
                    "head_sha": HEAD.format(number * 1_000_000 + index) if pull else "",
                    "statuses": empty,
                    "statuses_at": now - part * timedelta(minutes=10),
                    "observed_at": now - (part / 2 * day if pull else part * 7 * day),
                    "updated_at": now - 30 * day,
                }
            )
    for row in [row for row in rows if row["kind"] == "issue"][: min(BACKLOG, len(rows) // 50)]:
        row |= {"desired_generation": 2, "priority": 8}
    async with store.session() as session:
        known = {"set_up_at": now - 30 * day, "resynced_at": now - day, "default_branch": "main", "unseen_why": ""}
        known |= {"hears_runs": False}
        await session.execute(insert(Repository), [{"id": n, "full_name": name, **known} for name, n in ids.items()])
    for start in range(0, len(rows), STEP):
        async with store.session() as session:
            await session.execute(insert(TargetRow), rows[start : start + STEP])


class Lag:
    """The longest time for which the event loop did nothing else."""

    def __init__(self) -> None:
        self.most = 0.0

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            self.most = max(self.most, time.perf_counter() - before - 0.01)


async def started(machine: Machine, told: dict[str, Any]) -> list[Row]:
    """Start the server with everything due at once; meanwhile open hot pull requests."""
    lag, service = Lag(), Service(machine)
    watching = asyncio.create_task(lag.watch())
    before = time.perf_counter()
    async with service.running() as address:
        ready = time.perf_counter() - before
        await machine.account.known.wait()
        await hook(machine, told, address)
        hot = await hot_pulls(machine, told)
        visited = await count(machine.store, Repository.visited_at.is_not(None))
        calls = machine.client.calls.total()
    watching.cancel()
    memory = resident(os.getpid())
    slow = max(hot)
    return [
        row("start until deliveries are accepted", ready, "s", "under 2", ok=ready < 2),
        row("first hot pull request, open to status", hot[0], "s", "under 2", ok=hot[0] < 2),
        row("hot pull requests meanwhile, p50", statistics.median(hot), "s", "under 2", ok=statistics.median(hot) < 2),
        row(f"hot pull requests meanwhile, longest of {len(hot)}", slow, "s", "under 2", ok=slow < 2),
        row("longest stop of the event loop", lag.most, "s", "under 0.5", ok=lag.most < 0.5),
        row(f"repositories listed in the first {WATCH:.0f} s", visited, f"of {REPOSITORIES}", "-", ok=True),
        row(f"calls in the first {WATCH:.0f} s", calls, "calls", "-", ok=calls > 0),
        row("resident memory", memory, "MB", "under 400", ok=memory < 400),
    ]


async def hook(machine: Machine, told: dict[str, Any], address: str) -> None:
    """Tell the events of the hot repository to the bot."""
    signer = Signer(SignerKind.REPOSITORY, told["ids"][REPOSITORY])
    secret = machine.hook_secrets.secret(signer).decode()
    config = {"url": f"{address}/webhooks/forgejo?{signer.query}", "content_type": "json", "secret": secret}
    data = {"type": "forgejo", "active": True, "events": ["push", "pull_request", "issue_comment"], "config": config}
    async with HttpxForgejo(told["url"], told["tokens"][OPERATOR]) as api:
        await api.post(f"/repos/{REPOSITORY}/hooks", data)


async def hot_pulls(machine: Machine, told: dict[str, Any]) -> list[float]:
    """Open pull requests, one after the other; return the seconds from each to its status."""
    found, end = [], time.perf_counter() + WATCH
    async with HttpxForgejo(told["url"], told["tokens"][AGENT]) as api:
        for number in range(HOT):
            if time.perf_counter() > end:
                break
            before = time.perf_counter()
            data = {"title": f"feat: hot {number}", "base": "main", "head": f"hot-{number}"}
            head = (await api.post(f"/repos/{REPOSITORY}/pulls", data))["head"]["sha"]
            while not (await api.getitem(f"/repos/{REPOSITORY}/commits/{head}/status"))["statuses"]:  # noqa: ASYNC110 - polled: this is the measurement
                await asyncio.sleep(0.02)
            found.append(time.perf_counter() - before)
            await asyncio.sleep(max(0.0, WATCH / HOT - found[-1]))
    return found


async def rounds(machine: Machine) -> list[Row]:
    """The schedules one after the other, when all is quiet: what the first ones cost, and the next ones."""
    found = []
    resync = machine.resync
    while await count(machine.store, Repository.visited_at.is_(None)):
        found += await measured(machine, "changes of all repositories, the rest of the first listing", resync.recent)
    found += await measured(machine, "changes of all repositories, a quiet round", resync.recent)
    found += await measured(machine, "all open targets, one of the first rounds", resync.listings)
    found += await measured(machine, "statuses of heads, a round", resync.relook)
    async with machine.store.read() as session:
        daily, backlog = len(await due.daily(session, datetime.now(UTC))), await due.backlog(session)
    return [
        *found,
        row("daily evaluations, a round", daily, "targets", "-", ok=True),
        row("targets that wait at the end", backlog, "targets", "-", ok=True),
    ]


async def measured(machine: Machine, name: str, job: Callable[[], Awaitable[None]]) -> list[Row]:
    """Return the calls and the time of a job."""
    calls, before = machine.client.calls.total(), time.perf_counter()
    await job()
    seconds = time.perf_counter() - before
    made = machine.client.calls.total() - calls
    return [
        row(f"{name}: calls", made, "calls", "-", ok=True),
        row(f"{name}: time", seconds, "s", "under 60", ok=seconds < 60),
    ]


async def count(store: Store, condition: Any) -> int:
    """Return how many repositories fulfil a condition."""
    async with store.read() as session:
        return (await session.execute(select(func.count()).select_from(Repository).where(condition))).scalar_one()


def row(name: str, value: float, unit: str, budget: str, *, ok: bool) -> Row:
    """Return a row of the table."""
    return Row(name=name, value=value, unit=unit, budget=budget, ok=ok)
