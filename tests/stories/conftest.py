"""The small world as a fixture: sandbox, bot, webhook, people who push."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.world import OPERATOR, REPOSITORY, World, world

RULES = Path(tempfile.gettempdir()) / "assay-test-rules"


async def hook(scene: World) -> None:
    """Tells the repository's events to the bot, as `assay setup` does."""
    events = ["push", "pull_request", "pull_request_comment", "issues", "issue_comment"]
    secret = scene.machine.settings.webhook_secrets()[0].decode()
    config = {"url": f"{scene.address}/webhooks/forgejo", "content_type": "json", "secret": secret}
    data = {"type": "forgejo", "active": True, "events": events, "config": config}
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/hooks", data)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, rules_cache_dir=RULES) as running:
        await hook(running)
        yield running
