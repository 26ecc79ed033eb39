"""The sandbox in a process of its own, as the benchmarks use it."""

import asyncio
from pathlib import Path

import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import AGENT, BOT, REPOSITORY
from tests.bench.harness.forge import running_forge


@pytest.mark.long
async def test_it_pushes_stages_counts_and_delays(tmp_path: Path) -> None:
    async with running_forge(tmp_path) as forge, HttpxForgejo(forge.url, forge.tokens[BOT]) as bot:
        head, at = await forge.pushed("beds", {"beds.py": "BEDS = 3\n"})
        number = await forge.pull("beds", "feat: beds")
        staged = await forge.ask("stage", repositories=3, issues=2, pulls=1)
        await forge.ask("comments", number=number, count=7)
        pull = await bot.getitem(f"/repos/{REPOSITORY}/pulls/{number}")
        assert (pull["head"]["sha"], pull["comments"]) == (head, 7)
        assert [name for _, name in staged] == ["workshop/plot-0000", "workshop/plot-0001", "workshop/plot-0002"]
        listed = await bot.getitem(f"/repos/{staged[2][1]}/issues")
        assert [(one["number"], one["pull_request"] is not None) for one in listed] == [
            (3, True),
            (2, False),
            (1, False),
        ]
        assert await forge.ask("calls") == {"GET /pulls/N": 1, "GET /issues": 1}
        assert await forge.ask("calls", user=AGENT) == {"POST /pulls": 1}
        assert (await forge.ask("times", path=r"/pulls/\d+$"))[0] >= at
        await forge.ask("delay", seconds=0.2)
        begun = asyncio.get_running_loop().time()
        await bot.getitem("/user")
        assert asyncio.get_running_loop().time() - begun >= 0.2


@pytest.mark.long
async def test_a_fault_of_an_action_is_raised_where_it_was_asked_for(tmp_path: Path) -> None:
    async with running_forge(tmp_path) as forge:
        with pytest.raises(RuntimeError, match="there is no user 'nobody'"):
            await forge.ask("commit", branch="a", files={"a": "b"}, author="nobody")
