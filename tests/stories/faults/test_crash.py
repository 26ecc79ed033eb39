"""Power cuts: what was acknowledged is done, and nothing is done twice. `ASSAY_CRASH_ROUNDS` sets how often."""

import asyncio
import os
import sqlite3
from pathlib import Path

import httpx
import pytest

from bot.sandbox.world import AGENT, REPOSITORY
from tests.stories.stage import Stage

pytestmark = pytest.mark.long

ROUNDS = int(os.environ.get("ASSAY_CRASH_ROUNDS", "5"))
TOKEN = "FORGEJO_TOKEN="


def delivered(root: Path) -> set[str]:
    with sqlite3.connect(root / "data" / "assay.db") as database:
        return {row[0] for row in database.execute("select id from deliveries")}


@pytest.mark.timeout(900)
async def test_a_delivery_answered_202_survives_a_kill_right_after_the_answer(stage: Stage, tmp_path: Path) -> None:
    heads, names, numbers = [], [], []
    async with httpx.AsyncClient() as client:
        await stage.server.start()
        for round_ in range(ROUNDS):
            leak = round_ % 2 == 0
            number, head = await stage.pull(
                f"change-{round_}", f"{TOKEN}{os.urandom(20).hex()}\n" if leak else "A = 1\n"
            )
            status, name = await stage.server.deliver(client, number, AGENT)
            await stage.server.kill()
            assert status == 202
            heads.append(head)
            names.append(name)
            numbers.append(number)
            await stage.server.start()
    assert await stage.until_judged(heads) == ["failure" if n % 2 == 0 else "success" for n in range(ROUNDS)]
    await stage.server.stop()
    assert delivered(tmp_path) >= set(names)
    assert [await stage.reports(number) for number in numbers] == [1] * ROUNDS


@pytest.mark.timeout(900)
async def test_a_kill_while_the_report_is_written_leaves_exactly_one(stage: Stage) -> None:
    async with httpx.AsyncClient() as client:
        await stage.server.start()
        for round_ in range(ROUNDS):
            number, head = await stage.pull(f"change-{round_}", f"{TOKEN}{os.urandom(20).hex()}\n")
            stage.sandbox.reset_calls()
            await stage.server.deliver(client, number, AGENT)
            await stage.report_arrives()
            await asyncio.sleep(0.001 * (round_ % 5))
            await stage.server.kill()
            await stage.server.start()
            assert await stage.until_judged([head]) == ["failure"]
            assert await stage.reports(number) == 1
            text = (await stage.operator.getitem(f"/repos/{REPOSITORY}/issues/{number}/comments"))[0]["body"]
            assert "by somebody else" not in text
