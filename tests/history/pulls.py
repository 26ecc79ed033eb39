"""A pull request in a repository of the test, as the bot reads it."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.forgejo.httpx import HttpxForgejo
from bot.git.mirror import Mirrors
from bot.git.process import GitError, GitLimits
from bot.history.history import Heads, Histories, History, HistoryLimits
from bot.model import Leak
from bot.scan.scanner import Scanner
from tests.gitwork import REPOSITORY, Forge, Work


@dataclass
class Pull:
    """One pull request of the branch `topic`, and how the bot reads it."""

    forge: Forge
    scanner: Scanner
    root: Path
    base: str
    opened: bool = False

    @property
    def work(self) -> Work:
        return self.forge.work

    async def push(self, *arguments: str) -> str:
        head = await self.forge.push(*(arguments or ("+HEAD:topic",)))
        if not self.opened:
            self.opened = True
            async with HttpxForgejo(self.forge.sandbox.url, self.forge.token) as client:
                body = {"title": "T", "base": "main", "head": "topic"}
                await client.post(f"/repos/{REPOSITORY}/pulls", body)
        return head

    def heads(self, head: str = "", *earlier: str) -> Heads:
        return Heads(REPOSITORY, 1, head or self.work.head(), self.base, "main", earlier=earlier)

    async def read(
        self, *earlier: str, head: str = "", commits: int = 500, files: int = 3000, **limits: Any
    ) -> History:
        mirrors = self.forge.other(self.root / secrets.token_hex(4), **limits)
        return await Histories(mirrors, self.scanner, HistoryLimits(commits, files)).read(self.heads(head, *earlier))


class Stumbling(Mirrors):
    """Git fails once at a command."""

    def __init__(self, forge: Forge, root: Path, command: str) -> None:
        super().__init__(root, forge.sandbox.url, lambda: forge.token, GitLimits())
        self.command = command

    async def run(self, folder: Path, *arguments: str, **how: Any) -> bytes:
        if arguments[0] == self.command:
            self.command = ""
            raise GitError("git took longer than 120 s and was ended")
        return await super().run(folder, *arguments, **how)


def token_line() -> str:
    return f"FORGEJO_TOKEN={secrets.token_hex(20)}\n"


def places(found: tuple[Leak, ...]) -> list[tuple[str, str, int, str, bool]]:
    return [
        (one.location.where, one.location.path, one.location.line, one.location.commit, one.dropped) for one in found
    ]
