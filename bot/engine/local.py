"""The engine of one process: asyncio workers, bounded, fair between repositories."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.engine.engine import Engine, Failed, Lease, Work, attempt, perform, rest_after
from bot.engine.queue import Queue, Waiting
from bot.engine.tasks import Tasks
from bot.model import Target
from bot.urgency import Urgency, working


class LocalEngine(Engine):
    """Takes turns between repositories, so that a burst in one doesn't starve another.

    `grace` is how many seconds runs have to end when the process stops.
    """

    def __init__(self, workers: int = 8, grace: float = 0.0) -> None:
        self._count = workers
        self._grace = grace
        self._work: Work | None = None
        self._failed: Failed | None = None
        self._tasks = Tasks()
        self._workers: list[asyncio.Task[None]] = []
        self._stopping = False
        self._queue = Queue(workers)
        self._running: dict[str, Lease] = {}
        self._again: dict[str, tuple[Target, int]] = {}
        self._after_rest: dict[str, tuple[Target, int]] = {}
        self._resting: dict[str, asyncio.TimerHandle] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._wake = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def start(self, work: Work, failed: Failed) -> None:
        """Starts the workers."""
        self._work, self._failed = work, failed
        self._workers = [asyncio.create_task(self._worker()) for _ in range(self._count)]

    async def submit(
        self, target: Target, *, priority: int = 0, delay: float = 0.0, urgent: bool = False, spaced: bool = False
    ) -> None:
        """Queues a target once; a run under way is followed by one more."""
        key = str(target)
        if spaced and not urgent:
            if (running := self._running.get(key)) is not None:
                self._ask(self._after_rest, target, priority)
                running.urgency.press(priority)
                return
            if key in self._resting:
                delay = max(delay, self._resting[key].when() - asyncio.get_running_loop().time())
        if delay > 0:
            self._later(target, priority, delay)
            return
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        running = self._running.get(key)
        if running is not None:
            self._ask(self._again, target, priority)
            running.urgency.press(priority)
            if urgent:
                running.superseded.set()
            return
        self._put(target, priority)

    async def cancel(self, target: Target) -> None:
        """Takes a target out of queue, timers and repeats."""
        key = str(target)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        self._queue.remove(key)
        self._again.pop(key, None)
        self._after_rest.pop(key, None)
        self._settle()

    def every(
        self,
        name: str,
        seconds: float,
        job: Callable[[], Awaitable[None]],
        *,
        in_each_process: bool = False,  # noqa: ARG002 - there is one process
    ) -> None:
        """Runs a job now and then every `seconds`; a failing run is logged and the schedule goes on."""
        self._tasks.keep(self._schedule(name, seconds, job))

    async def idle(self) -> None:
        """Returns when no target runs or waits."""
        await self._quiet.wait()

    @property
    def leads(self) -> bool:
        """Whether this process leads: it is the only one."""
        return True

    def lead(self, called: Callable[[], None]) -> None:
        """Calls at once, as this process begins to lead; nobody else calls it."""
        called()

    async def call_leader(self) -> None:
        """Tells nobody: this process leads."""

    def on_change(self, *forget: Callable[[Target], None]) -> None:
        """Keeps nobody: what changes is seen in this process."""

    async def changed(self, target: Target) -> None:
        """Tells nobody: this process has seen it."""

    async def sharing(self) -> int:
        """Returns 1, this process."""
        return 1

    async def stop(self) -> None:
        """Begins no more work, lets runs end within the limit, and cancels workers, schedules and timers."""
        self._stopping = True
        for timer in (*self._timers.values(), *self._resting.values()):
            timer.cancel()
        self._timers.clear()
        self._resting.clear()
        self._wake.set()
        if self._workers and self._grace:
            await asyncio.wait(self._workers, timeout=self._grace)
        for task in self._workers:
            task.cancel()
        await asyncio.gather(*self._workers, self._tasks.stop(), return_exceptions=True)

    async def failed(self) -> None:
        """Waits until a schedule fails, and raises its exception."""
        await self._tasks.failed()

    def _later(self, target: Target, priority: int, delay: float) -> None:
        """Of two delays of one target the shorter counts; what already waits needs none."""
        key = str(target)
        if key in self._queue:
            return
        loop = asyncio.get_running_loop()
        known = self._timers.get(key)
        if known is not None:
            if known.when() <= loop.time() + delay:
                return
            known.cancel()
        self._timers[key] = loop.call_later(delay, self._due, target, priority)

    def _due(self, target: Target, priority: int) -> None:
        self._timers.pop(str(target), None)
        if str(target) in self._running:
            self._ask(self._again, target, priority)
        else:
            self._put(target, priority)

    def _ask(self, runs: dict[str, tuple[Target, int]], target: Target, priority: int) -> None:
        """Of several that ask for one more run, the most pressing counts."""
        known = runs.get(str(target))
        runs[str(target)] = (target, min(priority, known[1]) if known else priority)

    def _put(self, target: Target, priority: int) -> None:
        self._queue.put(target, priority, asyncio.get_running_loop().time())
        self._quiet.clear()
        self._wake.set()

    async def _worker(self) -> None:
        while not self._stopping:
            waiting = self._queue.take()
            if waiting is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            self._wake.set()  # with fewer that wait, a repository may have more workers
            await self._run(waiting)

    async def _run(self, waiting: Waiting) -> None:
        target, key = waiting.target, str(waiting.target)
        lease = Lease(target, urgency=Urgency(waiting.priority))
        self._running[key] = lease
        started = asyncio.get_running_loop().time()
        try:
            if self._work is not None and self._failed is not None:
                with working(lease.urgency):
                    await perform(self._work, self._failed, lease)
        finally:
            del self._running[key]
            self._queue.done(waiting)
            rest = self._begin_rest(key, started)
            repeat, after_rest = self._again.pop(key, None), self._after_rest.pop(key, None)
            if repeat is not None:
                self._put(*repeat)
            elif after_rest is not None:
                self._later(*after_rest, rest)
            self._settle()

    def _begin_rest(self, key: str, started: float) -> float:
        loop = asyncio.get_running_loop()
        rest = rest_after(loop.time() - started)
        if (known := self._resting.pop(key, None)) is not None:
            known.cancel()
        self._resting[key] = loop.call_later(rest, self._resting.pop, key, None)
        return rest

    def _settle(self) -> None:
        if not self._running and not self._queue and not self._again:
            self._quiet.set()

    async def _schedule(self, name: str, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            await attempt(name, job)
            await asyncio.sleep(seconds)
