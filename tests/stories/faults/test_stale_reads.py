"""Reads that a cache answers with what was there a moment ago: nobody is accused of what they show."""

import asyncio

import pytest

from bot.engine import Lease
from bot.sandbox.faults import Fault
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, WRITER, World
from tests.stories.houses import counted
from tests.stories.pushes import clean_pull, token_line

pytestmark = pytest.mark.long


async def evaluated(scene: World, number: int, *stale: str) -> None:
    """One evaluation in which the first read of each of these addresses is answered as it was a moment ago."""
    scene.sandbox.faults[:] = [Fault("stale", path, "GET", times=1, seconds=60.0) for path in stale]
    await scene.machine.reconciler.run(Lease(scene.target(f"!{number}"), asyncio.Event()))


def restores(scene: World, kind: str) -> float:
    return counted(scene, "assay_restores_total", kind=kind)


async def test_a_report_that_is_not_listed_yet_is_neither_doubled_nor_told_as_deleted(scene: World) -> None:
    scene.sandbox.keeps_earlier_answers = True
    number, _ = await clean_pull(scene)
    await scene.settled()
    comments = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/issues/{number}/comments")
    assert len(comments) >= 1
    scene.sandbox.hooks_paused = True
    await scene.write(AGENT, number, token_line())
    await evaluated(scene, number)
    await evaluated(scene, number, f"/issues/{number}/comments$", f"/issues/{number}/timeline", "/status")
    (report,) = await scene.reports(number)
    assert "somebody else" not in report["body"]
    assert restores(scene, "comment") == 0


async def test_a_change_that_is_still_there_at_the_second_look_is_told_once(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    scene.sandbox.hooks_paused = True
    (report,) = await scene.reports(number)
    path = f"/repos/{REPOSITORY}/issues/comments/{report['id']}"
    await scene.api[WRITER].patch(path, {"body": "all is well"})
    await evaluated(scene, number)
    assert "edited by somebody else; restored once" in (await scene.reports(number))[0]["body"]
    assert restores(scene, "comment") == 1
