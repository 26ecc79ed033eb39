"""One compiled scanner for the session: compiling takes seconds."""

import pytest

from bot.scan.scanner import Scanner
from tests.scan.compiled import scanner as compiled


@pytest.fixture(scope="session")
def scanner() -> Scanner:
    return compiled()
