"""Coroutines side by side: how many at once, and what a failure does."""

import asyncio

import pytest

from bot.concurrent import run_each


async def test_items_are_worked_on_in_their_order_and_at_most_some_at_once() -> None:
    began, now, most = list[int](), 0, 0

    async def work(item: int) -> None:
        nonlocal now, most
        began.append(item)
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    await run_each(3, work, range(20))
    assert (began, most) == (list(range(20)), 3)


async def test_the_first_failure_is_raised_and_ends_the_rest() -> None:
    done = list[int]()

    async def work(item: int) -> None:
        await asyncio.sleep(0)
        if item == 5:
            raise ValueError("five")
        done.append(item)

    with pytest.raises(ValueError, match="five"):
        await run_each(2, work, range(100))
    assert len(done) < 8
