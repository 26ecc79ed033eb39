"""How pull requests stand that soaks wait for, and how often that is asked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest

from bot.forgejo.errors import ForgejoError
from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.options import Options
from bot.forgejo.types import PullRequest
from bot.model import PullSeen, Repo
from bot.soaks.pulls import FRESH, PullFound, SoakPulls
from tests.sandbox.recordings import exchange

REPOSITORY = "workshop/garden"
MERGED = exchange("pull-get-merged")["response"]["json"]
OPEN = exchange("pull-get")["response"]["json"]


@dataclass
class Forge:
    """Answers for numbers, and counts what it is asked."""

    asked: list[int] = field(default_factory=list)
    answers: dict[int, Any] = field(default_factory=dict)
    now: float = 0.0

    def answer(self, request: httpx.Request) -> httpx.Response:
        number = int(request.url.path.rpartition("/")[2])
        self.asked.append(number)
        found = self.answers.get(number, 404)
        return httpx.Response(found) if isinstance(found, int) else httpx.Response(200, json=found | {"number": number})


@dataclass
class Asked:
    forge: Forge
    pulls: SoakPulls

    async def read(self, *numbers: int) -> list[PullFound]:
        found = await self.pulls.read(Repo(id=1, name=REPOSITORY), numbers)
        return [found[number] for number in numbers]


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    forge = Forge()
    transport = httpx.MockTransport(forge.answer)
    async with HttpxForgejo("http://forge.example", "", Options(attempts=1), transport=transport) as client:
        yield Asked(forge, SoakPulls(client, lambda: forge.now))


async def test_merged_open_closed_and_missing_ones_are_told_apart(asked: Asked) -> None:
    asked.forge.answers = {1: MERGED, 2: OPEN, 3: OPEN | {"state": "closed"}, 5: 403}
    merged, *others = await asked.read(1, 2, 3, 4, 5)
    assert merged.seen == PullSeen(number=1, state="merged", merged_at=datetime.fromisoformat(MERGED["merged_at"]))
    assert merged.merge == MERGED["merge_commit_sha"]
    assert [(one.seen.state, one.seen.merged_at, one.merge) for one in others] == [
        ("open", None, ""),
        ("closed", None, ""),
        ("missing", None, ""),
        ("missing", None, ""),
    ]


async def test_what_is_merged_is_asked_once_and_the_others_after_a_minute(asked: Asked) -> None:
    asked.forge.answers = {1: MERGED, 2: OPEN}
    await asked.read(1, 2, 3)
    await asked.read(1, 2, 3)
    assert sorted(asked.forge.asked) == [1, 2, 3]
    asked.forge.now = FRESH + 1
    await asked.read(1, 2, 3)
    assert sorted(asked.forge.asked) == [1, 2, 2, 3, 3]


async def test_what_a_look_saw_is_known_at_once(asked: Asked) -> None:
    asked.forge.answers = {2: OPEN}
    await asked.read(2)
    asked.pulls.note(Repo(id=1, name=REPOSITORY), PullRequest.of(MERGED | {"number": 2}))
    assert [one.seen.state for one in await asked.read(2)] == ["merged"]


async def test_a_server_that_fails_says_nothing(asked: Asked) -> None:
    asked.forge.answers = {1: 500}
    with pytest.raises(ForgejoError):
        await asked.read(1)
    asked.forge.answers = {1: MERGED}
    assert [one.seen.state for one in await asked.read(1)] == ["merged"]


async def test_a_repository_made_anew_under_the_same_name_is_requested_again(asked: Asked) -> None:
    asked.forge.answers = {1: MERGED}
    await asked.read(1)
    await asked.read(1)
    assert asked.forge.asked == [1]
    asked.forge.answers = {1: OPEN}
    found = await asked.pulls.read(Repo(id=2, name=REPOSITORY), (1,))
    assert found[1].seen.state == "open"
