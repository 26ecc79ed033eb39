"""The sandbox in a process of its own, so that it takes no time of the process that is measured."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import AGENT, BOT, REPOSITORY
from tests.bench.harness.forge_process import LINE_BYTES

EVENTS = ("push", "pull_request", "pull_request_comment", "issues", "issue_comment")
WAIT_SECONDS = 120.0
CALM_SECONDS = 0.3


class Forge:
    """A running sandbox. `url` is its address, `tokens` are those of its people (`bot.sandbox.world`)."""

    def __init__(self, process: asyncio.subprocess.Process, told: Mapping[str, Any]) -> None:
        self.url: str = told["url"]
        self.tokens: Mapping[str, str] = told["tokens"]
        self.pid = process.pid
        self._process = process
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._last = 0
        self._ids: dict[str, int] = {}
        self._reading = asyncio.create_task(self._read())

    async def ask(self, action: str, **arguments: Any) -> Any:
        """The result of an action of `Actions`. Raises RuntimeError with the error that it raised there."""
        assert self._process.stdin is not None
        self._last += 1
        answer = self._asked[self._last] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": self._last, "action": action, "arguments": arguments})
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()
        return await answer

    def repository_id(self, name: str) -> int:
        """The number of the world's repository, or of one that `learn` was asked about."""
        return self._ids[name]

    async def learn(self, name: str = REPOSITORY) -> int:
        """Asks for the number of a repository."""
        self._ids[name] = await self.ask("repository_id", name=name)
        return self._ids[name]

    async def hook(self, owner: HttpxForgejo, url: str, secret: str, repository: str = REPOSITORY) -> None:
        """Lets a repository send its events to an address, as `assay setup` does."""
        config = {"url": url, "content_type": "json", "secret": secret}
        data = {"type": "forgejo", "active": True, "events": list(EVENTS), "config": config}
        await owner.post(f"/repos/{repository}/hooks", data)

    async def pushed(self, branch: str, files: Mapping[str, str | None]) -> tuple[str, float]:
        """Pushes files; returns the head, and when that was."""
        told = await self.ask("commit", branch=branch, files=dict(files))
        return told["head"], told["at"]

    async def pull(self, branch: str, title: str, body: str = "") -> int:
        """Opens a pull request of a branch as the agent, and returns its number."""
        async with HttpxForgejo(self.url, self.tokens[AGENT]) as agent:
            data = {"title": title, "body": body, "base": "main", "head": branch}
            return int((await agent.post(f"/repos/{REPOSITORY}/pulls", data))["number"])

    async def until_called(
        self, path: str, count: int = 1, *, method: str = "POST", seconds: float = WAIT_SECONDS
    ) -> list[float]:
        """When the bot's first `count` requests of a method to a path arrived, which is a regular expression.

        Raises TimeoutError if they don't.
        """
        found: list[float] = []
        async with asyncio.timeout(seconds):
            while len(found) < count:
                found = await self.ask("times", path=path, method=method, user=BOT)
                if len(found) < count:
                    await asyncio.sleep(0.005)
        return found[:count]

    async def until_written(self, head: str, since: float) -> float:
        """When the last of the bot's writes arrived, of which a status of a head is one: nothing came for 0.3 s.

        Raises TimeoutError.
        """
        await self.until_called(f"/statuses/{head}$")
        found: list[float] = []
        while True:
            before, found = found, await self.ask("writes", since=since)
            if found and found == before:
                return found[-1]
            await asyncio.sleep(CALM_SECONDS)

    async def end(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            answer = self._asked.pop(told["id"])
            if answer.done():  # who asked has given up
                continue
            if "fault" in told:
                answer.set_exception(RuntimeError(told["fault"]))
            else:
                answer.set_result(told["result"])
        for answer in self._asked.values():
            answer.set_exception(RuntimeError("the sandbox's process ended"))


@asynccontextmanager
async def running_forge(root: Path) -> AsyncIterator[Forge]:
    """Start a sandbox with the people and the repository of `bot.sandbox.world`, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.bench.harness.forge_process", str(root / "forge")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    forge = Forge(process, json.loads(await process.stdout.readline()))
    try:
        await forge.learn()
        yield forge
    finally:
        await forge.end()
