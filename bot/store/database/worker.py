"""One thread that runs blocking calls in order, for an event loop that awaits them.

An executor would cost as much as a commit itself, a quarter of a millisecond.
"""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
_Then = Callable[[Any], None] | None
_Call = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any], _Then]


class Worker:
    """A thread that starts with its first call and ends with `close`."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name=name, daemon=True)

    def run(self, call: Callable[[], T], then: Callable[[T], None] | None = None) -> "asyncio.Future[T]":
        """Return the result of `call`, run in the thread, or raise its exception.

        `then` gets the result on the event loop, before the awaiting task continues.
        """
        if self._thread.ident is None:
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put((loop, future, call, then))
        return future

    def close(self, patience: float) -> None:
        """End the thread after its pending calls; abandon it if that takes longer than `patience` seconds."""
        if self._thread.ident is not None:
            self._calls.put(None)
            self._thread.join(patience)

    def _serve(self) -> None:
        while (item := self._calls.get()) is not None:
            loop, future, call, then = item
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - handed to whoever awaits, nothing is swallowed
                loop.call_soon_threadsafe(_fail, future, error)
            else:
                loop.call_soon_threadsafe(_settle, future, result, then)


def _settle(future: "asyncio.Future[Any]", result: Any, then: _Then) -> None:
    if not future.done():
        future.set_result(result)
    if then is not None:
        then(result)


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
