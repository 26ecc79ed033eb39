"""Logins change hands while ids stay: a right belongs to the account that had the login, and so does a restriction."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, WRITER, World
from tests.stories.checks.test_commanding import trust_agents
from tests.stories.pushes import clean_pull, leaking_pull

pytestmark = pytest.mark.long

FINDING = re.compile(r"sf_[0-9a-f]{16}")
TAKEN, REFUSED = ["+1", "eyes"], ["confused"]


@asynccontextmanager
async def newcomer(scene: World, login: str) -> AsyncIterator[HttpxForgejo]:
    """Somebody who registers a login."""
    async with HttpxForgejo(scene.sandbox.url, scene.sandbox.add_user(login)) as client:
        yield client


async def reaction(scene: World, client: HttpxForgejo, number: int, body: str) -> list[str]:
    """The bot's answer to a command."""
    comment = await client.post(f"/repos/{REPOSITORY}/issues/{number}/comments", {"body": body})
    await scene.settled()
    found = await scene.api[WRITER].getitem(f"/repos/{REPOSITORY}/issues/comments/{comment['id']}/reactions")
    return sorted(one["content"] for one in found or [])


async def leak(scene: World) -> tuple[int, str, str]:
    """A pull request with a token: number, head and the finding's fingerprint."""
    number, head = await leaking_pull(scene)
    await scene.settled()
    return number, head, FINDING.findall((await scene.report(number) or {})["body"])[0]


def renamed(scene: World) -> None:
    scene.sandbox.rename_user(OPERATOR, "zoe")


def deleted(scene: World) -> None:
    scene.sandbox.delete_user(OPERATOR)


@pytest.mark.parametrize("gone", [renamed, deleted])
@pytest.mark.parametrize("login", [OPERATOR, OPERATOR.upper()])
async def test_who_registers_an_operators_old_login_accepts_nothing(
    scene: World, gone: Callable[[World], None], login: str
) -> None:
    number, head, finding = await leak(scene)
    gone(scene)
    async with newcomer(scene, login) as stranger:
        assert await reaction(scene, stranger, number, f"/accept {finding} looks harmless to me") == REFUSED
    combined = await scene.api[WRITER].getitem(f"/repos/{REPOSITORY}/commits/{head}/status")
    assert {one["context"]: one["status"] for one in combined["statuses"]}["assay/secret-leak"] == "failure"


async def test_an_agent_that_calls_itself_otherwise_stays_an_agent(scene: World) -> None:
    await trust_agents(scene)
    number, _ = await clean_pull(scene)
    await scene.settled()
    assert await reaction(scene, scene.api[AGENT], number, "/hold") == REFUSED
    scene.sandbox.rename_user(AGENT, "human7")
    assert await reaction(scene, scene.api[AGENT], number, "/hold") == REFUSED
