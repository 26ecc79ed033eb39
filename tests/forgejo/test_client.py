"""The verbs over httpx: pages, bounds, and what of a broken network is told."""

import asyncio
import gzip
import secrets
import time
from datetime import UTC, datetime

import httpx
import pytest

from bot.forgejo import errors
from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.options import Options
from bot.forgejo.politeness import Limits
from tests.forgejo.prepared import URL, Answers, Server, ok


async def test_a_call_goes_below_the_servers_root_with_the_token_of_the_moment() -> None:
    server = Server(ok({"id": 3}), ok({"id": 4}))
    async with server.client() as api:
        assert await api.getitem("/repos/o/n", {"page": 2}) == {"id": 3}
        assert str(server.asked[0].url) == f"{URL}/api/v1/repos/o/n?page=2"
        assert server.asked[0].headers["authorization"] == f"token {server.token}"
        server.token = secrets.token_hex(20)
        assert await api.post("/repos/o/n/labels", {"name": "x"}) == {"id": 4}
    assert server.asked[1].headers["authorization"] == f"token {server.token}"
    assert server.asked[1].content == b'{"name":"x"}'
    assert api.calls == {"GET": 1, "POST": 1}
    assert server.seen == [("GET", 200), ("POST", 200)]


async def test_the_servers_time_is_that_of_its_last_answer_and_of_what_passed_since_then() -> None:
    server = Server(ok({}, date="Tue, 01 Dec 2026 11:00:07 GMT"), ok({}), httpx.Response(404, headers={"date": "x"}))
    async with server.client() as api:
        assert api.server_time() is None
        await api.getitem("/x")
        server.clock.now += 5.5
        assert api.server_time() == datetime(2026, 12, 1, 11, 0, 12, 500_000, tzinfo=UTC)
        await api.getitem("/x")
        with pytest.raises(errors.NotFound):
            await api.getitem("/x")
        assert api.server_time() == datetime(2026, 12, 1, 11, 0, 12, 500_000, tzinfo=UTC)


async def test_an_encoded_slash_arrives_encoded() -> None:
    server = Server(httpx.Response(204))
    async with server.client() as api:
        await api.delete("/repos/o/n/issues/1/labels/judge%2Fpass")
    assert server.asked[0].url.raw_path == b"/sub/api/v1/repos/o/n/issues/1/labels/judge%2Fpass"


async def test_pages_are_followed_on_our_server_whatever_the_link_says() -> None:
    elsewhere = '<https://evil.example/steal?page=2&limit=1>; rel="next"'
    server = Server(ok([1, 2], link=elsewhere), ok([3], link='<x>; rel="prev"'))
    async with server.client() as api:
        assert [item async for item in api.getiter("/x", {"state": "all"})] == [1, 2, 3]
    assert [str(asked.url) for asked in server.asked] == [
        f"{URL}/api/v1/x?limit=50&page={page}&state=all" for page in (1, 2)
    ]


async def test_pages_without_link_are_counted() -> None:
    server = Server(ok([1, 2], x_total_count="5"), ok([3, 4], x_total_count="5"), ok([5], x_total_count="5"))
    async with server.client() as api:
        assert [item async for item in api.getiter("/x")] == [1, 2, 3, 4, 5]


async def test_a_list_that_is_not_paged_is_given_once() -> None:
    everything = list(range(50))
    server = Server(ok(everything), ok(everything))
    async with server.client() as api:
        assert [item async for item in api.getiter("/x")] == everything


async def test_an_empty_timeline_is_null() -> None:
    server = Server(httpx.Response(200, content=b"null"))
    async with server.client() as api:
        assert [item async for item in api.getiter("/x")] == []


async def test_a_thing_where_a_list_was_due_is_malformed() -> None:
    server = Server(ok({"message": "x"}))
    async with server.client() as api:
        with pytest.raises(errors.Malformed, match="expected a list"):
            [item async for item in api.getiter("/x")]


async def test_a_list_without_end_ends() -> None:
    server = Server(*[ok([number], x_total_count="999999") for number in range(9)])
    async with server.client(pages_limit=3) as api:
        with pytest.raises(errors.Oversized, match="more than 3 pages"):
            [item async for item in api.getiter("/x")]
    assert len(server.asked) == 3


@pytest.mark.parametrize("body", [b"x" * 1001, gzip.compress(b"x" * 1_000_000)])
async def test_an_answer_over_the_limit_is_given_up_and_not_asked_for_again(body: bytes) -> None:
    headers = {"Content-Encoding": "gzip"} if len(body) != 1001 else {}
    server = Server(httpx.Response(200, content=body, headers=headers), ok())
    async with server.client(body_limit=1000) as api:
        with pytest.raises(errors.Oversized, match="more than 1000 bytes"):
            await api.getraw("/x")
    assert len(server.asked) == 1


