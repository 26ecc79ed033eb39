"""The sandbox with the bot's process beside it, for stories in which that process dies."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox import Sandbox
from bot.sandbox.world import AGENT, BOT, REPOSITORY
from tests.stories.server import Server


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
        return next((one["status"] for one in combined["statuses"] or [] if one["context"] == "assay"), "")

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

    async def said(self, number: int) -> list[dict[str, Any]]:
        """The bot's comments on a target."""
        comments = await self.operator.getitem(f"/repos/{REPOSITORY}/issues/{number}/comments")
        return [comment for comment in comments or [] if comment["user"]["login"] == BOT]

    async def reports(self, number: int) -> int:
        """How many reports the bot has on a target."""
        return sum(one["body"].startswith(f"<!-- assay:{REPOSITORY}!{number} -->") for one in await self.said(number))

    async def hook(self) -> None:
        """Tells the repository's events to the process."""
        events = ["push", "pull_request", "pull_request_comment", "issues", "issue_comment"]
        config = {
            "url": self.server.webhook,
            "content_type": "json",
            "secret": self.server.secret,
        }
        data = {"type": "forgejo", "active": True, "events": events, "config": config}
        await self.operator.post(f"/repos/{REPOSITORY}/hooks", data)

    async def until(self, seen: Callable[[], Awaitable[object]]) -> None:
        """Waits until something is seen."""
        deadline = asyncio.get_running_loop().time() + 60
        while not await seen():
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError((self.server.root / "serve.log").read_text()[-3000:])
            await asyncio.sleep(0.05)
