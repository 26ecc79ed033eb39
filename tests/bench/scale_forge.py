"""A sandbox in its own process with many generated repositories, whose answers take a while; for `scale`."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from bot.sandbox import Sandbox
from bot.sandbox.records import Issue, Pull, Repo
from bot.sandbox.world import AGENT, BOT, REPOSITORY, people

OWNERS = 10
PULLS_OF_TEN = 1
HOT = 30
HEAD = "{:040x}"


class SlowSandbox(Sandbox):
    """Answers each request of the bot after `delay` seconds."""

    delay = 0.0

    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        await asyncio.sleep(self.delay)
        return await super()._answer(request, handler)

    def generate(self, repositories: int, targets: int) -> None:
        """Add empty repositories with open targets, of which one in ten is a pull request."""
        for owner in range(OWNERS):
            self.add_org(f"org{owner}")
        for place in range(repositories):
            self._repository(self._forge.user(f"org{place % OWNERS}"), f"r{place}", targets)

    def _repository(self, owner: object, name: str, targets: int) -> None:
        forge, number = self._forge, self._forge.next_id("repo")
        made = forge.now() - timedelta(days=30)
        repo = Repo(number, owner, name, self._parts.git.repos / f"{number}.git", made, made)  # type: ignore[arg-type]
        author = forge.account(AGENT)
        for index in range(1, targets + 1):
            head = HEAD.format(number * 1_000_000 + index)
            pull = Pull(forge.next_id("pull"), "main", head, repo, f"b{index}", head) if index % 10 == 0 else None
            title = f"feat: bed {index}"
            issue = Issue(forge.next_id("issue"), index, repo, author, title, "Beds.", made, made, pull=pull)
            repo.issues[index] = issue
        self._forge.keep(repo)
        self.grant(repo.full_name, BOT, "write")


async def run(folder: Path, repositories: int, targets: int, delay: float) -> None:
    """Serve until the input ends; tell the address, the tokens and the ids of the repositories first."""
    sandbox = SlowSandbox(folder)
    tokens = await people(sandbox)
    sandbox.generate(repositories, targets)
    for number in range(HOT):
        files = {f"src/{number}/part_{n}.py": f"PART = {n}\n" * 20 for n in range(5)}
        await sandbox.commit_files(REPOSITORY, f"hot-{number}", files, author=AGENT)
    await sandbox.start()
    sandbox.delay = delay
    ids = {repo.full_name: repo.id for repo in sandbox._forge.repos.values()}
    sys.stdout.write(json.dumps({"url": sandbox.url, "tokens": tokens, "ids": ids}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await sandbox.stop()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
