"""What tests of the sandbox hold in their hands: its clients, a webhook receiver, a clean git."""

import asyncio
import base64
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bot.sandbox import Sandbox

GARDEN = "/repos/workshop/garden"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 10) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Arrival:
    """A delivery as it came in."""

    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any]

    @property
    def kind(self) -> tuple[str, str | None]:
        return self.headers["X-Forgejo-Event-Type"], self.body.get("action")


@dataclass
class World:
    """A started sandbox, its accounts' tokens and what a webhook receiver got."""

    sandbox: Sandbox
    client: httpx.AsyncClient
    tokens: dict[str, str]
    receiver: str
    clock: Clock
    arrivals: list[Arrival] = field(default_factory=list)

    async def call(self, user: str | None, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"token {self.tokens[user]}"} if user else {}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def made(self, user: str, method: str, path: str, **options: Any) -> Any:
        response = await self.call(user, method, path, **options)
        assert response.is_success, (method, path, response.status_code, response.text)
        return response.json() if response.content else None

    async def write(self, user: str, path: str, text: str, **options: str) -> Any:
        body = {"content": base64.b64encode(text.encode()).decode(), "message": f"Write {path}", **options}
        return await self.made(user, "POST", f"{GARDEN}/contents/{path}", json=body)

    async def hook(self, secret: str = "", **options: Any) -> dict[str, Any]:
        config = {"url": self.receiver, "content_type": "json", "secret": secret}
        events = ["push", "create", "delete", "fork", "issues", "pull_request"]
        body = {"type": "forgejo", "active": True, "events": events, "config": config} | options
        return await self.made("operator", "POST", f"{GARDEN}/hooks", json=body)

    async def deliveries(self) -> list[Arrival]:
        """What arrived since the last look."""
        await self.sandbox.hooks_idle()
        got = list(self.arrivals)
        self.arrivals.clear()
        return got


async def run_git(*arguments: str, cwd: Path | None = None) -> tuple[int, str]:
    """Runs git without the machine's settings; gives exit code and output."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "codex", f"GIT_{role}_EMAIL": "codex@example.invalid"}
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=cwd,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()
