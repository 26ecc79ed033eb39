"""Power cuts: what was acknowledged is done, and nothing is done twice. `ASSAY_CRASH_ROUNDS` sets how often."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox import Sandbox
from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY, people
from tests.stories.server import Server

ROUNDS = int(os.environ.get("ASSAY_CRASH_ROUNDS", "5"))
TOKEN = "FORGEJO_TOKEN="


class Stage:
    """The sandbox with the bot's process beside it."""

    def __init__(self, sandbox: Sandbox, server: Server, operator: HttpxForgejo, agent: HttpxForgejo) -> None:
        self.sandbox = sandbox
        self.server = server
        self.operator = operator
        self.agent = agent

    async def pull(self, name: str, content: str) -> tuple[int, str]:
        """A pull request that adds one file: its number and head."""
        head = await self.sandbox.commit_files(REPOSITORY, name, {f"{name}.env": content}, author=AGENT)
        data = {"title": f"feat: {name}", "base": "main", "head": name}
        return (await self.agent.post(f"/repos/{REPOSITORY}/pulls", data))["number"], head

    async def status(self, head: str) -> str:
        """The state of the bot's status, empty while there is none."""
        combined = await self.operator.getitem(f"/repos/{REPOSITORY}/commits/{head}/status")
        return next((one["status"] for one in combined["statuses"] or [] if one["context"] == "assay/secret-leak"), "")

    async def until_judged(self, heads: list[str]) -> list[str]:
        """Waits until every head has its status, and gives them."""
        deadline = asyncio.get_running_loop().time() + 90
        while asyncio.get_running_loop().time() < deadline:
            states = [await self.status(head) for head in heads]
            if all(states):
                return states
            await asyncio.sleep(0.05)
        raise TimeoutError((self.server.root / "serve.log").read_text()[-3000:])

    async def report_arrives(self) -> None:
        """Returns while the server is taking the bot's comment."""
        while not any(call.method == "POST" and call.path.endswith("/comments") for call in self.sandbox.calls):  # noqa: ASYNC110 - the sandbox lives in this loop; an event would come later
            await asyncio.sleep(0)

    async def reports(self, number: int) -> int:
        """How many comments the bot has on a target."""
        comments = await self.operator.getitem(f"/repos/{REPOSITORY}/issues/{number}/comments")
        return sum(comment["user"]["login"] == BOT for comment in comments or [])


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    sandbox = Sandbox(tmp_path / "forge")
    await sandbox.start()
    tokens = await people(sandbox)
    server = Server(tmp_path, sandbox, tokens)
    async with (
        HttpxForgejo(sandbox.url, tokens[OPERATOR]) as operator,
        HttpxForgejo(sandbox.url, tokens[AGENT]) as agent,
    ):
        yield Stage(sandbox, server, operator, agent)
    await server.stop()
    await sandbox.stop()


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
