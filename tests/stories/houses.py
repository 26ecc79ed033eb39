"""The ways in which the bot can be run: on SQLite, and on PostgreSQL with one worker or three."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bot.app import Worker, assemble, now
from bot.sandbox.world import BOT, World, settings_for, world
from tests.stories.server import RULES

DEFAULT = "sqlite"
HOUSES = {DEFAULT: 1, "postgres-1": 1, "postgres-3": 3}
"""The number of workers in each."""


Home = Callable[..., AbstractAsyncContextManager[World]]
"""Opens the small world in a house: `housed` but for a clock and settings."""


@asynccontextmanager
async def housed(
    house: str, root: Path, url: str, clock: Callable[..., Any] = now, **more: Any
) -> AsyncIterator[World]:
    """The small world with the bot in one of the houses; `url` is that of a PostgreSQL database without rows."""
    more = {"rules_cache_dir": RULES, **more}
    if house != "sqlite":
        more["database_url"] = url
    async with AsyncExitStack() as closing:
        scene = await closing.enter_async_context(world(root, clock=clock, **more))
        for number in range(2, HOUSES[house] + 1):
            folder = root / f"data-{number}"
            folder.mkdir(mode=0o700)
            shutil.copy(root / "data" / "installation.key", folder)
            settings = settings_for(root, scene.sandbox, scene.tokens[BOT], **{**more, "data_dir": folder})
            machine = await closing.enter_async_context(assemble(settings, clock))
            await closing.enter_async_context(Worker(machine, clock).running())
            await machine.account.known.wait()
            scene.others.append(machine)
        yield scene


def counted(scene: World, name: str, **labels: str) -> float:
    """The sum of a counter over all processes; 0 if none has counted yet."""
    machines = (scene.machine, *scene.others)
    return sum(one.metrics.registry.get_sample_value(name, labels) or 0 for one in machines)


def mirrors(scene: World) -> list[Path]:
    """The mirrors of the repository: each process that has fetched has its own."""
    folders = (one.mirrors.root / f"{scene.repo.id}.git" for one in (scene.machine, *scene.others))
    return [folder for folder in folders if folder.exists()]
