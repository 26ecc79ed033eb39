"""Whose word stands in reviews, and which contexts a base branch asks for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.forgejo.errors import NotFound
from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.types import Review as Given
from bot.model import Location
from bot.observe.branch_protection import Reviews, last_words, read_required, read_reviews
from bot.thread import Accounts
from bot.thread.thread import submitted_reviews
from tests.forgejo.exchanges import exchange
from tests.listed import accounts_in

START = datetime(2026, 3, 1, tzinfo=UTC)
SOMEBODY_ELSE, PATCHWARDEN = 99, 4


def given(author: str, state: str, minute: int = 0, **more: Any) -> Given:
    values = {"id": minute + 1, "user": {"id": 1, "login": author}, "state": state, "commit_id": "c" * 40}
    return Given.of(values | {"submitted_at": (START + timedelta(minutes=minute)).isoformat()} | more)


async def reviews_of(client: HttpxForgejo, number: int, account_id: int, accounts: Accounts) -> Reviews:
    pull = ("workshop/garden", number)
    return await read_reviews(client, pull, await submitted_reviews(client, *pull), account_id, accounts)


def words(*reviews: Given) -> list[tuple[str, str]]:
    return [(one.author, one.state) for one in last_words(reviews)]


@pytest.mark.parametrize(
    ("states", "last"),
    [
        (["APPROVED"], "approved"),
        (["APPROVED", "REQUEST_CHANGES"], "changes"),
        (["REQUEST_CHANGES", "APPROVED"], "approved"),
        (["REQUEST_CHANGES", "COMMENT"], "changes"),
        (["COMMENT", "APPROVED", "COMMENT", "COMMENT"], "approved"),
        (["COMMENT", "COMMENT"], "comment"),
    ],
)
def test_the_last_word_that_decides_stands(states: list[str], last: str) -> None:
    reviews = [given("iskra", state, minute) for minute, state in enumerate(states)]
    assert words(*reversed(reviews)) == [("iskra", last)]


def test_everybody_has_a_word_of_his_own() -> None:
    assert words(given("b", "APPROVED"), given("a", "REQUEST_CHANGES"), given("c", "COMMENT")) == [
        ("a", "changes"),
        ("b", "approved"),
        ("c", "comment"),
    ]


def test_what_was_dismissed_brings_nothing_back() -> None:
    (word,) = last_words([given("iskra", "APPROVED"), given("iskra", "REQUEST_CHANGES", 1, dismissed=True)])
    assert (word.state, word.dismissed) == ("changes", True)


def test_a_review_without_a_time_is_the_oldest() -> None:
    assert words(given("iskra", "APPROVED", 5), given("iskra", "REQUEST_CHANGES", 9, submitted_at=None)) == [
        ("iskra", "approved")
    ]


@dataclass
class Server:
    """Gives what a real Forgejo said, or what is put in its place."""

    client: HttpxForgejo
    answers: dict[str, httpx.Response]
    asked: list[str]
    accounts: Accounts


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    answers: dict[str, httpx.Response] = {}
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return answers[request.url.path.removeprefix("/api/v1/repos/workshop/garden")]

    async with (
        HttpxForgejo("http://forge.example", "", transport=httpx.MockTransport(answer)) as client,
        accounts_in(tmp_path, client) as accounts,
    ):
        yield Server(client, answers, asked, accounts)


def recorded(name: str) -> httpx.Response:
    told = exchange(name).response
    headers = {key: value for key, value in told.headers.items() if key in {"x-total-count", "content-type", "link"}}
    return httpx.Response(told.status, headers=headers, content=told.body)


async def test_reviews_of_a_real_forgejo_are_read_with_their_texts(server: Server) -> None:
    server.answers["/pulls/50/reviews"] = recorded("reviews-list-after-push")
    read = await reviews_of(server.client, 50, SOMEBODY_ELSE, server.accounts)
    assert [(one.author, one.state, one.official, one.dismissed) for one in read.words] == [
        ("iskra", "changes", True, False),
        ("patchwarden-bot", "approved", True, True),
    ]
    assert [(one.place, one.text) for one in read.remarks] == [
        (Location(where="comment", comment_id=195), "pass"),
        (Location(where="comment", comment_id=196), "hm"),
    ]
    assert len(server.asked) == 1


async def test_comments_on_lines_are_read_of_reviews_that_have_some(server: Server) -> None:
    server.answers["/pulls/10/reviews"] = recorded("reviews-list")
    server.answers["/pulls/10/reviews/10/comments"] = recorded("review-comments")
    read = await reviews_of(server.client, 10, SOMEBODY_ELSE, server.accounts)
    assert [(one.comment, one.author, one.text) for one in read.remarks if one.comment < 116] == [
        (114, "patchwarden-bot", "magic number"),
        (115, "patchwarden-bot", "why dropped?"),
    ]
    assert len(server.asked) == 2


async def test_reviews_by_the_bots_account_are_nobodys_word(server: Server) -> None:
    server.answers["/pulls/10/reviews"] = recorded("reviews-list")
    read = await reviews_of(server.client, 10, PATCHWARDEN, server.accounts)
    assert (read.words, read.remarks) == ((), ())


async def test_requests_and_unfinished_reviews_say_nothing(server: Server) -> None:
    values = [given("a", state).model_dump(mode="json") | {"body": "x"} for state in ("PENDING", "REQUEST_REVIEW", "")]
    server.answers["/pulls/1/reviews"] = httpx.Response(200, json=values, headers={"X-Total-Count": "3"})
    read = await reviews_of(server.client, 1, SOMEBODY_ELSE, server.accounts)
    assert (read.words, read.remarks) == ((), ())


async def test_all_pages_of_reviews_are_read(server: Server) -> None:
    pages = [
        httpx.Response(
            200,
            json=[
                given(f"w{n}", "APPROVED", n).model_dump(mode="json") for n in range(page * 50, min(60, page * 50 + 50))
            ],
            headers={"X-Total-Count": "60"}
            | ({"Link": '<http://forge.example/x?page=2&limit=50>; rel="next"'} if not page else {}),
        )
        for page in range(2)
    ]
    asked = iter(pages)

    async with HttpxForgejo("http://forge.example", "", transport=httpx.MockTransport(lambda _: next(asked))) as client:
        assert len((await reviews_of(client, 1, SOMEBODY_ELSE, server.accounts)).words) == 60


async def test_a_pull_request_that_is_gone_is_not_one_without_reviews(server: Server) -> None:
    server.answers["/pulls/9/reviews"] = httpx.Response(404, json={"message": "no"})
    with pytest.raises(NotFound):
        await reviews_of(server.client, 9, SOMEBODY_ELSE, server.accounts)


async def test_a_branch_asks_for_the_contexts_of_its_protection(server: Server) -> None:
    protection = {
        "protected": True,
        "enable_status_check": True,
        "status_check_contexts": ["ci / test", "a*", "ci / test"],
    }
    server.answers["/branches/feature/x"] = httpx.Response(200, json={"name": "feature/x"} | protection)
    assert await read_required(server.client, "workshop/garden", "feature/x") == ("a*", "ci / test")
    assert server.asked == ["/api/v1/repos/workshop/garden/branches/feature/x"]


async def test_contexts_that_are_named_and_not_asked_for_are_none(server: Server) -> None:
    off = {"protected": True, "enable_status_check": False, "status_check_contexts": ["ci"]}
    server.answers["/branches/main"] = httpx.Response(200, json={"name": "main"} | off)
    assert await read_required(server.client, "workshop/garden", "main") == ()


@pytest.mark.parametrize("name", ["branch-status-check-contexts", "branch-missing"])
async def test_an_unprotected_or_missing_branch_asks_for_nothing(server: Server, name: str) -> None:
    server.answers["/branches/main"] = recorded(name)
    assert await read_required(server.client, "workshop/garden", "main") == ()


async def test_a_branch_that_has_no_address_asks_for_nothing(server: Server) -> None:
    assert await read_required(server.client, "workshop/garden", "../../x") == ()
    assert server.asked == []
