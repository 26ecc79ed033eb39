"""The tasks of an engine: none ends unnoticed."""

import asyncio
from collections.abc import Awaitable, Callable


class Tasks:
    """Tasks that go on until they are stopped. One that fails is told, so that the process does not go on without it.

    `told` is called with each failure too.
    """

    def __init__(self, told: Callable[[BaseException], None] = lambda _: None) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._faults: list[BaseException] = []
        self._over = asyncio.Event()
        self._told = told

    def keep(self, coroutine: Awaitable[None]) -> None:
        """Run a coroutine to its end."""
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def failed(self) -> None:
        """Wait until a task fails, and raise its exception."""
        await self._over.wait()
        raise self._faults[0]

    async def stop(self) -> None:
        """Cancel the tasks and wait for their ends."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def fault(self, fault: BaseException) -> None:
        """Take note of a failure, of a task or of something else that the process can't go on without."""
        self._faults.append(fault)
        self._over.set()
        self._told(fault)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.fault(fault)
