"""A port over real sockets: who may stay, what is answered to what is no request, and what a flood leaves behind."""

import array
import asyncio
import fcntl
import json
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.port import Port, PortLimits
from tests.waiting import SECONDS, until

HOST = b"Host: x\r\n"
SECRET_LOOKING = b"word-of-the-request"


@dataclass
class Open:
    """A port with three paths, and what it said of the connections that it closed."""

    port: Port
    number: int
    closed: list[str] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.number)

    async def told(self, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send bytes, and read one answer."""
        reader, writer = await self.connect()
        writer.write(sent)
        read = await read_answer(reader)
        writer.close()
        return read


def unread(port: Port) -> int:
    """Bytes that the system has received for a port and that it has not read."""
    total = 0
    for connection in port._open:
        count = array.array("i", [0])
        assert connection.transport is not None
        fcntl.ioctl(connection.transport.get_extra_info("socket").fileno(), termios.FIONREAD, count)
        total += count[0]
    return total


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    async with asyncio.timeout(SECONDS):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return int(status.split()[1]), headers, await reader.readexactly(int(headers.get("content-length", "0")))


@asynccontextmanager
async def opened(**limits: Any) -> AsyncIterator[Open]:
    made: list[Open] = []

    async def fast(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def slow(_request: web.Request) -> web.Response:
        await made[0].release.wait()
        return web.json_response({"ok": True})

    async def large(_request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 20_000_000)

    async def faulty(_request: web.Request) -> web.Response:
        raise RuntimeError("words of a defect")

    app = web.Application()
    app.router.add_get("/fast", fast)
    app.router.add_get("/slow", slow)
    app.router.add_get("/large", large)
    app.router.add_get("/faulty", faulty)
    closed: list[str] = []
    port = Port(app, PortLimits(**{"connections": 20, "per_address": 20, **limits}), on_closed=closed.append)
    made.append(Open(port, await port.start("127.0.0.1", 0), closed))
    try:
        yield made[0]
    finally:
        made[0].release.set()
        await port.stop()


NO_REQUESTS: dict[str, tuple[bytes, int]] = {
    "no HTTP": (SECRET_LOOKING + b"\r\n\r\n", 400),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + SECRET_LOOKING + b"\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "an unknown version": (b"GET /fast HTTP/9.9 " + SECRET_LOOKING + b"\r\n\r\n", 400),
    "a long path": (b"GET /" + SECRET_LOOKING * 2000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a long header": (b"GET /fast HTTP/1.1\r\n" + HOST + b"X: " + SECRET_LOOKING * 2000 + b"\r\n\r\n", 400),
    "many headers": (b"GET /fast HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 5000 + b"\r\n", 400),
    "a header without a name": (b"GET /fast HTTP/1.1\r\n: " + SECRET_LOOKING + b"\r\n\r\n", 400),
    "two lengths": (b"POST /fast HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "a length and chunks": (
        b"POST /fast HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a length that is no number": (b"POST /fast HTTP/1.1\r\nContent-Length: " + SECRET_LOOKING + b"\r\n\r\n", 400),
    "an unknown path": (b"GET /" + SECRET_LOOKING + b" HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "a path of escapes": (b"GET /%00%ff%zz HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "a proxy's request": (b"GET http://" + SECRET_LOOKING + b"/fast/x HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "another method": (b"DELETE /fast HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    "an unknown method": (b"FROBNICATE /fast HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a trace": (b"TRACE /fast HTTP/1.1\r\n" + HOST + b"X: " + SECRET_LOOKING + b"\r\n\r\n", 405),
    "an expectation": (b"GET /fast HTTP/1.1\r\n" + HOST + b"Expect: " + SECRET_LOOKING + b"\r\n\r\n", 417),
    "a defect of ours": (b"GET /faulty HTTP/1.1\r\n" + HOST + b"\r\n", 500),
}


@pytest.mark.parametrize("name", NO_REQUESTS)
async def test_whatever_is_refused_gets_short_json_that_quotes_nothing_and_names_no_version(name: str) -> None:
    sent, expected = NO_REQUESTS[name]
    async with opened() as door:
        status, headers, body = await door.told(sent)
    assert status == expected
    assert headers["content-type"] == "application/json"
    assert set(json.loads(body)) == {"error"}
    assert len(body) < 120
    whole = f"{headers} {body!r}".lower()
    assert not any(word in whole for word in (SECRET_LOOKING.decode(), "aiohttp", "python", "defect"))
    assert headers["server"] == "assay"


async def test_an_answer_that_is_none_of_these_names_no_version_either() -> None:
    async with opened() as door:
        status, headers, _ = await door.told(b"GET /fast HTTP/1.1\r\n" + HOST + b"\r\n")
        upgraded, upgraded_headers, _ = await door.told(
            b"GET /fast HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
    assert (status, headers["server"]) == (200, "assay")
    assert (upgraded, upgraded_headers["server"]) == (200, "assay")


async def test_another_method_is_told_which_ones_there_are() -> None:
    async with opened() as door:
        _, headers, _ = await door.told(b"DELETE /fast HTTP/1.1\r\n" + HOST + b"\r\n")
    assert headers["allow"] == "GET,HEAD"


async def trickle(writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /fast HTTP/1.1\r\n")
    while not writer.is_closing():
        writer.write(b"X: y\r\n")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("beginning", [b"", b"GET /fast HT", b"GET /fast HTTP/1.1\r\nX-A: b\r\n"])
async def test_a_head_that_is_not_complete_in_time_ends_its_connection(beginning: bytes) -> None:
    async with opened(head_seconds=0.2) as door:
        reader, writer = await door.connect()
        writer.write(beginning)
        await until(lambda: door.port.open == 1 and unread(door.port) == 0)
        door.port.sweep(asyncio.get_running_loop().time() + 0.1)
        assert door.port.open == 1
        door.port.sweep(asyncio.get_running_loop().time() + 0.3)
        assert (await read_answer(reader))[0] == 408
        assert await reader.read() == b""
        assert (door.port.open, door.closed) == (0, ["timeout"])
        writer.close()


async def test_a_head_that_trickles_ends_its_connection_all_the_same() -> None:
    async with opened(head_seconds=0.2) as door:
        reader, writer = await door.connect()
        trickling = asyncio.create_task(trickle(writer))
        assert (await read_answer(reader))[0] == 408
        trickling.cancel()
        writer.close()
    assert door.closed == ["timeout"]


async def test_a_second_head_that_trickles_ends_its_connection_and_an_idle_one_may_rest_longer() -> None:
    now = asyncio.get_running_loop().time
    async with opened(head_seconds=10.0, idle_seconds=60.0) as door:
        pairs = [await door.connect() for _ in range(2)]
        for reader, writer in pairs:
            writer.write(b"GET /fast HTTP/1.1\r\n" + HOST + b"\r\n")
            assert (await read_answer(reader))[0] == 200
        pairs[0][1].write(b"GET /fast HT")
        await until(lambda: sum(one.overdue(now() + 11) for one in door.port._open) == 1 and unread(door.port) == 0)
        door.port.sweep(now() + 11)
        assert (await read_answer(pairs[0][0]))[0] == 408
        assert door.port.open == 1
        door.port.sweep(now() + 61)
        assert await pairs[1][0].read() == b""
        for _, writer in pairs:
            writer.close()


async def test_a_request_that_is_being_handled_is_never_overdue() -> None:
    async with opened(head_seconds=0.0, idle_seconds=0.0) as door:
        reader, writer = await door.connect()
        writer.write(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
        await until(lambda: [one.waiting for one in door.port._open] == [False])
        door.port.sweep(asyncio.get_running_loop().time() + 1000)
        door.release.set()
        assert (await read_answer(reader))[0] == 200
        writer.close()


async def test_connections_that_complete_no_request_make_room_for_one_that_does() -> None:
    async with opened(connections=5) as door:
        silent = [await door.connect() for _ in range(40)]
        for _, writer in silent:
            writer.write(b"GET /fast HTTP/1.1\r\n")
        for _ in range(5):
            status, _, _ = await door.told(b"GET /fast HTTP/1.1\r\n" + HOST + b"\r\n")
            assert status == 200
        assert door.port.open <= 5
        for _, writer in silent:
            writer.close()
    assert set(door.closed) == {"connections"}
    assert len(door.closed) >= 35


async def test_connections_that_are_all_busy_refuse_another_one_and_say_when_to_come_again() -> None:
    async with opened(connections=3) as door:
        busy = [await door.connect() for _ in range(3)]
        for _, writer in busy:
            writer.write(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
        await until(lambda: [one.waiting for one in door.port._open] == [False] * 3)
        status, headers, body = await door.told(b"GET /fast HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (status, headers["retry-after"]) == (503, "5")
        assert "too many connections" in json.loads(body)["error"]
        door.release.set()
        assert [(await read_answer(reader))[0] for reader, _ in busy] == [200] * 3
        for _, writer in busy:
            writer.close()


async def test_one_address_does_not_get_the_connections_of_all() -> None:
    async with opened(connections=10, per_address=4) as door:
        pairs = [await door.connect() for _ in range(8)]
        await until(lambda: len(door.closed) == 4)
        assert (door.port.open, set(door.closed)) == (4, {"address"})
        for _, writer in pairs:
            writer.close()


async def test_who_reads_no_answers_is_cut_off() -> None:
    async with opened(head_seconds=5.0, idle_seconds=5.0) as door:
        _, writer = await door.connect()
        writer.write((b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n") * 3)
        await until(lambda: [one.waiting and one.writing_paused for one in door.port._open] == [True])
        door.port.sweep(asyncio.get_running_loop().time() + 6)
        await until(lambda: door.port.open == 0)
        writer.transport.abort()


async def test_requests_that_are_sent_ahead_are_not_all_kept() -> None:
    async with opened() as door:
        _, writer = await door.connect()
        body = b"x" * 60_000
        ahead = b"POST /fast HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        writer.write(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + ahead * 200)
        await until(lambda: [one.waiting for one in door.port._open] == [False])
        for _ in range(20):
            await asyncio.sleep(0.005)
        (connection,) = door.port._open
        kept = sum(payload.total_bytes for _, payload in connection._messages)
        assert kept < 1_000_000
        writer.transport.abort()
