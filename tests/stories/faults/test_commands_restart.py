"""Commands and power cuts: what was heard is done once, what was not heard is asked for again."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY
from tests.stories.checks.test_commanding import clocked
from tests.stories.checks.test_judging import MATTER, again
from tests.stories.stage import Stage

pytestmark = pytest.mark.long

ISSUES = f"/repos/{REPOSITORY}/issues"


async def write(stage: Stage, number: int, body: str) -> int:
    answer = await stage.operator.post(f"{ISSUES}/{number}/comments", {"body": body})
    return int(answer["id"])


async def reacted(stage: Stage, comment: int) -> list[str]:
    found = await stage.operator.getitem(f"{ISSUES}/comments/{comment}/reactions")
    return sorted(one["content"] for one in found or [] if one["user"]["login"] == BOT)


async def labels(stage: Stage, number: int) -> set[str]:
    found = await stage.operator.getitem(f"{ISSUES}/{number}/labels")
    return {label["name"] for label in found or [] if label["name"].startswith("judge/")}


async def done(stage: Stage, comment: int) -> bool:
    return "+1" in await reacted(stage, comment)


def decided(root: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(root / "data" / "assay.db") as database:
        return database.execute("select comment_id, line, command, refused != '' from decisions").fetchall()


@pytest.mark.timeout(300)
async def test_a_command_that_was_heard_runs_once_across_kills(stage: Stage, tmp_path: Path) -> None:
    await stage.server.start()
    await stage.hook()
    number = (await stage.agent.post(ISSUES, {"title": "chore: narrow the runner's account", "body": MATTER}))["number"]
    await stage.until(lambda: labels(stage, number))

    heard = await write(stage, number, "/priority p0\n/explain judge")
    await stage.sandbox.hooks_idle()
    await stage.server.kill()
    for _ in range(3):
        await stage.server.start()
        await stage.until(lambda: reacted(stage, heard))
        await stage.server.kill()
    await stage.server.start()
    await stage.until(lambda: done(stage, heard))

    assert await reacted(stage, heard) == ["+1", "eyes"]
    assert await labels(stage, number) == {"judge/p0", "judge/operator-needed"}
    said = sorted(one["body"].splitlines()[0] for one in await stage.said(number))
    assert said == [f"<!-- assay:{REPOSITORY}#{number}:{purpose} -->" for purpose in (f"answer-{heard}", "judge")]
    assert decided(tmp_path) == [(heard, 1, "priority", 0), (heard, 2, "explain", 0)]


async def test_a_command_that_was_not_heard_is_asked_for_again(tmp_path: Path) -> None:
    async with clocked(tmp_path) as (scene, minutes):
        number = await scene.open_issue(AGENT, "chore: narrow the runner's account", MATTER)
        await scene.settled()
        (hooked,) = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/hooks")
        await scene.api[OPERATOR].delete(f"/repos/{REPOSITORY}/hooks/{hooked['id']}")
        unheard = await scene.write(OPERATOR, number, "/priority p2")
        for minute, reactions in ((0, []), (2, ["confused"])):
            minutes[0] = minute
            await again(scene, number)
            assert await scene.reactions(unheard) == reactions
        (reply,) = await scene.said(number, f"answer-{unheard}")
        assert "post it again as a new comment" in reply["body"]
        assert "judge/p2" not in await scene.labels(number)
