"""Floods of the port of the real server: an honest delivery gets through, and memory and descriptors stay bounded."""

import asyncio
import resource
import secrets
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import httpx
import pytest

from bot.sandbox.world import AGENT
from tests.bench.harness.process import resident
from tests.stories.stage import Stage

pytestmark = pytest.mark.long

MIB = 1024 * 1024
BODY = 24 * MIB
Flood = Callable[[int], Coroutine[Any, Any, None]]


async def body(port: int, signature: str = "", *, stall: bool = False) -> None:
    """Send a large body as fast as it is taken, or stop in the middle, until the server ends the connection."""
    head = (
        "POST /webhooks/forgejo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Forgejo-Event: push\r\n"
        f"X-Forgejo-Delivery: a\r\n{signature}Content-Length: {BODY}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    with socket.socket() as connection, suppress(ConnectionError):
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, head.encode())
        for _ in range(BODY // MIB // (2 if stall else 1)):
            await loop.sock_sendall(connection, b"x" * MIB)
        await loop.sock_recv(connection, 1000)


async def head(port: int) -> None:
    """Send a head that never ends, until the server ends the connection."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connection, suppress(ConnectionError):
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, b"GET /healthz HTTP/1.1\r\n")
        while True:
            await loop.sock_sendall(connection, b"X-A: b\r\n")
            await asyncio.sleep(0.5)


async def ahead(port: int) -> None:
    """Send requests ahead and read no answer."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    try:
        for _ in range(20):
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
            await asyncio.wait_for(writer.drain(), 5)
    except (ConnectionError, TimeoutError):
        return
    finally:
        writer.transport.abort()


def signature() -> str:
    return f"X-Forgejo-Signature: {secrets.token_hex(32)}\r\n"


FLOODS: dict[str, tuple[int, Flood]] = {
    "unsigned bodies": (60, body),
    "wrongly signed bodies": (60, lambda port: body(port, signature())),
    "bodies that stop in the middle": (60, lambda port: body(port, signature(), stall=True)),
    "endless heads": (900, head),
    "requests ahead whose answers nobody reads": (50, ahead),
}


@pytest.mark.parametrize("name", FLOODS)
async def test_an_honest_delivery_gets_through_a_flood(stage: Stage, name: str) -> None:
    count, flood = FLOODS[name]
    server = stage.server
    await server.start()
    number = (await stage.agent.post("/repos/workshop/garden/issues", {"title": "Bed"}))["number"]
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (1024, 1024))
    flooding = [asyncio.create_task(flood(server.port)) for _ in range(count)]
    highest = 0.0
    try:
        for _ in range(10):
            await asyncio.sleep(0.2)
            highest = max(highest, resident(server.pid))
            async with httpx.AsyncClient(timeout=20) as client:
                status, _ = await server.deliver(client, number, AGENT, "issues")
                assert status == 202
                assert (await client.get(f"{server.address}/healthz")).status_code == 200
    finally:
        for task in flooding:
            task.cancel()
        await asyncio.gather(*flooding, return_exceptions=True)
    assert highest < 500
