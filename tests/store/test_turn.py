"""The turn to write to SQLite: who gets it, and what happens to those who give up."""

import asyncio

import pytest

from bot.store.database import turn
from bot.store.database.turn import Turn
from bot.urgency import Urgency, working


async def write(held: Turn, name: str, order: list[str], priority: int = 0) -> None:
    with working(Urgency(priority)):
        async with held.taken():
            order.append(name)


async def test_pressing_work_writes_before_background_work_that_came_first() -> None:
    held, order = Turn(), list[str]()
    async with held.taken():
        names = {"daily": 8, "listing": 7, "first": 0, "second": 0}
        tasks = [asyncio.create_task(write(held, name, order, priority)) for name, priority in names.items()]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == ["first", "second", "listing", "daily"]


async def test_who_is_cancelled_while_waiting_or_when_it_is_his_turn_leaves_it_to_the_next() -> None:
    held, order = Turn(), list[str]()
    async with held.taken():
        tasks = [asyncio.create_task(write(held, name, order)) for name in "abc"]
        await asyncio.sleep(0)
        tasks[0].cancel()
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["c"]
    await write(held, "later", order)
    assert order == ["c", "later"]


async def test_who_waits_too_long_gives_up_and_background_work_waits_for_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turn, "PATIENCE", 0.01)
    held, order = Turn(), list[str]()
    async with held.taken():
        background = asyncio.create_task(write(held, "background", order, 8))
        with pytest.raises(TimeoutError):
            await write(held, "hot", order)
    await background
    assert order == ["background"]
