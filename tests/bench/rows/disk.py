"""The mirrors' space: superseding pushes on a large pull request, a fetch and a mirror over their bounds."""

import asyncio
import os
import tempfile
import time
from pathlib import Path

from bot.git import GitError, GitLimits, Mirrors
from bot.sandbox.world import AGENT, REPOSITORY, World, world
from tests.bench.harness.figures import Row
from tests.stories.conftest import hook
from tests.stories.server import RULES

MIB = 1024 * 1024
LARGE = int(os.environ.get("ASSAY_BENCH_MIB", "300"))
PUSHES = 20
FILE_MIB = 4
PAUSE = 1.0


async def rows() -> list[Row]:
    """Megabytes in the folder of the mirrors, and what was left behind."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        async with world(Path(folder), rules_cache_dir=RULES) as scene:
            await hook(scene)
            head, found = await _superseded(scene)
            return [*found, *await _over_bounds(scene, head, Path(folder))]


async def _superseded(scene: World) -> tuple[str, list[Row]]:
    checkout = await scene.clone(AGENT)
    await checkout.branch("large")
    files = {f"data/{n}.bin": os.urandom(FILE_MIB * MIB) for n in range(LARGE // FILE_MIB)}
    await checkout.commit("Much", files)
    await checkout.push("large")
    begun, highest = time.monotonic(), 0.0
    number = await scene.open_pull(AGENT, "large", "feat: much data")
    for push in range(PUSHES):
        head = await checkout.commit(f"Push {push}", {"small.txt": f"{push}\n"})
        await checkout.push("large")
        await asyncio.sleep(PAUSE)
        highest = max(highest, _megabytes(scene.machine.mirrors.root))
    await scene.service.worker.settled(600)
    seconds, left = time.monotonic() - begun, _megabytes(scene.machine.mirrors.root)
    statuses = await scene.statuses(head)
    assert "assay/secret-leak" in statuses, (number, statuses)
    name = f"{PUSHES} superseding pushes on {LARGE} MB (secret-leak: {statuses['assay/secret-leak']})"
    most = LARGE * 1.2
    return head, [
        Row(name=f"{name}: highest", value=highest, unit="MB", budget=f"under {most:.0f}", ok=highest < most),
        Row(name=f"{name}: at the end", value=left, unit="MB", budget=f"under {most:.0f}", ok=left < most),
        Row(name=f"{name}: until the last report", value=seconds, unit="s", budget="none", ok=True),
    ]


async def _over_bounds(scene: World, head: str, folder: Path) -> list[Row]:
    found = []
    bounds = {
        "one fetch": GitLimits(fetch_bytes=LARGE * MIB // 6),
        "one mirror": GitLimits(mirror_bytes=LARGE * MIB // 6),
    }
    for name, limits in bounds.items():
        made = Mirrors(folder / name.replace(" ", "-"), scene.sandbox.url, lambda: scene.tokens[AGENT], limits)
        mirror = made.mirror(REPOSITORY)
        why = "it was fetched"
        try:
            await mirror.fetch({"refs/heads/large": head})
        except GitError as fault:
            why = str(fault)
        left = _megabytes(made.root)
        await made.close()
        found.append(
            Row(name=f"over the bound of {name} ({why}): left", value=left, unit="MB", budget="under 1", ok=left < 1)
        )
    return found


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MIB
