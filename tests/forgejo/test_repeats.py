"""Which calls are made again, when, and how often."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bot.forgejo import errors
from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.options import Options, noting_unanswered
from bot.forgejo.politeness import Limits
from tests.forgejo.prepared import URL, Server, ok

FLEETING: list[Callable[[], httpx.Response | Exception]] = [
    lambda: httpx.ReadTimeout("x"),
    lambda: httpx.ConnectError("x"),
    lambda: httpx.RemoteProtocolError("x"),
    lambda: httpx.Response(500),
    lambda: httpx.Response(503),
    lambda: httpx.Response(429),
    lambda: httpx.Response(200, html="<html>"),
]


@pytest.mark.parametrize("fault", FLEETING)
@pytest.mark.parametrize("verb", ["getitem", "put", "patch", "delete"])
async def test_an_idempotent_call_is_made_again(verb: str, fault: Callable[[], httpx.Response | Exception]) -> None:
    server = Server(fault(), fault(), ok())
    async with server.client() as api:
        await (api.patch("/x", {}) if verb == "patch" else getattr(api, verb)("/x"))
    assert server.clock.slept == [0.25, 0.5]
    assert api.calls.total() == 3


@pytest.mark.parametrize("fault", [*FLEETING[0:1], *FLEETING[2:5], *FLEETING[6:]])
async def test_a_post_that_may_have_arrived_is_not_repeated(fault: Callable[[], httpx.Response | Exception]) -> None:
    server = Server(fault(), ok())
    async with server.client() as api:
        with pytest.raises(errors.ForgejoError):
            await api.post("/x", {})
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", [httpx.ConnectError("x"), httpx.ConnectTimeout("x")])
async def test_a_post_that_certainly_did_not_arrive_is_repeated(fault: Exception) -> None:
    server = Server(fault, ok(5))
    async with server.client() as api:
        assert await api.post("/x", {}) == 5


async def test_a_post_that_was_one_too_many_was_not_done_and_is_repeated_when_the_server_says() -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(429), ok(5))
    async with server.client() as api:
        assert await api.post("/x", {}) == 5
    assert server.clock.slept == [7.0, 0.5]


async def test_a_post_does_not_wait_longer_than_the_patience() -> None:
    server = Server(*[httpx.Response(429, headers={"Retry-After": "25"})] * 9)
    async with server.client(patience=60) as api:
        with pytest.raises(errors.RateLimited) as caught:
            await api.post("/x", {})
    assert caught.value.retry_after == 25
    assert server.clock.slept == [25.0, 25.0]


async def test_a_post_whose_repeat_is_harmless_is_repeated() -> None:
    server = Server(httpx.ReadTimeout("x"), httpx.Response(502), ok(5))
    async with server.client() as api:
        assert await api.post("/x", {}, repeat=True) == 5


@pytest.mark.parametrize(
    ("fault", "noted"),
    [
        (httpx.ReadTimeout("x"), True),
        (httpx.RemoteProtocolError("x"), True),
        (httpx.Response(502), True),
        (httpx.Response(200, html="<html>"), True),
        (httpx.ConnectError("x"), False),
        (httpx.Response(429), False),
    ],
)
async def test_an_attempt_that_may_have_its_effect_later_is_noted(
    fault: httpx.Response | Exception, noted: bool
) -> None:
    async with Server(fault, ok(), fault, ok(), ok()).client() as api:
        with noting_unanswered() as reading:
            await api.getitem("/x")
        with noting_unanswered() as writing:
            await api.patch("/y", {})
        with noting_unanswered() as later:
            await api.patch("/y", {})
    assert (reading, writing, later) == ([], ["/y"] * noted, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 422, 423, 303])
async def test_a_refusal_is_final(status: int) -> None:
    server = Server(httpx.Response(status), ok())
    async with server.client() as api:
        with pytest.raises(errors.ForgejoError):
            await api.getitem("/x")
    assert len(server.asked) == 1


async def test_retry_after_is_waited_for() -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "7"}), ok())
    async with server.client() as api:
        await api.getitem("/x")
    assert server.clock.slept == [7.0]


async def test_a_retry_after_beyond_the_patience_ends_at_once_and_is_told() -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "3600"}), ok())
    async with server.client(patience=60) as api:
        with pytest.raises(errors.RateLimited) as caught:
            await api.getitem("/x")
    assert caught.value.retry_after == 3600
    assert server.clock.slept == []


async def test_attempts_are_bounded_and_the_last_error_is_told() -> None:
    server = Server(*[httpx.Response(500)] * 9)
    async with server.client(attempts=5, longest_wait=0.6) as api:
        with pytest.raises(errors.ServerFault):
            await api.getitem("/x")
    assert server.clock.slept == [0.25, 0.5, 0.6, 0.6]


async def test_no_attempt_begins_after_the_patience() -> None:
    server = Server(*[httpx.Response(500)] * 99)
    async with server.client(attempts=99, first_wait=4, longest_wait=4, patience=10) as api:
        with pytest.raises(errors.ServerFault):
            await api.getitem("/x")
    assert server.clock.slept == [4, 4]


def test_waits_are_spread_by_chance() -> None:
    fault = errors.ServerFault("GET", "/x", 500)
    assert Options(chance=lambda: 1.0).wait(fault, 1, 0) == 0.125
    assert Options(chance=lambda: 0.0).wait(fault, 1, 0) == 0.25


async def test_a_call_that_waits_for_its_repeat_leaves_its_place_to_others() -> None:
    server = Server(httpx.Response(500), ok("other"), ok("again"))
    others: list[Any] = []

    async def sleep(_: float) -> None:
        others.append(await api.getitem("/other"))

    api = HttpxForgejo(
        URL, "", Options(limits=Limits(concurrency=1), sleep=sleep), transport=httpx.MockTransport(server)
    )
    async with api:
        assert await api.getitem("/x") == "again"
    assert others == ["other"]
