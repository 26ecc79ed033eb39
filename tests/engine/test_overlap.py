"""Runs of one target never overlap, whatever is asked for, in whichever process, and whoever stops or dies."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.engine import Engine, Lease
from bot.engine.local import LocalEngine
from bot.engine.procrastinate import ProcrastinateEngine
from bot.model import Target
from bot.store import open_store
from tests.engine.work import SECONDS, target

REQUESTS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(0, 8),
        st.sampled_from([0.0, 0.0, 0.01]),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["submit", "submit", "submit", "cancel", "stop", "pause"]),
    ),
    min_size=5,
    max_size=40,
)


class Recorder:
    """Work that takes some turns of the loop, and counts the runs of each target that are under way."""

    def __init__(self) -> None:
        self.running: Counter[str] = Counter()
        self.most = 0
        self.ended: Counter[str] = Counter()

    async def run(self, lease: Lease) -> None:
        name = str(lease.target)
        self.running[name] += 1
        self.most = max(self.most, self.running[name])
        try:
            await asyncio.sleep(0.002)
        finally:
            self.running[name] -= 1
        self.ended[name] += 1

    async def failed(self, which: Target, fault: Exception) -> None:
        raise AssertionError(which) from fault


async def play(engines: list[Engine], requests: list[tuple[int, int, float, bool, bool, str]]) -> Recorder:
    recorder, asked = Recorder(), set[str]()
    for engine in engines:
        await engine.start(recorder.run, recorder.failed)
    alive = list(engines)
    for turn, (number, priority, delay, urgent, spaced, what) in enumerate(requests):
        engine, one = alive[turn % len(alive)], target(number, f"garden/{number % 2}")
        if what == "pause":
            await asyncio.sleep(0.003)
        elif what == "cancel":
            await engine.cancel(one)
            asked.discard(str(one))
        elif what == "stop" and len(alive) > 1:
            alive.remove(engine)
            await engine.stop()
        else:
            await engine.submit(one, priority=priority, delay=delay, urgent=urgent, spaced=spaced)
            asked.add(str(one))
    async with asyncio.timeout(SECONDS):
        await alive[0].idle()
        while any(recorder.ended[name] == 0 for name in asked):  # noqa: ASYNC110 - what is delayed comes by itself
            await asyncio.sleep(0.005)
        await alive[0].idle()
    for engine in alive:
        await engine.stop()
    return recorder


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=REQUESTS)
def test_runs_of_one_process_never_overlap(requests: list[tuple[int, int, float, bool, bool, str]]) -> None:
    recorder = asyncio.run(play([LocalEngine(workers=3)], requests))
    assert recorder.most <= 1
    assert not +recorder.running


@pytest.mark.long
@pytest.mark.postgres
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=REQUESTS)
def test_runs_of_several_processes_never_overlap(
    requests: list[tuple[int, int, float, bool, bool, str]], postgres_url: str, tmp_path: Path
) -> None:
    async def run() -> Recorder:
        await (await open_store(postgres_url)).close()
        engines: list[Engine] = [ProcrastinateEngine(postgres_url, workers=2) for _ in range(3)]
        return await play(engines, requests)

    recorder = asyncio.run(run())
    assert recorder.most <= 1
    assert not +recorder.running
