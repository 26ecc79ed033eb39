"""Plays recorded calls on a sandbox that was staged as the recorded server was, and keeps what it answered and sent.

A scene is a list of steps on a fresh sandbox: the name of a recorded call, such a name with who makes the call, or a
function that stages what the next calls need. Each scene is played once in a process.
"""

import asyncio
import base64
import functools
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from bot.sandbox import Sandbox, Server
from tests.sandbox.recordings import exchange
from tests.sandbox.world import Arrival, Clock

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
KEPT_HEADERS = ("Range", "If-Range", "If-Modified-Since", "If-None-Match", "Accept")
JUNK = {"auth-malformed-token": "x"}


@dataclass
class Stage:
    """A started sandbox, everybody's tokens, and what recordings call by other names than it does."""

    sandbox: Sandbox
    client: httpx.AsyncClient
    clock: Clock
    receiver: str
    tokens: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)

    def people(self, *logins: str) -> None:
        """Makes accounts."""
        self.tokens |= {login: self.sandbox.add_user(login) for login in logins}

    def next_ids(self, **ids: int) -> None:
        """Lets the next record of a kind have a recorded id."""
        for kind, number in ids.items():
            self.sandbox._forge._ids[kind] = number - 1

    async def call(self, user: str, method: str, path: str, body: Any = None) -> Any:
        """A call of the staging. Fails where it isn't answered as asked."""
        self.clock.tick(1)
        headers = {"Authorization": f"token {self.tokens[user]}"}
        response = await self.client.request(method, f"/api/v1{path}", headers=headers, json=body)
        assert response.is_success, (method, path, response.status_code, response.text)
        return response.json() if response.content else None

    async def commit(  # noqa: PLR0913, PLR0917 - who writes what where
        self, user: str, repo: str, branch: str, path: str, text: str = "x\n", message: str = ""
    ) -> str:
        """A commit of one file; gives its id."""
        self.clock.tick(1)
        return await self.sandbox.commit_files(
            repo, branch, {path: text}, author=user, message=message or f"add {path}\n"
        )

    async def pull(self, user: str, repo: str, branch: str, **more: Any) -> dict[str, Any]:
        """A pull request from a branch."""
        body = {"title": branch, "head": branch, "base": "main"} | more
        return dict(await self.call(user, "POST", f"/repos/{repo}/pulls", body))

    async def filler(self, user: str, repo: str, count: int) -> None:
        """Issues that take numbers."""
        for number in range(count):
            await self.call(user, "POST", f"/repos/{repo}/issues", {"title": f"Filler {number}"})

    async def replay(self, server: Server, name: str, user: str | None) -> None:
        """Makes a recorded call and keeps the answer."""
        recorded = exchange(name, server.name)
        asked = recorded["request"]
        who = user if user is not None else recorded["as"]
        headers = {key: self._here(value) for key, value in asked["headers"].items() if key in KEPT_HEADERS}
        if who:
            junk = who in ("junk", "malformed")
            headers["Authorization"] = authorization(name, JUNK.get(name, "0" * 40) if junk else self.tokens[who])
        url = self._here(asked["path"] + (f"?{asked['query']}" if asked["query"] else ""))
        content = None
        if asked.get("json") is not None:
            content = self._here(json.dumps(asked["json"])).encode()
            headers["Content-Type"] = "application/json"
        if "If-Modified-Since" in headers or "If-Range" in headers:
            moment = self.answers["job-logs"].headers["Last-Modified"]
            headers |= {key: moment for key in ("If-Modified-Since", "If-Range") if key in headers}
        self.clock.tick(1)
        self.answers[name] = await self.client.request(asked["method"], url, headers=headers, content=content)

    def _here(self, text: str) -> str:
        for old, new in self.known.items():
            text = text.replace(old, new)
        return text


def authorization(name: str, token: str) -> str:
    """How a recorded call said who makes it; the recordings themselves leave it out."""
    if "basic" in name:
        return f"Basic {encoded(f'x:{token}')}"
    return f"{'Bearer' if 'bearer' in name else 'token'} {token}"


Step = str | tuple[str, str] | Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """Steps on a fresh sandbox; the first of them stages the repositories."""

    name: str
    server: Server
    steps: Sequence[Step]

    @property
    def calls(self) -> list[str]:
        """The recorded calls that are made."""
        return [step[0] if isinstance(step, tuple) else step for step in self.steps if not callable(step)]


@dataclass(frozen=True)
class Played:
    """What a scene's calls were answered, and what the sandbox sent to a hook meanwhile."""

    answers: dict[str, httpx.Response]
    arrivals: list[Arrival]


@functools.cache
def _scenes() -> dict[tuple[str, str], Scene]:
    from tests.sandbox.contract.scenes import SCENES  # noqa: PLC0415 - scenes are made of what stands here

    return {(scene.server.name, scene.name): scene for scene in SCENES}


@functools.cache
def played(server: str, scene: str) -> Played:
    """Plays a scene, once."""
    return asyncio.run(_played(_scenes()[server, scene]))


async def _played(scene: Scene) -> Played:
    with tempfile.TemporaryDirectory() as folder:
        async with _stage(Path(folder), scene.server) as stage:
            for step in scene.steps:
                if callable(step):
                    await step(stage)
                elif isinstance(step, tuple):
                    await stage.replay(scene.server, *step)
                else:
                    await stage.replay(scene.server, step, None)
            await stage.sandbox.hooks_idle()
            return Played(stage.answers, stage.arrivals)


@asynccontextmanager
async def _stage(root: Path, server: Server) -> AsyncIterator[Stage]:
    clock = Clock()
    # later than what recorded calls ask for, and with fractions as a real clock has them
    clock.now = datetime(2026, 12, 1, 1, 2, 3, 463_365, tzinfo=UTC)
    sandbox = Sandbox(root, server=server, clock=clock)
    await sandbox.start()
    arrivals: list[Arrival] = []

    async def receive(request: web.Request) -> web.Response:
        raw = await request.read()
        arrivals.append(Arrival(dict(request.headers), raw, json.loads(raw)))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    async with httpx.AsyncClient(base_url=sandbox.url, verify=CONTEXT) as client:
        yield Stage(sandbox, client, clock, receiver, arrivals=arrivals)
    await sandbox.stop()
    await runner.cleanup()


def encoded(text: str) -> str:
    """A file's content as the API takes it."""
    return base64.b64encode(text.encode()).decode()
