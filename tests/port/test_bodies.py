"""Bodies of all connections together: what is refused, who is refused first, and that nothing is counted for ever."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web

from bot.port import Bodies, BodyIncomplete, BodyNoRoom, BodyTooLarge, Port, PortLimits
from bot.port.bodies import FREE, SMALL
from tests.waiting import SECONDS, until

KIB = 1024
BUDGET = 8 * SMALL
"""Two small bodies of the largest size, and six of their size in the large lane."""


@dataclass
class Reader:
    """A server that reads each body within the budget, keeps it until told, and answers with its size."""

    number: int
    bodies: Bodies
    checked: asyncio.Event

    async def post(self, size: int, sent: int | None = None) -> "Sender":
        """Announce a body, and send a part of it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.number)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        await writer.drain()
        writer.write(b"x" * (size if sent is None else sent))
        return Sender(reader, writer)


@dataclass
class Sender:
    """One that sends a body."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> object:
        async with asyncio.timeout(SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
            found = json.loads(await self.reader.readexactly(size))
        self.writer.close()
        return found


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    bodies, checked = Bodies(BUDGET, stale_seconds=0.05), asyncio.Event()
    checked.set()

    async def receive(request: web.Request) -> web.Response:
        reading = bodies.reading(request.content_length)
        try:
            body = await reading.read(request, 5 * SMALL)
            await checked.wait()
        except (BodyTooLarge, BodyNoRoom, BodyIncomplete) as refusal:
            return web.json_response(type(refusal).__name__)
        finally:
            reading.release()
        return web.json_response(len(body))

    app = web.Application()
    app.router.add_post("/", receive)
    port = Port(app, PortLimits(100, 100), bodies=bodies)
    yield Reader(await port.start("127.0.0.1", 0), bodies, checked)
    checked.set()
    await port.stop()


async def test_bodies_count_while_they_are_checked_and_no_longer(reader: Reader) -> None:
    reader.checked.clear()
    sender = await reader.post(4 * SMALL)
    await until(lambda: reader.bodies.used == 4 * SMALL)
    reader.checked.set()
    assert await sender.answer() == 4 * SMALL
    assert reader.bodies.used == 0


async def test_a_body_for_which_there_is_no_room_is_refused(reader: Reader) -> None:
    reader.checked.clear()
    first = await reader.post(4 * SMALL)
    await until(lambda: reader.bodies.used == 4 * SMALL)
    assert await (await reader.post(4 * SMALL)).answer() == "BodyNoRoom"
    reader.checked.set()
    assert await first.answer() == 4 * SMALL


async def test_small_bodies_do_not_starve_behind_large_ones(reader: Reader) -> None:
    reader.checked.clear()
    large = await reader.post(5 * SMALL)
    await until(lambda: reader.bodies.large.used == 5 * SMALL)
    small = [await reader.post(200 * KIB) for _ in range(2)]
    await until(lambda: reader.bodies.small.used == 400 * KIB)
    reader.checked.set()
    assert [await one.answer() for one in (large, *small)] == [5 * SMALL, 200 * KIB, 200 * KIB]


async def test_large_bodies_that_have_just_begun_take_no_room_of_small_ones(reader: Reader) -> None:
    begun = [await reader.post(5 * SMALL, sent=100 * KIB) for _ in range(10)]
    await until(lambda: reader.bodies.large.used == 1000 * KIB)
    assert await (await reader.post(240 * KIB)).answer() == 240 * KIB
    for one in begun:
        one.writer.close()


async def test_bodies_of_the_usual_size_get_through_when_nothing_is_left(reader: Reader) -> None:
    reader.checked.clear()
    full = [await reader.post(5 * SMALL), await reader.post(200 * KIB), await reader.post(200 * KIB)]
    await until(lambda: reader.bodies.used == 5 * SMALL + 400 * KIB)
    usual = [await reader.post(60 * KIB) for _ in range(20)]
    reader.checked.set()
    assert [await one.answer() for one in usual] == [60 * KIB] * 20
    for one in full:
        one.writer.close()


@pytest.mark.parametrize("size", [5 * SMALL, 240 * KIB])
async def test_bodies_that_stop_arriving_make_room_for_one_that_does(reader: Reader, size: int) -> None:
    stalled = [await reader.post(size, sent=size - 20 * KIB) for _ in range(2)]
    lane = reader.bodies.large if size > SMALL else reader.bodies.small
    await until(lambda: lane.used >= size - 20 * KIB)
    await asyncio.sleep(0.06)  # longer than an honest sender needs, in this server's measure
    for _ in range(3):
        assert await (await reader.post(size)).answer() == size
    assert "BodyNoRoom" in [await one.answer() for one in stalled[:1]]
    for one in stalled:
        one.writer.close()


async def test_an_announced_size_takes_no_room(reader: Reader) -> None:
    waiting = [await reader.post(5 * SMALL, sent=10) for _ in range(30)]
    await until(lambda: reader.bodies.used > 0)
    assert reader.bodies.used <= 300
    assert await (await reader.post(5 * SMALL)).answer() == 5 * SMALL
    for one in waiting:
        one.writer.close()
    await until(lambda: reader.bodies.used == 0)


async def test_a_body_over_the_limit_and_one_that_breaks_off_give_their_bytes_back(reader: Reader) -> None:
    assert await (await reader.post(5 * SMALL + 1)).answer() == "BodyTooLarge"
    broken = await reader.post(4 * SMALL, sent=2 * SMALL)
    await until(lambda: reader.bodies.used == 2 * SMALL)
    broken.writer.transport.abort()
    await until(lambda: reader.bodies.used == 0)


async def test_the_end_of_a_flood_is_told_once() -> None:
    bodies = Bodies(64 * KIB * KIB)
    reading = bodies.reading(None)
    reading._charge(9 * KIB * KIB)
    assert not bodies.flood_is_over()
    reading.release()
    assert (bodies.flood_is_over(), bodies.flood_is_over()) == (True, False)


async def test_a_compressed_body_that_grows_from_small_to_large_changes_its_lane() -> None:
    bodies = Bodies(BUDGET)
    reading = bodies.reading(1000)
    reading._charge(FREE)
    assert bodies.used == 0
    reading._charge(SMALL - FREE)
    assert (bodies.small.used, bodies.large.used) == (SMALL, 0)
    reading._charge(1)
    assert (bodies.small.used, bodies.large.used) == (0, SMALL + 1)
    reading.release()
    reading.release()
    assert bodies.used == 0
