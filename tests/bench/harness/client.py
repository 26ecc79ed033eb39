"""The cheapest HTTP client that can tell an answer, so that the load is not what is measured; and a steady sender."""

import asyncio
import time
from collections.abc import Callable
from typing import cast

from bot.sandbox.world import AGENT
from tests.stories.server import Server

BODY_BYTES = 12 * 1024


class Client(asyncio.Protocol):
    """One connection with one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own isn't a subclass

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        """The status of the answer to a whole request."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Ends the connection."""
        assert self._transport is not None
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if found and _whole(head.lower(), rest) and self._answer is not None:
            self._received = b""
            self._answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))


def _whole(head: bytes, body: bytes) -> bool:
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)


async def connected(port: int) -> Client:
    """A connection to a port of this machine."""
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    return client


class Sender:
    """Sends signed deliveries of a server's repository at a steady rate, whether earlier ones are answered or not.

    `number_of` gives the target of the n-th delivery, `seconds` the time that each answered one took, and `refused`
    counts those that were not acknowledged.
    """

    def __init__(self, server: Server, number_of: Callable[[int], int], event: str = "issues") -> None:
        self.seconds: list[float] = []
        self.refused = 0
        self._server = server
        self._number_of = number_of
        self._event = event
        self._idle: list[Client] = []

    async def send(self, rate: float, seconds: float) -> None:
        """Sends for some seconds; returns when all are answered."""
        tasks, begun = set[asyncio.Task[None]](), time.perf_counter()
        for number in range(round(rate * seconds)):
            await asyncio.sleep(begun + number / rate - time.perf_counter())
            task = asyncio.create_task(self._one(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        for client in self._idle:
            client.close()
        self._idle.clear()

    async def _one(self, number: int) -> None:
        body, headers = self._server.delivery(self._number_of(number), AGENT, self._event, filling="x" * BODY_BYTES)
        path = self._server.webhook.removeprefix(self._server.address)
        lines = {**headers, "Host": "127.0.0.1", "Content-Length": str(len(body))}
        head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        begun = time.perf_counter()
        try:
            client = await self._connection()
            status = await client.ask(head.encode() + b"\r\n" + body)
        except OSError:
            self.refused += 1
            return
        if status == 202:
            self.seconds.append(time.perf_counter() - begun)
        else:
            self.refused += 1
        self._idle.append(client)

    async def _connection(self) -> Client:
        """The connection that was used last, for the server ends those that are idle for long; or a new one."""
        while self._idle:
            client = self._idle.pop()
            if not client.closed:
                return client
        return await connected(self._server.port)
