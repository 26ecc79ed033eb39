"""What a description refers to, and how each reference stands."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bot.fact_cache import FactCache
from bot.forgejo.errors import Forbidden
from bot.forgejo.httpx import HttpxForgejo
from bot.model import Repo
from bot.observe.references import FRESH, MERGED, MOST, Place, References, numbers

PLACE = Place("workshop/garden", "https://forge.example/base/workshop/garden")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("#12 and !13, (#14) [#15](x) PR #16.", (12, 13, 14, 15, 16)),
        ("- #272 / #273 - fixed, #274/#275", (272, 273, 274, 275)),
        ("Refs #64\r\nRefs #609\r\n", (64, 609)),
        ("workshop/garden#3 Workshop/Garden!4", (3, 4)),
        ("https://forge.example/base/workshop/garden/pulls/7/files#x", (7,)),
        ("[it](https://forge.example/base/workshop/garden/issues/8#issuecomment-9)", (8,)),
        ("| a |\n| --- |\n| #5 |", (5,)),
        ("<details>\n#6\n</details>", (6,)),
        ("#12 #12 !12", (12,)),
        ("Depends on PR#5 and issue#6, xPR#7", (5, 6)),
    ],
)
def test_references_of_the_same_repository_are_found(body: str, found: tuple[int, ...]) -> None:
    assert numbers(body, PLACE) == found


@pytest.mark.parametrize(
    "body",
    [
        "`#12` ``!13``",
        "```\n#12\n```",
        "    #12",
        "<!-- #12 -->",
        "other/garden#12 x/workshop/garden#12",
        "https://example.com/base/workshop/garden/pulls/7",
        "https://forge.example/base/workshop/garden/pulls/7.5",
        "https://example.com/page#12",
        "&#39; a#12 #12b #1.2 #0 #00012 #12345678 \\#",
        "# 12",
    ],
)
def test_what_only_looks_like_a_reference_is_none(body: str) -> None:
    assert numbers(body, PLACE) == ()


class Forge:
    """Answers for numbers, counts what it is asked, and lets time pass."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.states: dict[int, dict[str, Any]] = {}
        self.now = 0.0
        self.broken = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        number = int(request.url.path.rpartition("/")[2])
        assert request.url.path == f"/api/v1/repos/workshop/garden/issues/{number}"
        self.asked.append(number)
        if self.broken:
            return httpx.Response(403, json={"message": "no"})
        if number not in self.states:
            return httpx.Response(404, json={"message": "not there"})
        times = dict.fromkeys(("created_at", "updated_at"), "2026-01-01T00:00:00Z")
        return httpx.Response(200, json={"id": number, "number": number, "state": "open"} | times | self.states[number])


@dataclass
class Asked:
    forge: Forge
    references: References

    async def states(self, *wanted: int) -> list[tuple[int, str, str]]:
        found = await self.references.read(Repo(id=1, name="workshop/garden"), wanted)
        return [(one.number, one.kind, one.state) for one in found]


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    forge = Forge()
    async with HttpxForgejo("http://forge.example", "", transport=httpx.MockTransport(forge.answer)) as client:
        yield Asked(forge, References(client, FactCache(100, lambda: forge.now)))


async def test_each_reference_stands_as_forgejo_says(asked: Asked) -> None:
    asked.forge.states = {
        1: {},
        2: {"state": "closed"},
        3: {"pull_request": {"merged": False}},
        4: {"state": "closed", "pull_request": {"merged": True}},
        5: {"state": "closed", "pull_request": {"merged": False}},
    }
    assert await asked.states(6, 5, 4, 3, 2, 1) == [
        (1, "issue", "open"),
        (2, "issue", "closed"),
        (3, "pull", "open"),
        (4, "pull", "merged"),
        (5, "pull", "closed"),
        (6, "", "missing"),
    ]


async def test_what_was_asked_is_not_asked_again_until_it_may_have_changed(asked: Asked) -> None:
    asked.forge.states = {1: {}, 2: {"state": "closed", "pull_request": {"merged": True}}}
    await asked.states(1, 2, 3)
    asked.forge.now = FRESH - 1
    await asked.states(1, 2, 3)
    assert sorted(asked.forge.asked) == [1, 2, 3]
    asked.forge.states[1] = {"state": "closed"}
    asked.forge.now = FRESH + 1
    assert await asked.states(1, 2, 3) == [(1, "issue", "closed"), (2, "pull", "merged"), (3, "", "missing")]
    assert sorted(asked.forge.asked) == [1, 1, 2, 3, 3]
    asked.forge.now = MERGED + 1
    await asked.states(2)
    assert sorted(asked.forge.asked) == [1, 1, 2, 2, 3, 3]


async def test_no_more_than_the_first_references_are_asked(asked: Asked) -> None:
    assert len(await asked.states(*range(1, 100))) == MOST
    assert sorted(asked.forge.asked) == list(range(1, MOST + 1))


async def test_a_refusal_is_no_answer_and_is_not_remembered(asked: Asked) -> None:
    asked.forge.broken = True
    with pytest.raises(Forbidden):
        await asked.states(1)
    asked.forge.broken = False
    assert await asked.states(1) == [(1, "", "missing")]


def test_what_is_least_used_is_forgotten_first() -> None:
    known: FactCache[str, int] = FactCache(2)
    known.keep("a", 1)
    known.keep("b", 2)
    known.get("a")
    known.keep("c", 3)
    assert (known.get("a"), known.get("b"), known.get("c")) == (1, None, 3)
