"""The budget of memory: bounded, in order, given back whatever happens, and without deadlock."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.memory import LANES, LIGHT, MemoryBudget, NoRoom

TOTAL = 800


class Work:
    """Work that holds bytes until it is told to end."""

    def __init__(self, budget: MemoryBudget, size: int) -> None:
        self.size = size
        self.runs = False
        self.end = asyncio.Event()
        self.task = asyncio.create_task(self._run(budget))

    async def _run(self, budget: MemoryBudget) -> None:
        async with budget.taken(self.size):
            self.runs = True
            try:
                await self.end.wait()
            finally:
                self.runs = False


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def ended(*works: Work) -> None:
    for work in works:
        work.end.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*(work.task for work in works), return_exceptions=True)


async def test_work_waits_until_its_bytes_are_free_and_in_order() -> None:
    budget = MemoryBudget(TOTAL)
    works = [Work(budget, 300) for _ in range(4)]
    await turn()
    assert [one.runs for one in works] == [True, True, False, False]
    await ended(works[0])
    assert [one.runs for one in works] == [False, True, True, False]
    await ended(*works)
    assert budget.used == 0


async def test_light_work_does_not_wait_behind_heavy_work() -> None:
    budget = MemoryBudget(TOTAL)
    heavy = [Work(budget, 500), Work(budget, 500)]
    light = Work(budget, TOTAL // LIGHT)
    none = Work(budget, 0)
    await turn()
    assert [heavy[0].runs, heavy[1].runs, light.runs, none.runs] == [True, False, True, True]
    await ended(*heavy, light, none)


async def test_work_larger_than_the_budget_runs_alone_among_heavy_work() -> None:
    budget = MemoryBudget(TOTAL)
    first, huge, last = Work(budget, 200), Work(budget, 10 * TOTAL), Work(budget, 200)
    await turn()
    assert [first.runs, huge.runs, last.runs] == [True, False, False]
    await ended(first)
    await turn()
    assert [huge.runs, last.runs] == [True, False]
    await ended(huge)
    await turn()
    assert last.runs
    await ended(last)
    assert budget.used == 0


async def test_cancelled_work_gives_back_what_it_has_and_who_waits_behind_it_goes_on() -> None:
    budget = MemoryBudget(TOTAL)
    holding, waiting, behind = Work(budget, 500), Work(budget, 500), Work(budget, 101)
    await turn()
    waiting.task.cancel()
    await turn()
    assert behind.runs is (TOTAL - TOTAL // LANES >= 500 + 101)
    holding.task.cancel()
    await ended(holding, waiting)
    await turn()
    assert behind.runs
    await ended(behind)
    assert budget.used == 0


async def test_a_failure_gives_back_what_it_has() -> None:
    budget = MemoryBudget(TOTAL)
    with pytest.raises(ValueError, match="broken"):
        async with budget.taken(300):
            raise ValueError("broken")
    assert budget.used == 0


async def life(sizes: Sequence[int], steps: Sequence[tuple[int, bool]]) -> None:
    budget = MemoryBudget(TOTAL)
    works = [Work(budget, size) for size in sizes]
    for index, cancels in steps:
        work = works[index % len(works)]
        if cancels:
            work.task.cancel()
        else:
            work.end.set()
        await turn()
        assert 0 <= budget.used <= TOTAL
        assert sum(min(one.size, TOTAL - TOTAL // LANES) for one in works if one.runs) <= TOTAL
    for work in works:
        work.end.set()
    with suppress(asyncio.CancelledError):
        async with asyncio.timeout(5):  # nobody waits for ever
            await asyncio.gather(*(work.task for work in works), return_exceptions=True)
    assert budget.used == 0


@given(
    sizes=st.lists(st.integers(0, 2 * TOTAL), min_size=1, max_size=12),
    steps=st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=30),
)
def test_any_order_of_ends_and_cancellations_stays_within_the_budget_and_ends(
    sizes: list[int], steps: list[tuple[int, bool]]
) -> None:
    asyncio.run(life(sizes, steps))


async def test_more_work_than_may_wait_is_refused() -> None:
    budget = MemoryBudget(TOTAL, waiting=1)
    holding, waiting = Work(budget, 500), Work(budget, 500)
    await turn()
    with pytest.raises(NoRoom):
        async with budget.taken(500):
            pass
    async with budget.taken(10), budget.taken(0):
        pass
    await ended(holding, waiting)
    assert budget.used == 0
