"""The command line in a clean place, and a forge without a bot beside it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.cli.main import run
from bot.config import Settings
from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.server import Sandbox
from bot.sandbox.world import BOT, OPERATOR, people
from bot.store import open_store
from tests.cli.forge import Assay, Forge, Outcome

RULES = Path(tempfile.gettempdir()) / "assay-test-rules"


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, and no settings but where data and the compiled rules lie."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ASSAY_{name.upper()}", raising=False)
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ASSAY_RULES_CACHE_DIR", str(RULES))
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def assay(clean: Path, capsys: pytest.CaptureFixture[str]) -> Assay:
    """Runs a command."""

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        status = run(arguments)
        told = capsys.readouterr()
        return Outcome(status, told.out, told.err)

    return call


@pytest.fixture
def database(clean: Path, tmp_path: Path) -> None:
    """The bot's database, with nothing in it yet."""

    async def create() -> None:
        await (await open_store(f"sqlite:///{tmp_path / 'data' / 'assay.db'}")).close()

    asyncio.run(create())


@pytest.fixture
async def forge(tmp_path: Path, assay: Assay, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Forge]:
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(tmp_path / "forge")
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        tokens = await people(sandbox)
        monkeypatch.setenv("ASSAY_FORGEJO_URL", sandbox.url)
        monkeypatch.setenv("ASSAY_TOKEN", tokens[BOT])
        monkeypatch.setenv("ASSAY_OPERATORS", OPERATOR)
        forge = Forge(sandbox, tokens, assay)
        for login, token in tokens.items():
            forge.api[login] = await stack.enter_async_context(HttpxForgejo(sandbox.url, token))
        await forge.protect()
        yield forge
