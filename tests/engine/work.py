"""Work for engines that waits for its test, and records how it was run."""

import asyncio
from collections.abc import Callable

import psycopg

from bot.engine import Engine, Lease
from bot.model import Kind, Target

SECONDS = 20.0
SOON, A_WHILE, LATE = 0.02, 0.5, 60.0


def target(number: int = 1, repository: str = "workshop/garden") -> Target:
    return Target(repository=repository, number=number, kind=Kind.PULL)


class Work:
    """Work that waits for its test: which runs began, how many of one target at once, and leave to end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.leases: list[Lease] = []
        self.failures: list[tuple[str, str]] = []
        self.most: dict[str, int] = {}
        self.running: dict[str, int] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.fail: Callable[[Lease], Exception | None] = lambda _lease: None
        self.told_badly = False

    async def run(self, lease: Lease) -> None:
        name = str(lease.target)
        self.begun.append(name)
        self.leases.append(lease)
        self.running[name] = self.running.get(name, 0) + 1
        self.most[name] = max(self.most.get(name, 0), self.running[name])
        await asyncio.sleep(0)
        await self.gate.wait()
        self.running[name] -= 1
        if (fault := self.fail(lease)) is not None:
            raise fault

    async def failed(self, which: Target, fault: Exception) -> None:
        self.failures.append((str(which), str(fault)))
        if self.told_badly:
            raise ConnectionError("the database is away")


async def until(condition: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + SECONDS
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it didn't come to pass"
        await asyncio.sleep(0.001)


async def idle(engine: Engine) -> None:
    async with asyncio.timeout(SECONDS):
        await engine.idle()


async def rows(url: str, query: str) -> list[tuple[object, ...]]:
    """The rows of a query, from a connection of its own."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(query.encode())
        return await cursor.fetchall() if cursor.description else []
