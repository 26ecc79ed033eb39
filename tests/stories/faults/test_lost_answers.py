"""Writes whose answers are lost: nobody is accused of them."""

import asyncio

import pytest

from bot.engine import Lease
from bot.sandbox.faults import Fault
from bot.sandbox.world import AGENT, World
from tests.stories.houses import counted
from tests.stories.pushes import clean_pull, token_line

pytestmark = pytest.mark.long


EDITS = r"/issues/comments/[0-9]+$"


async def evaluated(scene: World, number: int, *faults: Fault) -> None:
    """One evaluation with faults, whether it can write or not."""
    scene.sandbox.faults[:] = faults
    await scene.machine.reconciler.run(Lease(scene.target(f"!{number}"), asyncio.Event()))


async def test_lost_and_failed_writes_of_a_report_accuse_nobody(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    scene.sandbox.hooks_paused = True
    for turn in range(2):
        await scene.write(AGENT, number, token_line())
        await evaluated(scene, number, Fault("lost", EDITS, "PATCH"))
        await scene.write(AGENT, number, token_line())
        await evaluated(scene, number, Fault("500", EDITS, "PATCH"))
        await evaluated(scene, number)
        (report,) = await scene.reports(number)
        assert f"{2 * turn + 2} leaked secrets" in report["body"]
        assert "somebody else" not in report["body"]
    assert counted(scene, "assay_restores_total", kind="comment") == 0
