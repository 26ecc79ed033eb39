"""An outsider's pull request that wears the disk out: what is left behind, and what the report says."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.git import GitLimits
from bot.git.fetching.incoming import size_of
from bot.sandbox.world import AGENT, OPERATOR, World, world
from tests.stories.conftest import hook
from tests.stories.pushes import clean_pull
from tests.stories.server import RULES
from tests.waiting import until

pytestmark = pytest.mark.long

MIB = 1024 * 1024
PIECE = MIB // 4


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose bot receives little at once."""
    limits = {"max_fetch_bytes": 4 * PIECE, "max_mirror_bytes": 20 * PIECE, "max_mirrors_bytes": 20 * PIECE}
    async with world(tmp_path, rules_cache_dir=RULES, **limits) as scene:
        await hook(scene)
        yield scene


def left(scene: World) -> list[str]:
    """What commands that have ended left below the mirrors."""
    names = ("tmp_", ".tmp-", "incoming-", "dropped-")
    return [path.name for path in scene.machine.mirrors.root.rglob("*") if path.name.startswith(names)]


async def large_pull(scene: World, pieces: int, branch: str = "codex/much") -> tuple[int, str]:
    checkout = await scene.clone(AGENT)
    await checkout.branch(branch)
    head = await checkout.commit("Much", {f"data/{n}.bin": os.urandom(PIECE) for n in range(pieces)})
    await checkout.push(branch)
    return await scene.open_pull(AGENT, branch, "feat: much data"), head


async def test_a_pull_request_over_the_bound_is_an_error_that_says_what_to_do_and_leaves_nothing(small: World) -> None:
    number, head = await large_pull(small, 8)
    await small.settled()
    report, statuses = await small.report(number), await small.statuses(head)
    assert report is not None
    assert "exceeds the bound of 1 MiB for one fetch" in report["body"]
    assert "ASSAY_MAX_FETCH_BYTES" in report["body"]
    assert statuses["assay/secret-leak"] == "error"
    assert left(small) == []
    assert size_of(small.machine.mirrors.root) < PIECE


async def test_other_pull_requests_of_the_repository_are_judged_all_the_same(small: World) -> None:
    await large_pull(small, 8)
    number, head = await clean_pull(small)
    await small.settled()
    assert await small.report(number) is not None
    assert (await small.statuses(head))["assay"] == "success"


async def test_a_force_push_that_drops_what_was_too_much_does_not_make_it_checked(small: World) -> None:
    number, head = await large_pull(small, 8)
    await small.settled()
    assert (await small.statuses(head))["assay/secret-leak"] == "error"
    checkout = await small.clone(AGENT)
    await checkout.branch("again")
    head = await checkout.commit("Less", {"small.txt": "1\n"})
    await checkout.push("codex/much", force=True)
    await small.settled()
    report = await small.report(number)
    assert report is not None
    assert "exceeds the bound" in report["body"]
    assert (await small.statuses(head))["assay/secret-leak"] == "error"


async def test_a_mirror_over_its_bound_is_begun_anew_and_judges_again(small: World) -> None:
    for number in range(7):
        await large_pull(small, 3, f"codex/much-{number}")
        await small.settled()
    number, head = await clean_pull(small)
    await small.settled()
    await small.service.worker.settled()
    assert (await small.statuses(head))["assay"] == "success"
    assert size_of(small.machine.mirrors.root) <= 20 * PIECE
    assert left(small) == []
    assert await small.report(number) is not None


async def test_superseding_pushes_share_one_fetch_and_leave_nothing(scene: World) -> None:
    number, _ = await large_pull(scene, 48)
    await until(lambda: any(scene.machine.mirrors.root.glob("incoming-*")))
    checkout = await scene.clone(AGENT)
    await checkout.branch("again", "origin/codex/much")
    for push in range(5):
        head = await checkout.commit(f"Push {push}", {"small.txt": f"{push}\n"})
        await checkout.push("codex/much")
        await asyncio.sleep(0.2)
    await scene.service.worker.settled(120)
    assert await scene.report(number) is not None
    assert "assay" in await scene.statuses(head)
    assert size_of(scene.machine.mirrors.root) < 14 * MIB
    assert left(scene) == []


async def test_a_time_limit_that_ends_each_fetch_leaves_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        await hook(scene)
        await scene.settled()
        number, _ = await large_pull(scene, 120)
        scene.machine.mirrors._git = type(scene.machine.mirrors._git)(
            GitLimits(seconds=0.2), scene.machine.mirrors._told
        )
        for _ in range(5):
            await scene.api[OPERATOR].post(f"/repos/{scene.repository}/issues/{number}/comments", {"body": "Once more"})
            await asyncio.sleep(0.5)
        assert size_of(scene.machine.mirrors.root) < 31 * MIB
        await until(lambda: left(scene) == [])
