"""Fixtures that any test may ask for."""

from collections.abc import Iterator

import pytest
import structlog

pytest_plugins = ["tests.postgres"]


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    """A command sets up the process's log; the next test must not write to what that one has closed."""
    yield
    structlog.reset_defaults()
