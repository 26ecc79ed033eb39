"""From webhook to finished report on the sandbox: time, calls of an unchanged target, and bursts.

Sandbox and bot share one process and its two cores here, so the figures are on the slow side.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bot.sandbox.world import AGENT, BOT, REPOSITORY, World, world
from tests.bench.harness.figures import Row
from tests.stories.conftest import hook
from tests.stories.server import RULES

ROUNDS = 60
FILES = 20


async def rows() -> list[Row]:
    """The rows of latency, calls and bursts."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        async with world(Path(folder), rules_cache_dir=RULES, log_level="error") as scene:
            await hook(scene)
            return [*await _latency(scene), *await _calls(scene), *await _burst(scene)]


async def _latency(scene: World) -> list[Row]:
    """Opens pull requests of 20 files; the clock starts with Forgejo's answer and ends with the status."""
    times = []
    for round_ in range(ROUNDS + 5):
        branch = f"bench-{round_}"
        files = {f"src/{branch}/part_{n}.py": f"PART = {n}\n" * 50 for n in range(FILES)}
        await scene.sandbox.commit_files(REPOSITORY, branch, files, author=AGENT)
        await scene.settled()
        before = time.perf_counter()
        number = await scene.open_pull(AGENT, branch, f"feat: {branch}")
        scene.sandbox.reset_calls()
        while not any("/statuses/" in call.path and call.user == BOT for call in scene.sandbox.writes):  # noqa: ASYNC110 - polled finely: this is the measurement
            await asyncio.sleep(0.001)
        times.append(time.perf_counter() - before)
        await scene.settled()
        assert len(await scene.reports(number)) == 1
    warm = sorted(times[5:])
    middle, late = statistics.median(warm), warm[int(len(warm) * 0.99)]
    return [
        Row(
            name="webhook to finished, 20 files, p50",
            value=middle * 1e3,
            unit="ms",
            budget="under 300",
            ok=middle < 0.3,
        ),
        Row(name="webhook to finished, 20 files, p99", value=late * 1e3, unit="ms", budget="under 1000", ok=late < 1.0),
    ]


async def _calls(scene: World) -> list[Row]:
    """One more look at a pull request on which nothing happened."""
    await scene.settled()
    scene.sandbox.reset_calls()
    await scene.machine.engine.submit(scene.target("!1"))
    await scene.settled()
    mine = [call for call in scene.sandbox.calls if call.user == BOT]
    writes = [call for call in scene.sandbox.writes if call.user == BOT]
    count = len(mine)
    return [
        Row(
            name="API calls of an unchanged pull request",
            value=count,
            unit="calls",
            budget="at most 8",
            ok=0 < count <= 8,
        ),
        Row(name="writes of an unchanged pull request", value=len(writes), unit="calls", budget="0", ok=not writes),
    ]


async def _burst(scene: World) -> list[Row]:
    """1,000 comments on 50 targets, sent as fast as the sandbox takes them."""
    made = [scene.api[AGENT].post(f"/repos/{REPOSITORY}/issues", {"title": f"Bed {n}"}) for n in range(50)]
    numbers = [answer["number"] for answer in await asyncio.gather(*made)]
    await scene.settled()
    registry = scene.machine.metrics.registry
    before = _looks(scene)
    new = registry.get_sample_value("assay_deliveries_total", {"result": "new"}) or 0
    started = time.perf_counter()
    posts = [
        scene.api[AGENT].post(f"/repos/{REPOSITORY}/issues/{number}/comments", {"body": f"drop {n}"})
        for n in range(20)
        for number in numbers
    ]
    await asyncio.gather(*posts)
    await scene.settled()
    seconds = time.perf_counter() - started
    looks = _looks(scene) - before
    heard = (registry.get_sample_value("assay_deliveries_total", {"result": "new"}) or 0) - new
    lost = 1000 - heard
    return [
        Row(
            name="looks for 1,000 deliveries on 50 targets",
            value=looks,
            unit="looks",
            budget="at most 150",
            ok=looks <= 150,
        ),
        Row(name="deliveries lost in the burst", value=lost, unit="deliveries", budget="0", ok=lost == 0),
        Row(name="burst, from first comment to rest", value=seconds, unit="s", budget="-", ok=True),
    ]


def _looks(scene: World) -> float:
    registry = scene.machine.metrics.registry
    outcomes = ("written", "unchanged", "superseded", "failed")
    return sum(registry.get_sample_value("assay_reconciles_total", {"outcome": name}) or 0 for name in outcomes)
