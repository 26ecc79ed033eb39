"""Fixtures that any test may ask for."""

import gc
from collections.abc import Iterator

import pytest
import structlog

from tests.stories.houses import HOUSES

pytest_plugins = ["tests.postgres"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The stories can be run in each house."""
    parser.addoption("--house", choices=HOUSES, default="sqlite", help="how the bot is run in the stories")


def pytest_collection_finish() -> None:
    """What was collected lives to the end; the collector needn't go through it again at each of its rounds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    """A command sets up the process's log; the next test must not write to what that one has closed."""
    yield
    structlog.reset_defaults()
