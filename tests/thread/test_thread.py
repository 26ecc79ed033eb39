"""A target's thread on the sandbox: what is asked at once, and what again because the head is another."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.model import Kind, Target
from bot.sandbox import Sandbox
from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY
from bot.thread import read_thread
from tests.sandboxed import sandbox_with_people

PULL = Target(repository=REPOSITORY, number=1, kind=Kind.PULL)


@dataclass
class Scene:
    """A pull request with a status, and what the bot asks of the sandbox."""

    sandbox: Sandbox
    bot: HttpxForgejo
    operator: HttpxForgejo
    head: str

    def asked(self) -> list[str]:
        """The commits whose statuses the bot has asked for."""
        paths = [call.path.split("/") for call in self.sandbox.calls if call.user == BOT]
        return [parts[-2] for parts in paths if parts[-1] == "status"]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sandbox_with_people(tmp_path) as (sandbox, _, api):
        head = await sandbox.commit_files(REPOSITORY, "topic", {"a.py": "A = 1\n"}, author=AGENT)
        data = {"title": "feat: a", "body": "", "base": "main", "head": "topic"}
        await api[AGENT].post(f"/repos/{REPOSITORY}/pulls", data)
        await api[OPERATOR].post(f"/repos/{REPOSITORY}/statuses/{head}", {"context": "ci", "state": "success"})
        sandbox.reset_calls()
        yield Scene(sandbox, api[BOT], api[OPERATOR], head)


async def test_the_statuses_of_the_expected_head_are_asked_for_once(scene: Scene) -> None:
    thread = await read_thread(scene.bot, PULL, expected=scene.head)
    assert [one.context for one in thread.statuses] == ["ci"]
    assert scene.asked() == [scene.head]


@pytest.mark.parametrize("expected", ["", "f" * 40])
async def test_a_head_that_was_not_expected_has_its_own_statuses(scene: Scene, expected: str) -> None:
    thread = await read_thread(scene.bot, PULL, expected=expected)
    assert [one.context for one in thread.statuses] == ["ci"]
    assert scene.asked()[-1] == scene.head


async def test_a_pull_request_that_is_closed_meanwhile_has_no_statuses(scene: Scene) -> None:
    await scene.operator.patch(f"/repos/{REPOSITORY}/pulls/1", {"state": "closed"})
    assert (await read_thread(scene.bot, PULL, expected=scene.head)).statuses == ()
