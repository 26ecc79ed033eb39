"""The pull request and the compiled rules that the tests of histories share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.scan.scanner import Scanner
from tests.gitwork import running_forge
from tests.history.pulls import Pull
from tests.scan.compiled import scanner as compiled


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return compiled()


@pytest.fixture
async def pull(tmp_path: Path, scanner: Scanner) -> AsyncIterator[Pull]:
    async with running_forge(tmp_path) as forge:
        yield Pull(forge, scanner, tmp_path / "mirrors-of-tests", forge.work.head())
