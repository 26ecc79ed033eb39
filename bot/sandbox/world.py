"""A whole small world for the demo, the tests and the benchmark: the sandbox, the bot beside it, and people who push.

The bot in it is the production program: it hears webhooks over a socket and fetches git over HTTP.
"""

import asyncio
import os
import re
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.app import Machine, Service, assemble, now
from bot.config import Settings
from bot.forgejo.httpx import HttpxForgejo
from bot.model import Repo, Target
from bot.sandbox.server import Sandbox
from bot.sandbox.servers import FORGEJO_16, Server

OPERATOR = "operator"
BOT = "assay-bot"
AGENT = "codex"
WRITER = "iskra"
OUTSIDER = "wanderer"
REPOSITORY = "workshop/garden"
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000
FILES = {
    "README.md": "# Garden\n\nPlans beds and waters them.\n",
    "garden/plan.py": "def total(beds):\n    return sum(beds)\n",
    "docs/watering.md": "Water in the morning.\n",
}


class Checkout:
    """Somebody's working copy, used with the `git` program over HTTP."""

    def __init__(self, folder: Path, login: str, token: str, server: str) -> None:
        self.folder = folder
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": login,
            "GIT_AUTHOR_EMAIL": f"{login}@example.invalid",
            "GIT_COMMITTER_NAME": login,
            "GIT_COMMITTER_EMAIL": f"{login}@example.invalid",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{server}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: token {token}",
        }

    async def git(self, *arguments: str, stdin: str = "") -> str:
        """Gives the output of a git command. Raises RuntimeError with git's message when it fails."""
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=self.folder,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate(stdin.encode())
        if process.returncode:
            raise RuntimeError(f"git {arguments[0]}: {errors.decode(errors='replace').strip()[:500]}")
        return output.decode(errors="replace").strip()

    async def commit(self, message: str, files: Mapping[str, str | bytes | None]) -> str:
        """Gives the id of a commit that writes files (None deletes one)."""
        for name, content in files.items():
            place = self.folder / name
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        await self.git("add", "--all", "--", ".")
        await self.git("commit", "--quiet", "--allow-empty", "--file", "-", stdin=message)
        return await self.git("rev-parse", "HEAD")

    async def branch(self, name: str, start: str = "origin/main") -> None:
        """Begins a branch."""
        await self.git("switch", "--quiet", "--no-track", "--create", name, start)

    async def push(self, branch: str, *, force: bool = False) -> None:
        """Pushes HEAD to a branch of the server."""
        await self.git("push", "--quiet", *(["--force"] if force else []), "origin", f"HEAD:refs/heads/{branch}")


