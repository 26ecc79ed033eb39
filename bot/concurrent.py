"""Several things at once, none left running when one fails."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_all(*parts: Coroutine[Any, Any, Any]) -> list[Any]:
    """Gives what the coroutines give, in their order. Raises what the first of them raises, itself and no group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in parts]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]
