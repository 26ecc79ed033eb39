"""Runs coroutines concurrently; if one fails, the others are cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_all(*parts: Coroutine[Any, Any, Any]) -> list[Any]:
    """Return the coroutines' results in their order. Raises the first exception itself, not an exception group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in parts]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]
