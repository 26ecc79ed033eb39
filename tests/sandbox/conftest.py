"""A garden to test in: the accounts and labels of the recordings, made through the sandbox's own API."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from bot.sandbox import Sandbox
from tests.sandbox.world import GARDEN, Arrival, Clock, World

# reading the machine's certificates costs more than the rest of a client
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
LABELS = (("judge/p0", True), ("judge/p1", True), ("judge/pass", True), ("needs-human", False), ("docs", False))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A sandbox with the repository `workshop/garden` and nothing in it yet."""
    clock = Clock()
    sandbox = Sandbox(tmp_path / "sandbox", clock=clock)
    await sandbox.start()
    tokens = {"operator": sandbox.add_user("operator", admin=True)}
    tokens |= {name: sandbox.add_user(name) for name in ("codex", "iskra", "patchwarden-bot", "devops-engineer")}
    sandbox.add_org("workshop", owner="operator")
    files = {"README.md": "# garden\n", "garden/plan.py": "def total(plan):\n    return 0\n", "docs/a.md": "# a\n"}
    await sandbox.add_repo("workshop/garden", files=files)
    for name in ("codex", "patchwarden-bot", "iskra"):
        sandbox.grant("workshop/garden", name, "write")
    arrivals: list[Arrival] = []

    async def receive(request: web.Request) -> web.Response:
        raw = await request.read()
        body = await request.json() if request.content_type == "application/json" else {}
        arrivals.append(Arrival(dict(request.headers), raw, body))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    async with httpx.AsyncClient(base_url=sandbox.url, verify=CONTEXT) as client:
        yield World(sandbox, client, tokens, receiver, clock, arrivals)
    await sandbox.stop()
    await runner.cleanup()


@pytest.fixture
async def pull(world: World) -> dict[str, Any]:
    """An open pull request of codex, from `codex/x`."""
    await world.write("codex", "new.txt", "one\n", new_branch="codex/x")
    body = {"title": "Add a file", "head": "codex/x", "base": "main", "body": "Because."}
    return dict(await world.made("codex", "POST", f"{GARDEN}/pulls", json=body))


@pytest.fixture
async def labels(world: World) -> None:
    """The recorded labels under their recorded ids."""
    for name, exclusive in LABELS:
        body = {"name": name, "color": "#0075cb", "exclusive": exclusive, "description": f"{name} label"}
        await world.made("codex", "POST", f"{GARDEN}/labels", json=body)