async def test_a_raw_answer_is_its_bytes() -> None:
    server = Server(httpx.Response(200, content=b"\xff\0"), httpx.Response(200))
    async with server.client() as api:
        assert await api.getraw("/x") == b"\xff\0"
        assert await api.getraw("/x") == b""


async def test_broken_compression_is_the_servers_fault() -> None:
    # Not read before the client does: httpx decodes a ready body when the response is made.
    broken = httpx.Response(200, stream=httpx.ByteStream(b"not gzip"), headers={"Content-Encoding": "gzip"})
    server = Server(broken)
    async with server.client(attempts=1) as api:
        with pytest.raises(errors.ServerFault, match="compression"):
            await api.getitem("/x")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("verb", ["getitem", "post", "patch", "put", "delete"])
async def test_a_redirect_is_not_followed(verb: str, status: int) -> None:
    server = Server(httpx.Response(status, headers={"Location": "https://evil.example/api/v1/x"}), ok())
    async with server.client() as api:
        with pytest.raises(errors.Redirected, match=r"moved to https://evil\.example|moved from http"):
            await (api.patch("/x", {}) if verb == "patch" else getattr(api, verb)("/x"))
    assert [asked.url.host for asked in server.asked] == ["git.example.org"]


async def test_cookies_are_not_kept() -> None:
    server = Server(httpx.Response(200, json=1, headers={"Set-Cookie": "session=x; Path=/"}), ok())
    async with server.client() as api:
        await api.getitem("/x")
        await api.getitem("/x")
    assert "cookie" not in server.asked[1].headers


async def test_neither_token_nor_query_nor_texts_of_lower_layers_are_told() -> None:
    server = Server()
    echo = f"while sending token {server.token}"
    body = {"message": echo, "errors": [server.token]}
    answers: Answers = [httpx.ReadError(echo), httpx.LocalProtocolError(echo), httpx.Response(500, json=body)]
    server.answers = iter(answers)
    async with server.client(attempts=1) as api:
        for _ in answers:
            with pytest.raises(errors.ForgejoError) as caught:
                await api.getitem("/x", {"q": "hidden"})
            told = f"{caught.value}{caught.value!r}{caught.value.__cause__}{vars(caught.value)}"
            assert server.token not in told
            assert "hidden" not in told
        assert server.token not in repr(api)


async def test_unreachable_says_whether_it_was_sent() -> None:
    server = Server(httpx.ConnectError("x"), httpx.WriteError("x"))
    async with server.client(attempts=1) as api:
        for sent in (False, True):
            with pytest.raises(errors.Unreachable) as caught:
                await api.getitem("/x")
            assert caught.value.sent is sent
    assert server.seen == [("GET", 0)] * 2


async def test_no_more_calls_run_at_once_than_allowed() -> None:
    running = most = 0
    release = asyncio.Event()

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            release.set()
        await release.wait()
        running -= 1
        return ok()

    async with HttpxForgejo(
        URL, "", Options(limits=Limits(concurrency=3)), transport=httpx.MockTransport(answer)
    ) as api:
        await asyncio.gather(*(api.getitem("/x") for _ in range(20)))
    assert most == 3


async def test_a_server_that_hangs_is_unreachable_in_time(silent_server: str) -> None:
    begun = time.monotonic()
    async with HttpxForgejo(silent_server, "", Options(read_timeout=0.1, attempts=1)) as api:
        with pytest.raises(errors.Unreachable, match="ReadTimeout") as caught:
            await api.getitem("/x")
    assert caught.value.sent
    assert time.monotonic() - begun < 5


async def test_a_server_that_stops_halfway_is_unreachable_in_time(stopping_server: str) -> None:
    begun = time.monotonic()
    async with HttpxForgejo(stopping_server, "", Options(total_timeout=0.3, attempts=1)) as api:
        with pytest.raises(errors.Unreachable, match="no complete answer"):
            await api.getitem("/x")
    assert time.monotonic() - begun < 5


async def test_a_port_where_nobody_listens_was_not_sent_to(closed_port: str) -> None:
    async with HttpxForgejo(closed_port, "", Options(attempts=1)) as api:
        with pytest.raises(errors.Unreachable, match="ConnectError") as caught:
            await api.post("/x", {})
    assert not caught.value.sent


async def test_a_server_that_hangs_up_is_unreachable(hanging_up_server: str) -> None:
    async with HttpxForgejo(hanging_up_server, "", Options(attempts=1)) as api:
        with pytest.raises(errors.Unreachable) as caught:
            await api.getitem("/x")
    assert caught.value.sent
