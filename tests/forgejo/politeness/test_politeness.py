"""The order and the limits of requests to one server, while it works."""

import asyncio
import time

import httpx
import pytest

from bot.forgejo.errors import Paused, RateLimited, ServerFault
from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.options import Options
from bot.forgejo.politeness import Limits, Politeness
from bot.urgency import Urgency, working
from tests.forgejo.prepared import URL, Clock, Server, ok

HOT, LISTING, DAILY = 0, 7, 8
TURNS = 20


async def settle() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


class Asked:
    """Requests that hold their turn until they are let go, and the order in which they got it."""

    def __init__(self, politeness: Politeness) -> None:
        self.politeness = politeness
        self.began: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def ask(self, name: str, priority: int) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks.append(asyncio.create_task(self._hold(name, priority)))
        await settle()

    async def _hold(self, name: str, priority: int) -> None:
        with working(Urgency(priority)):
            async with self.politeness.turn("GET", f"/{name}", 0.0):
                self.began.append(name)
                await self.ends[name].wait()

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
        await settle()


def polite(**limits: float) -> Politeness:
    return Politeness(Limits(**{"concurrency": 2, "background_rate": 0, **limits}), time.monotonic)  # type: ignore[arg-type]


async def test_a_pressing_request_goes_before_background_requests_that_wait_for_longer() -> None:
    asked = Asked(polite(concurrency=1))
    for name, priority in (("a", DAILY), ("b", DAILY), ("c", LISTING), ("hot", HOT)):
        await asked.ask(name, priority)
    await asked.end("a", "b", "c", "hot")
    assert asked.began == ["a", "hot", "c", "b"]


async def test_background_requests_leave_a_place_and_are_few_beside_those_that_are_waited_for() -> None:
    asked = Asked(polite(concurrency=4))
    for number in range(6):
        await asked.ask(str(number), LISTING)
    await asked.ask("hot", HOT)
    assert asked.began == ["0", "1", "2", "hot"]
    await asked.end("0", "1")
    assert asked.began == ["0", "1", "2", "hot"]
    await asked.end("2")
    assert asked.began == ["0", "1", "2", "hot", "3"]
    await asked.end("hot")
    assert asked.began == ["0", "1", "2", "hot", "3", "4", "5"]


async def test_the_places_are_given_back_when_a_request_that_waits_or_runs_is_cancelled() -> None:
    asked = Asked(polite(concurrency=1))
    for name in "abc":
        await asked.ask(name, HOT)
    asked.tasks[1].cancel()
    await settle()
    asked.tasks[0].cancel()
    await settle()
    assert asked.began == ["a", "c"]


async def test_one_of_several_workers_has_its_share() -> None:
    asked = Asked(polite(concurrency=6))
    asked.politeness.share(3)
    for name in "abc":
        await asked.ask(name, HOT)
    assert asked.began == ["a", "b"]
    asked.politeness.share(1)
    await settle()
    assert asked.began == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("limits", "priority"),
    [({"rate": 10.0}, HOT), ({"background_rate": 10.0}, DAILY), ({"rate": 10.0, "background_rate": 99.0}, DAILY)],
)
async def test_a_rate_is_kept_after_a_second_of_it_at_once(limits: dict[str, float], priority: int) -> None:
    clock = Clock()
    politeness = Politeness(Limits(concurrency=99, **limits), clock, clock.sleep)  # type: ignore[arg-type]
    with working(Urgency(priority)):
        for _ in range(50):
            async with politeness.turn("GET", "/x", 0.0):
                pass
    assert 3.8 <= clock.now <= 4.0


async def test_a_background_rate_does_not_slow_what_is_waited_for() -> None:
    clock = Clock()
    politeness = Politeness(Limits(concurrency=99, background_rate=1.0), clock, clock.sleep)
    for _ in range(50):
        async with politeness.turn("GET", "/x", 0.0):
            pass
    assert clock.now == 0


async def test_retry_after_holds_for_every_request_to_the_server() -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "7"}), ok("a"), ok("b"))
    async with server.client(attempts=1) as api:
        with pytest.raises(RateLimited):
            await api.getitem("/x")
        assert api.politeness.pause() == 7
        assert await api.getitem("/y") == "a"
        assert await api.getitem("/z") == "b"
    assert (server.clock.slept, server.clock.now) == ([7.0], 7.0)


async def test_a_retry_after_beyond_the_patience_fails_the_others_without_asking() -> None:
    server = Server(httpx.Response(503, headers={"Retry-After": "900"}))
    async with server.client() as api:
        with pytest.raises(ServerFault):
            await api.getitem("/x")
        with pytest.raises(Paused) as caught:
            await api.getitem("/y")
    assert caught.value.retry_after == 900
    assert len(server.asked) == 1


async def test_many_requests_have_no_more_connections_than_places() -> None:
    now, most = 0, 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return ok()

    options = Options(limits=Limits(concurrency=5, background_rate=0))
    async with HttpxForgejo(URL, "", options, transport=httpx.MockTransport(answer)) as api:
        await asyncio.gather(*(api.getitem(f"/{number}") for number in range(60)))
    assert most == 5


async def test_a_closed_client_leaves_no_timer() -> None:
    before = len(asyncio.all_tasks())
    async with HttpxForgejo(URL, "", Options(limits=Limits(rate=0.001))) as api:
        async with api.politeness.turn("GET", "/x", 0.0):
            pass
        waiting = asyncio.create_task(api.getitem("/x"))
        await settle()
        waiting.cancel()
        await settle()
        assert len(asyncio.all_tasks()) == before + 1
    assert len(asyncio.all_tasks()) == before
