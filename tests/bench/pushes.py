"""From a push to the last of the bot's statuses with all checks on, on pull requests of twenty files.

Sandbox and bot share one process and its two cores here, so the figures are on the slow side.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bot.model import Kind, Target
from bot.policy import PATH
from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY, World, world
from tests.bench.harness.figures import Row
from tests.handlers.contract.contracts import FULL_BODY
from tests.stories.conftest import hook
from tests.stories.server import RULES

PULLS = 5
PUSHES = 50
WARM = 5
FILES = 20
DEADLINE = 30.0
WORKFLOW = ".forgejo/workflows/bench.yml"
JOB = "on: push\njobs:\n  water:\n    runs-on: docker\n    steps:\n      - run: echo {}\n"
POLICY = """\
contract: {mode: block, runtime: [deploy/]}
guards:
  base: {mode: block}
  docs-drift: {mode: advise, rules: [{name: beds, when: [src/], need: [docs/, README.md]}]}
  workflow-lint: {mode: advise}
  scope: {mode: advise, modules: [{name: beds, paths: [src/]}], auto: [beds], beside: [docs/]}
  red-zone: {mode: block, paths: [deploy/]}
  modes: {mode: block}
merge: {mode: on}
"""
STATUSES = frozenset(
    f"assay/{check}"
    for check in ("secret-leak", "contract", "base", "docs-drift", "workflow-lint", "scope", "red-zone", "modes")
)
"""What has to be there at the least; how many there are is counted."""


async def rows() -> list[Row]:
    """The rows of pushes that change no workflow, of those that do, and of an unchanged pull request."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        async with world(Path(folder), rules_cache_dir=RULES, log_level="error") as scene:
            await hook(scene)
            commit = await scene.sandbox.commit_files(REPOSITORY, "main", {PATH: POLICY}, author=OPERATOR)
            await scene.machine.policies.trust(scene.repo, commit, OPERATOR)
            numbers = [await _pull(scene, name) for name in range(PULLS)]
            plain, count = await _pushes(scene, workflow=False)
            linted, _ = await _pushes(scene, workflow=True)
            name = "push to last status, all checks on"
            return [
                *_latency(f"{name} ({count} statuses)", plain),
                *_latency(f"{name}, with a workflow", linted),
                *await _unchanged(scene, numbers[0]),
            ]


async def _pull(scene: World, name: int) -> int:
    await scene.sandbox.commit_files(REPOSITORY, _branch(name), _files(name, 0), author=AGENT)
    number = await scene.open_pull(AGENT, _branch(name), f"feat: beds {name}", FULL_BODY)
    await scene.settled()
    return number


async def _pushes(scene: World, *, workflow: bool) -> tuple[list[float], int]:
    """Gives the seconds from the push's answer to the last status, and how many statuses a head has."""
    times, count = list[float](), 0
    for push in range(1, PUSHES + WARM + 1):
        name = push % PULLS
        files = _files(name, push + (1000 if workflow else 0))
        if workflow:
            files[WORKFLOW] = JOB.format(push)
        scene.sandbox.reset_calls()
        head = await scene.sandbox.commit_files(REPOSITORY, _branch(name), files, author=AGENT)
        began = time.perf_counter()
        ended = await _last_status(scene, head, began)
        await scene.settled()
        count = len(await _contexts(scene, head))
        assert _written(scene, head) == count
        times.append(ended - began)
    return times[WARM:], count


async def _last_status(scene: World, head: str, began: float) -> float:
    """Gives the moment of the last status: when nothing was added to all of them while the bot came to rest."""
    count, last = 0, began
    while time.perf_counter() - began < DEADLINE:
        there = _written(scene, head)
        if there != count:
            count, last = there, time.perf_counter()
        if count >= len(STATUSES) and time.perf_counter() - last > 0.2:
            assert await _contexts(scene, head) >= STATUSES
            return last
        await asyncio.sleep(0.001)
    raise TimeoutError(f"{count} statuses after {DEADLINE:.0f} s")


def _written(scene: World, head: str) -> int:
    return sum(call.user == BOT and call.path.endswith(f"/statuses/{head}") for call in scene.sandbox.writes)


async def _contexts(scene: World, head: str) -> frozenset[str]:
    return frozenset(name for name in await scene.statuses(head) if name.startswith("assay/"))


async def _unchanged(scene: World, number: int) -> list[Row]:
    """One more look at a pull request on which nothing happened."""
    await scene.settled()
    scene.sandbox.reset_calls()
    await scene.machine.engine.submit(Target(repository=REPOSITORY, number=number, kind=Kind.PULL))
    await scene.settled()
    calls = sum(call.user == BOT for call in scene.sandbox.calls)
    writes = sum(call.user == BOT for call in scene.sandbox.writes)
    told = "of an unchanged pull request, all checks on"
    return [
        Row(name=f"API calls {told}", value=calls, unit="calls", budget="at most 8", ok=0 < calls <= 8),
        Row(name=f"writes {told}", value=writes, unit="calls", budget="0", ok=not writes),
    ]


def _latency(name: str, times: list[float]) -> list[Row]:
    ordered = sorted(times)
    middle, late = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    return [
        Row(name=f"{name}, p50", value=middle * 1e3, unit="ms", budget="under 1000", ok=middle < 1),
        Row(name=f"{name}, p99", value=late * 1e3, unit="ms", budget="under 1000", ok=late < 1),
    ]


def _branch(name: int) -> str:
    return f"bench-all-{name}"


def _files(name: int, push: int) -> dict[str, str | bytes | None]:
    return {f"src/bed_{name}/part_{n}.py": f"PART = {push}\n" * 50 for n in range(FILES)}