@dataclass
class World:
    """The running world. `api` has a client for each person, `repository` and `bot` are what they are called now.

    `others` are the machines of further processes that share the work of the bot.
    """

    root: Path
    sandbox: Sandbox
    machine: Machine
    service: Service
    address: str
    tokens: Mapping[str, str]
    api: Mapping[str, HttpxForgejo]
    repository: str = REPOSITORY
    bot: str = BOT
    others: list[Machine] = field(default_factory=list)
    _clones: list[Path] = field(default_factory=list)

    @property
    def repo(self) -> Repo:
        """The repository that most of the world happens in, with the server's id."""
        return self.repo_called(self.repository)

    def target(self, number: str) -> Target:
        """Return a target of that repository by its sign and number, such as `!3`."""
        parsed = Target.parse(f"{self.repository}{number}")
        return self.repo.target(parsed.number, parsed.kind)

    def repo_called(self, name: str) -> Repo:
        """Return a repository of the sandbox with its id."""
        return Repo(id=self.sandbox.repository_id(name), name=name)

    async def clone(self, login: str, repository: str = "") -> Checkout:
        """Gives a fresh working copy of somebody."""
        folder = self.root / "clones" / f"{login}-{len(self._clones)}"
        folder.mkdir(parents=True)
        self._clones.append(folder)
        checkout = Checkout(folder, login, self.tokens[login], self.sandbox.url)
        await checkout.git("clone", "--quiet", f"{self.sandbox.url}/{repository or self.repository}.git", ".")
        return checkout

    async def open_pull(self, login: str, branch: str, title: str, body: str = "", **more: Any) -> int:
        """Opens a pull request into main as somebody, and gives its number."""
        data = {"title": title, "body": body, "base": "main", "head": branch, **more}
        answer = await self.api[login].post(f"/repos/{self.repository}/pulls", data)
        return int(answer["number"])

    async def settled(self) -> None:
        """Returns when every event was heard, every target looked at, and what that caused too."""
        await self.sandbox.hooks_idle()
        await self.service.worker.settled()
        await self.sandbox.hooks_idle()
        await self.service.worker.settled()

    async def report(self, number: int) -> dict[str, Any] | None:
        """Gives the bot's report comment on a target, if there is one."""
        found = await self.reports(number)
        return found[0] if found else None

    async def reports(self, number: int) -> list[dict[str, Any]]:
        """Gives the bot's report comments on a target: one, or none."""
        report = re.compile(rf"<!-- assay:[^\s:!#]+[!#]{number} -->")
        return [comment for comment in await self.said(number) if report.match(comment["body"])]

    async def said(self, number: int, purpose: str = "") -> list[dict[str, Any]]:
        """Gives all comments of the bot on a target, or those of one purpose (`judge`, `answer-41`)."""
        comments = await self.api[OPERATOR].getitem(f"/repos/{self.repository}/issues/{number}/comments")
        mine = [comment for comment in comments or [] if comment["user"]["login"] == self.bot]
        return [comment for comment in mine if not purpose or f":{purpose} -->" in comment["body"].splitlines()[0]]

    async def reactions(self, comment: int) -> list[str]:
        """Gives the bot's reactions to a comment."""
        found = await self.api[OPERATOR].getitem(f"/repos/{self.repository}/issues/comments/{comment}/reactions")
        return sorted(reaction["content"] for reaction in found or [] if reaction["user"]["login"] == self.bot)

    async def open_issue(self, login: str, title: str, body: str = "") -> int:
        """Opens an issue as somebody, and gives its number."""
        answer = await self.api[login].post(f"/repos/{self.repository}/issues", {"title": title, "body": body})
        return int(answer["number"])

    async def write(self, login: str, number: int, body: str) -> int:
        """Writes a comment as somebody, and gives its id."""
        answer = await self.api[login].post(f"/repos/{self.repository}/issues/{number}/comments", {"body": body})
        return int(answer["id"])

    async def labels(self, number: int) -> list[str]:
        """Gives the names of a target's labels."""
        found = await self.api[OPERATOR].getitem(f"/repos/{self.repository}/issues/{number}/labels")
        return sorted(label["name"] for label in found or [])

    async def statuses(self, sha: str) -> dict[str, str]:
        """Gives the newest state of each context on a commit."""
        combined = await self.api[OPERATOR].getitem(f"/repos/{self.repository}/commits/{sha}/status")
        return {status["context"]: status["status"] for status in combined["statuses"] or []}


def free_port() -> int:
    """Gives a port of loopback that nobody listens on now, and that no connection is given by chance.

    Those of connections come from the system's own range, which begins at 32768 or above: a server that is started
    again on its port could find it taken by one.
    """
    while True:
        port = LOWEST_PORT + secrets.randbelow(HIGHEST_PORT - LOWEST_PORT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


async def people(sandbox: Sandbox) -> dict[str, str]:
    """Makes the accounts and the repository of the world, and gives everybody's token."""
    tokens = {OPERATOR: sandbox.add_user(OPERATOR, admin=True)}
    tokens |= {login: sandbox.add_user(login) for login in (BOT, AGENT, WRITER, OUTSIDER)}
    sandbox.add_org("workshop", owner=OPERATOR)
    await sandbox.add_repo(REPOSITORY, files=FILES)
    sandbox.grant(REPOSITORY, BOT, "admin")
    sandbox.grant(REPOSITORY, AGENT, "write")
    sandbox.grant(REPOSITORY, WRITER, "write")
    return tokens


def settings_for(root: Path, sandbox: Sandbox, token: str, **more: Any) -> Settings:
    """Gives the bot's settings in the world."""
    values: dict[str, Any] = {
        "forgejo_url": sandbox.url,
        "token": SecretStr(token),
        "data_dir": root / "data",
        "operators": (OPERATOR,),
        "port": free_port(),
        **more,
    }
    return Settings(**values)


@asynccontextmanager
async def world(
    root: Path,
    *,
    server: Server = FORGEJO_16,
    clock: Callable[[], datetime] = now,
    server_clock: Callable[[], datetime] | None = None,
    port: int = 0,
    **more: Any,
) -> AsyncIterator[World]:
    """Starts sandbox and bot, and ends both. `more` are settings of the bot; `server` and `port` are the sandbox's.

    `server_clock` is that of a sandbox whose time is another one than the bot's.
    """
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(root / "forge", server=server, clock=server_clock or clock)
        await sandbox.start(port=port)
        stack.push_async_callback(sandbox.stop)
        tokens = await people(sandbox)
        api = {
            login: await stack.enter_async_context(HttpxForgejo(sandbox.url, token)) for login, token in tokens.items()
        }
        settings = settings_for(root, sandbox, tokens[BOT], **more)
        machine = await stack.enter_async_context(assemble(settings, clock))
        service = Service(machine, clock)
        address = await stack.enter_async_context(service.running())
        await machine.account.known.wait()
        yield World(root, sandbox, machine, service, address, tokens, api)
