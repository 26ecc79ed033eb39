"""The small world as a fixture: sandbox, bot, webhook, people who push."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.intake import Signer
from bot.model import SignerKind
from bot.sandbox import Sandbox
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, World, people, world
from tests.stories.server import RULES, Server
from tests.stories.stage import Stage


async def hook(scene: World, repository: str = REPOSITORY) -> None:
    """Tells the repository's events to the bot, as `assay setup` does."""
    events = ["push", "pull_request", "pull_request_comment", "issues", "issue_comment"]
    signer = Signer(SignerKind.REPOSITORY, scene.repo_called(repository).id)
    address = f"{scene.address}/webhooks/forgejo?{signer.query}"
    secret = scene.machine.hook_secrets.secret(signer).decode()
    config = {"url": address, "content_type": "json", "secret": secret}
    data = {"type": scene.sandbox.server.hook_types[0], "active": True, "events": events, "config": config}
    await scene.api[OPERATOR].post(f"/repos/{repository}/hooks", data)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, rules_cache_dir=RULES) as running:
        await hook(running)
        yield running


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
