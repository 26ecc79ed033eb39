"""What is taken for a model's answer, over a real socket, and what stands where it is none."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from anyio import EndOfStream
from pydantic import SecretStr

from bot.llm.client import Unanswered
from bot.llm.transport import MAX_ANSWER, Gate
from bot.model import NoAnswer
from tests.llm.askers import GOOD, KINDS, asking
from tests.llm.model_server import ModelServer, model_server


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
async def test_a_model_may_mend_its_answer_once(server: ModelServer, kind: str) -> None:
    server.says('{"priority": "urgent"}')
    server.says(GOOD)
    async with asking(server.url, kind=kind) as asker:
        assert (await asker.ask()).priority == "p1"
    assert len(server.asked) == 2
    assert "string_pattern_mismatch" in server.asked[1].said("user")[-1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "nonsense",
    ["I'd say p1.", '{"priority": "p1"', "[]", '{"priority": "p1", "more": 1}', "", None, "[" * 5000, "<think>p1"],
)
async def test_nonsense_twice_is_no_answer(server: ModelServer, kind: str, nonsense: str | None) -> None:
    server.says(nonsense)
    server.says(nonsense)
    async with asking(server.url, kind=kind) as asker:
        told = await asker.fails("invalid", "does not match the schema")
    assert len(server.asked) == 2
    assert "p1" not in told


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "[]", "{}", "hello", '{"error": {"message": "overloaded"}}', '{"choices": []}', "[" * 100_000,
        '{"choices": [{"message": {"tool_calls": [{"type": "custom", "id": "1", "custom": {}}], "content": 1}}]}',
        '{"choices": [{"message": {"content": "\\ud800"}}]}', b"\xff\xfe",
    ],
)  # fmt: skip
async def test_a_body_that_is_no_completion_is_no_answer(server: ModelServer, body: str | bytes) -> None:
    server.replies(body)
    async with asking(server.url) as asker:
        await asker.fails("invalid", "has an unknown format")
    assert len(server.asked) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refusal_is_no_answer_and_isnt_asked_again(server: ModelServer, kind: str) -> None:
    server.says(None, refusal="I can't help with the garden.")
    async with asking(server.url, kind=kind) as asker:
        assert "garden" not in await asker.fails("refused", "declined to answer")


async def test_a_filtered_answer_is_a_refusal(server: ModelServer) -> None:
    server.says("", finish="content_filter")
    async with asking(server.url) as asker:
        await asker.fails("refused")


@pytest.mark.parametrize(
    ("status", "outcome", "why"),
    [
        (500, "http", "answered with HTTP 500$"),
        (503, "http", "answered with HTTP 503$"),
        (401, "http", "HTTP 401: it rejects the bot's key"),
        (403, "http", "HTTP 403: it rejects the bot's key"),
        (404, "http", "HTTP 404: wrong address or unknown model"),
        (429, "http", "HTTP 429: too many requests"),
        (400, "rejected", "rejected the question .HTTP 400"),
        (413, "rejected", "rejected the question .HTTP 413"),
        (204, "http", "answered with HTTP 204$"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_of_the_server_is_told_by_its_number_and_not_repeated(
    server: ModelServer, kind: str, status: int, outcome: str, why: str
) -> None:
    server.replies('{"error": {"message": "@everyone look"}}' if status != 204 else "", status=status)
    async with asking(server.url, kind=kind) as asker:
        assert "everyone" not in await asker.fails(outcome, why)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(server: ModelServer, status: int) -> None:
    async with model_server() as elsewhere:
        server.replies(status=status, headers={"Location": f"{elsewhere.url}/v1/chat/completions"})
        async with asking(server.url, api_key=secrets.token_hex(16)) as asker:
            await asker.fails("http", f"HTTP {status}: redirects are not followed")
    assert elsewhere.asked == []


async def test_an_answer_without_an_end_is_cut_off(server: ModelServer) -> None:
    server.goes_on(b" " * 65536)
    async with asking(server.url) as asker:
        await asker.fails("too_long", "answer was too long")
    await asyncio.wait_for(server.let_go.wait(), 5)


async def test_a_huge_answer_is_not_read(server: ModelServer) -> None:
    server.says("x" * MAX_ANSWER)
    async with asking(server.url) as asker:
        await asker.fails("too_long")


async def test_a_packed_answer_is_not_unpacked(server: ModelServer) -> None:
    server.replies(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    async with asking(server.url) as asker:
        await asker.fails("invalid", "sent a compressed answer")


async def test_an_answer_that_the_model_broke_off_is_too_long(server: ModelServer) -> None:
    server.says('{"priority": "p1", "why": "it is', finish="length")
    async with asking(server.url) as asker:
        await asker.fails("too_long")


async def test_more_tokens_than_two_answers_may_have_is_no_answer(server: ModelServer) -> None:
    server.says(GOOD, tokens=201)
    async with asking(server.url, max_tokens=100) as asker:
        await asker.fails("usage", "token limit")


async def test_a_server_that_counts_no_tokens_will_do(server: ModelServer) -> None:
    server.says(GOOD, tokens=None)
    async with asking(server.url) as asker:
        assert (await asker.ask()).priority == "p1"


async def test_a_model_that_nobody_named_is_not_looked_for(server: ModelServer) -> None:
    async with asking(server.url) as asker:
        with pytest.raises(NoAnswer, match="is not in the bot's settings"):
            await asker.ask(model="http://elsewhere.example")
        assert asker.counted("unknown", "(none)") == 1
        assert asker.counted("unknown", "http://elsewhere.example") == 0


async def closes_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.close()


async def talks_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"SSH-2.0-garden\r\n\r\n")
    writer.close()


@pytest.mark.parametrize("peer", [closes_at_once, talks_nonsense])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_is_no_such_server_cant_be_reached(peer: Callable[..., Any], scheme: str) -> None:
    async with await asyncio.start_server(peer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with asking("", url=f"{scheme}://127.0.0.1:{port}/v1") as asker:
            await asker.fails("unreachable", "cannot be reached")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (ssl.SSLError(), "unreachable"),
        (EndOfStream(), "unreachable"),
        (httpx2.ConnectTimeout("slow"), "timeout"),
        (httpx2.ReadTimeout("slow"), "timeout"),
    ],
)
async def test_what_a_local_server_cant_show_is_no_answer_either(fault: Exception, outcome: str) -> None:
    def broken(_request: httpx2.Request) -> httpx2.Response:
        raise fault

    gate = Gate(SecretStr(""))
    gate._inner = httpx2.MockTransport(broken)
    with pytest.raises(Unanswered) as caught:
        await gate.handle_async_request(httpx2.Request("POST", "https://models.example/v1"))
    assert caught.value.outcome == outcome


@pytest.mark.parametrize("kind", KINDS)
async def test_a_closed_port_cant_be_reached(kind: str) -> None:
    async with model_server() as gone:
        url = gone.url
    async with asking(url, kind=kind) as asker:
        await asker.fails("unreachable", "cannot be reached")
