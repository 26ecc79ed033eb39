"""The small world as a fixture: sandbox, bot, webhook, people who push."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.intake import Signer
from bot.model import SignerKind
from bot.sandbox import Sandbox
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, World, people
from tests.stories.houses import DEFAULT, Home, housed
from tests.stories.server import Server
from tests.stories.stage import Stage


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In another house, leaves out the stories that do not ask for it, or name their own: they would be the same."""
    if config.getoption("--house") == DEFAULT:
        return
    same = [one for one in items if Path(__file__).parent in one.path.parents and not _moves(one)]
    config.hook.pytest_deselected(items=same)
    items[:] = [one for one in items if one not in same]


def _moves(story: pytest.Item) -> bool:
    named = getattr(getattr(story, "callspec", None), "params", {})
    return "house" in getattr(story, "fixturenames", ()) and "house" not in named


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
def house(request: pytest.FixtureRequest) -> str:
    """How the bot is run in the stories; `--house=postgres-3` runs them all so."""
    return str(request.config.getoption("--house"))


@pytest.fixture
def house_url(house: str, request: pytest.FixtureRequest) -> str:
    """A database without rows for the house, if it has one of its own."""
    return "" if house == DEFAULT else str(request.getfixturevalue("prepared_url"))


@pytest.fixture
def home(house: str, house_url: str, tmp_path: Path) -> Home:
    """Opens the small world in the house, with a clock or settings of the story's own."""
    return partial(housed, house, tmp_path, house_url)


@pytest.fixture
async def scene(home: Home) -> AsyncIterator[World]:
    async with home() as running:
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
