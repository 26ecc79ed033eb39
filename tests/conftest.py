"""Fixtures that any test may ask for."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.stories.houses import DEFAULT, HOUSES

pytest_plugins = ["tests.postgres"]

LONG = "long"

settings.register_profile("untimed", deadline=None)  # a slow machine is no fault
settings.load_profile("untimed")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out the files without long tests where only these run: each worker would import them all."""
    if config.option.markexpr != LONG or collection_path.suffix != ".py":
        return None
    return True if f"mark.{LONG}" not in collection_path.read_text() else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """The stories can be run in each house."""
    parser.addoption("--house", choices=HOUSES, default=DEFAULT, help="how the bot is run in the stories")


def pytest_collection_finish() -> None:
    """What was collected lives to the end; the collector needn't go through it again at each of its rounds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    """A command sets up the process's log; the next test must not write to what that one has closed."""
    yield
    structlog.reset_defaults()
