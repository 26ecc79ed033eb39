"""What tests of the commands hold in their hands: the command line, a forge it is pointed at, and its database."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.server import Sandbox
from bot.sandbox.world import OPERATOR, REPOSITORY
from tests import protections

REPO = f"/repos/{REPOSITORY}"


@dataclass
class Outcome:
    """What a command ended with."""

    status: int
    out: str
    err: str


Assay = Callable[..., Outcome]


@dataclass
class Forge:
    """A running sandbox with the world's people in it, and the command line pointed at it."""

    sandbox: Sandbox
    tokens: dict[str, str]
    call: Assay
    api: dict[str, HttpxForgejo] = field(default_factory=dict)

    async def protect(self, **change: Any) -> None:
        """Protects the default branch as the README says, but for what is changed."""
        path = f"{REPO}/branch_protections"
        for rule in await self.api[OPERATOR].getitem(path):
            await self.api[OPERATOR].delete(f"{path}/{rule['rule_name']}")
        await self.api[OPERATOR].post(path, protections.rule(**change))

    async def assay(self, *arguments: str) -> Outcome:
        return await asyncio.to_thread(self.call, *arguments)


async def state(forge: Forge) -> dict[str, Any]:
    """What a setup can change on the server, without the times."""
    api = forge.api[OPERATOR]
    hooks = [{**hook, "updated_at": ""} for hook in await api.getitem(f"{REPO}/hooks")]
    labels = [label async for label in api.getiter(f"{REPO}/labels")]
    return {"hooks": hooks, "labels": labels, "comments": await api.getitem(f"{REPO}/issues/comments")}


def rows(tmp_path: Path, query: str) -> list[tuple[Any, ...]]:
    """What the bot's database answers."""
    with closing(sqlite3.connect(tmp_path / "data" / "assay.db")) as database:
        return database.execute(query).fetchall()
