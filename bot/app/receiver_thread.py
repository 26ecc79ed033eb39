"""Runs a receiver in a thread with an event loop of its own, so that evaluations do not delay acknowledgements.

Nothing of one loop is used on the other. The threads share values that may be used from several threads: settings,
metrics and the secrets of webhooks. The receiver has connections to the database of its own. It wakes the worker, and
its pages of health ask the worker's loop, through calls that are made for it here.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from functools import partial
from threading import Thread
from typing import Any

from aiohttp import web

from bot.app.receiver import Page, Receiver
from bot.port import answer

SWITCH_SECONDS = 0.0005
"""How long a thread may compute while another one waits to: an acknowledgement waits for it several times."""
ANSWER_SECONDS = 15.0
"""How long the worker's loop may take for a page of health."""
SLOW = "the evaluations do not answer; operators: see the log"

Make = Callable[[Mapping[str, Page], Callable[[], object]], AbstractAsyncContextManager[Receiver]]
"""Opens a receiver with these pages, which calls a function after each batch that it stored. Called in the thread."""


class ReceiverThread:
    """The thread. `pages` and `on_stored` are called on the loop that runs the thread, the outer one."""

    def __init__(self, make: Make, pages: Mapping[str, Page], on_stored: Callable[[], None]) -> None:
        self._make = make
        self._pages = pages
        self._on_stored = on_stored
        self._inner: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopping = False
        self.health_address = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[str, asyncio.Future[None]]]:
        """Receive; yield the address, and a future that is done when the thread has ended, with its exception.

        Raises what opening the ports raises.
        """
        outer = asyncio.get_running_loop()
        address: asyncio.Future[str] = outer.create_future()
        ended: asyncio.Future[None] = outer.create_future()
        thread = Thread(target=self._run, args=(outer, address, ended), name="receiver", daemon=True)
        with _switching(SWITCH_SECONDS):
            thread.start()
            try:
                first: tuple[asyncio.Future[Any], ...] = (address, ended)
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
                if not ended.done():
                    yield address.result(), ended
            finally:
                self._end()
                await asyncio.wait({ended})
                thread.join()
                fault = ended.exception()
        if fault is not None:
            raise fault

    def _end(self) -> None:
        """Ask the thread to end. It may not have begun to wait for that, or may have ended."""
        self._stopping = True
        if self._inner is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._inner.call_soon_threadsafe(self._stop.set)

    def _run(self, outer: asyncio.AbstractEventLoop, address: asyncio.Future[str], ended: asyncio.Future[None]) -> None:
        try:
            with asyncio.Runner(loop_factory=type(outer)) as runner:
                runner.run(self._receive(outer, address))
        except BaseException as fault:  # noqa: BLE001 - handed to the outer loop, nothing is swallowed
            outer.call_soon_threadsafe(ended.set_exception, fault)
        else:
            outer.call_soon_threadsafe(ended.set_result, None)

    async def _receive(self, outer: asyncio.AbstractEventLoop, address: asyncio.Future[str]) -> None:
        self._stop = asyncio.Event()
        self._inner = asyncio.get_running_loop()
        pages = {path: _across(page, outer) for path, page in self._pages.items()}
        async with (
            self._make(pages, partial(outer.call_soon_threadsafe, self._on_stored)) as receiver,
            receiver.running() as where,
        ):
            self.health_address = receiver.health_address
            outer.call_soon_threadsafe(address.set_result, where)
            if not self._stopping:
                await self._stop.wait()


def _across(page: Page, outer: asyncio.AbstractEventLoop) -> Page:
    """Return a page that is made on the outer loop."""

    async def ask(request: web.Request) -> web.Response:
        made = asyncio.run_coroutine_threadsafe(page(request), outer)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await asyncio.wrap_future(made)
        except TimeoutError:
            return answer(web.HTTPServiceUnavailable.status_code, SLOW)

    return ask


@contextmanager
def _switching(seconds: float) -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
