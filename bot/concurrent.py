"""Runs coroutines concurrently; if one fails, the others are cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def run_all(*parts: Coroutine[Any, Any, Any]) -> list[Any]:
    """Return the coroutines' results in their order. Raises the first exception itself, not an exception group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in parts]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def run_each(at_once: int, work: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """Do the work for each item, in their order, some at once. Raises the first exception itself."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    await run_all(*(worker() for _ in range(at_once)))
