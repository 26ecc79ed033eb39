"""The circuit breaker: when it opens, what waits meanwhile, and how it closes."""

import asyncio
from typing import Any

import httpx
import pytest

from bot.forgejo.errors import ForgejoError, Paused, ServerFault
from tests.forgejo.prepared import Server, ok

DOWN = [
    httpx.ConnectError("x"),
    httpx.ReadTimeout("x"),
    httpx.ReadError("x"),
    httpx.Response(502),
    httpx.Response(503, html="<html>"),
    httpx.Response(504),
]
WORKING = [ok(), *(httpx.Response(status) for status in (401, 403, 404, 409, 422, 423, 429))]


async def ask(api: Any, *paths: str) -> list[ForgejoError]:
    found = []
    for path in paths:
        try:
            await api.getitem(path)
        except ForgejoError as error:
            found.append(error)
    return found


@pytest.mark.parametrize("fault", DOWN)
async def test_faults_of_different_requests_in_a_row_open_the_circuit(fault: Any) -> None:
    server = Server(*[fault] * 5, ok("again"))
    async with server.client(attempts=1) as api:
        failed = await ask(api, "/1", "/2", "/3", "/4")
        assert not api.politeness.failing
        assert len(failed) == 4
        waits = asyncio.create_task(api.getitem("/5"))
        assert await waits == "again"
        assert not api.politeness.failing
    assert server.clock.slept == [1.0]


@pytest.mark.parametrize("fault", DOWN)
async def test_faults_of_one_request_are_its_own(fault: Any) -> None:
    server = Server(*[fault] * 12)
    async with server.client(attempts=1) as api:
        assert len(await ask(api, *["/1"] * 12)) == 12
        assert not api.politeness.failing
    assert len(server.asked) == 12


@pytest.mark.parametrize("answer", WORKING)
async def test_an_answer_between_faults_shows_that_the_server_works(answer: httpx.Response) -> None:
    fault = httpx.Response(502)
    server = Server(*[fault] * 4, answer, *[fault] * 4)
    async with server.client(attempts=1) as api:
        await ask(api, *(f"/{number}" for number in range(9)))
        assert not api.politeness.failing


async def test_errors_500_in_one_repository_are_its_own_and_in_five_are_the_servers() -> None:
    server = Server(*[httpx.Response(500)] * 99)
    async with server.client(attempts=1) as api:
        await ask(api, *(f"/repos/broken/one/pulls/{number}" for number in range(20)))
        assert not api.politeness.failing
        await ask(api, *(f"/repos/broken/{number}/pulls/1" for number in range(4)))
        assert api.politeness.failing


async def test_while_it_stays_down_probes_back_off_and_what_waits_fails_after_the_patience_unsent() -> None:
    server = Server(*[httpx.Response(502)] * 99)
    async with server.client(attempts=1) as api:
        failed = await ask(api, *(f"/{number}" for number in range(5)))
        assert isinstance(failed[-1], Paused)
        assert api.politeness.failing
        assert server.clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0]
        assert len(server.asked) == 10
        assert isinstance((await ask(api, "/late"))[0], Paused | ServerFault)


async def test_only_one_request_probes_and_the_others_follow_its_answer() -> None:
    answers = iter([httpx.Response(502)] * 5)
    gate, asked = asyncio.Event(), list[str]()

    async def answer(request: httpx.Request) -> httpx.Response:
        if (fault := next(answers, None)) is not None:
            return fault
        asked.append(request.url.path[-2:])
        await gate.wait()
        return ok()

    server = Server()
    async with server.client(attempts=1) as api:
        api._client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        tasks = [asyncio.create_task(api.getitem(f"/{number}")) for number in range(10, 15)]
        tasks += [asyncio.create_task(api.getitem(f"/{number}")) for number in range(20, 25)]
        for _ in range(200):
            await asyncio.sleep(0)
        assert api.politeness.failing
        assert len(asked) == 1
        gate.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert not api.politeness.failing
    assert sum(isinstance(one, ServerFault) for one in done) == 4
    assert done[-1] == 1


async def test_a_probe_that_is_cancelled_leaves_its_place_to_the_next() -> None:
    server = Server(*[httpx.Response(502)] * 5, ok("again"))
    async with server.client(attempts=1, patience=0) as api:
        await ask(api, *(f"/{number}" for number in range(4)))
        with pytest.raises(ForgejoError):
            await api.post("/5", {})
        assert api.politeness.failing
        await server.clock.sleep(1)
        with pytest.raises(asyncio.CancelledError):
            async with api.politeness.turn("GET", "/6", server.clock()):
                raise asyncio.CancelledError
        assert api.politeness.failing
        assert await api.getitem("/7") == "again"


async def test_opening_and_closing_are_told_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(*[httpx.Response(502)] * 6, ok())
    async with server.client(attempts=1) as api:
        await ask(api, *(f"/{number}" for number in range(5)))
    told = capsys.readouterr().out
    assert (told.count("forgejo.fails"), told.count("forgejo.works-again")) == (1, 1)
