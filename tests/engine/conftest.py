"""Engines for the tests, and work that records how it was run."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.engine import Engine
from bot.engine.local import LocalEngine
from bot.engine.procrastinate import ProcrastinateEngine
from bot.store import open_store
from tests.engine.work import Work

Make = Callable[..., Engine]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture(params=["local", pytest.param("procrastinate", marks=pytest.mark.postgres)])
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Makes engines of each kind, and stops them at the end."""
    made: list[Engine] = []
    url = "" if request.param == "local" else request.getfixturevalue("postgres_url")
    if url:
        await (await open_store(url)).close()

    def one(workers: int, grace: float = 0.0) -> Engine:
        made.append(ProcrastinateEngine(url, workers, grace) if url else LocalEngine(workers, grace))
        return made[-1]

    yield one
    for engine in made:
        await engine.stop()


@pytest.fixture
async def engine(make: Make) -> Engine:
    return make(workers=4)


@pytest.fixture
async def single(make: Make) -> Engine:
    """One worker, so that the order of turns shows."""
    return make(workers=1)


@pytest.fixture
async def make_sharing(postgres_url: str) -> AsyncIterator[Callable[..., ProcrastinateEngine]]:
    """Makes engines of one queue, each a process of its own, and stops them at the end."""
    await (await open_store(postgres_url)).close()
    made: list[ProcrastinateEngine] = []

    def one(workers: int = 2, grace: float = 0.0, place: Path | None = None) -> ProcrastinateEngine:
        made.append(ProcrastinateEngine(postgres_url, workers, grace, place))
        return made[-1]

    yield one
    for engine in made:
        await engine.stop()
