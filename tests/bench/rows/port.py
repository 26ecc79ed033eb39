"""Floods of the port, and what an honest delivery notices of them: memory, descriptors, calls to Forgejo, latency.

Each flood comes from a process of its own, so that the waits of the honest sender are the server's.

`assay serve` may open 1,024 files. `ASSAY_BENCH_CONNECTIONS` lowers the number of connections with large bodies, for
programs that keep all of them in memory.
"""

import asyncio
import json
import os
import re
import resource
import secrets
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import httpx

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox import Sandbox
from bot.sandbox.world import AGENT, REPOSITORY, people
from tests.bench.harness.figures import Row
from tests.bench.harness.process import descriptors, resident
from tests.stories.server import Server

FILES = 1024
BODIES = int(os.environ.get("ASSAY_BENCH_CONNECTIONS", "1000"))
BODY_BYTES = 24 * 1024 * 1024
HEADS = 1100
HEAD_SECONDS = 20.0
READY = 10_000
PIECE = b"x" * 65_536
EVERY = 0.1
CALM_SECONDS = 5.0


@dataclass
class Seen:
    """What was seen during one flood."""

    memory: float = 0.0
    files: int = 0
    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    answers: dict[str, int] = field(default_factory=dict)

    def count(self, answer: str) -> None:
        self.answers[answer] = self.answers.get(answer, 0) + 1


async def rows() -> list[Row]:
    """For each flood: the highest memory, memory after it, descriptors, calls to Forgejo, an honest sender's waits."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        sandbox = Sandbox(Path(folder) / "forge")
        await sandbox.start()
        tokens = await people(sandbox)
        found: list[Row] = []
        async with HttpxForgejo(sandbox.url, tokens[AGENT]) as agent:
            number = (await agent.post(f"/repos/{REPOSITORY}/issues", {"title": "Bed"}))["number"]
            for name in FLOODS:
                place = Path(folder) / str(len(found))
                place.mkdir()
                server = Server(place, sandbox, tokens)
                await server.start()
                resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (FILES, FILES))
                found += await _flooded(name, server, number)
                await server.stop()
        await sandbox.stop()
    return found


async def _flooded(flood: str, server: Server, number: int) -> list[Row]:
    await asyncio.sleep(CALM_SECONDS)
    calls, seen = await _calls(server), Seen()
    async with _watching(server, number, seen):
        command = ("-m", "tests.bench.port", flood, str(server.port))
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
        seen.answers = json.loads((await process.communicate())[0])
    await asyncio.sleep(CALM_SECONDS)
    after, more = resident(server.pid), await _calls(server) - calls
    answers = ", ".join(f"{count} x {answer}" for answer, count in sorted(seen.answers.items()))
    name = f"{flood} ({answers})"
    p50, worst = statistics.median(seen.latencies or [0.0]) * 1000, max(seen.latencies or [0.0]) * 1000
    honest = len(seen.latencies) + seen.failed
    return [
        Row(name=f"{name}: highest memory", value=seen.memory, unit="MB", budget="under 450", ok=seen.memory < 450),
        Row(name=f"{name}: memory after it", value=after, unit="MB", budget="under 250", ok=after < 250),
        Row(name=f"{name}: descriptors", value=seen.files, unit="files", budget="under 900", ok=seen.files < 900),
        Row(name=f"{name}: calls to Forgejo", value=more, unit="calls", budget="under 60", ok=more < 60),
        Row(name=f"{name}: honest delivery, p50", value=p50, unit="ms", budget="none", ok=True),
        Row(name=f"{name}: honest delivery, worst", value=worst, unit="ms", budget="none", ok=True),
        Row(
            name=f"{name}: honest deliveries of {honest} refused",
            value=seen.failed,
            unit="",
            budget="0",
            ok=not seen.failed,
        ),
    ]


async def _calls(server: Server) -> int:
    async with httpx.AsyncClient(timeout=30) as client:
        text = (await client.get(f"{server.address}/metrics")).text
    return round(sum(float(found) for found in re.findall(r"assay_forgejo_calls_total\{[^}]*\} (\S+)", text)))


@asynccontextmanager
async def _watching(server: Server, number: int, seen: Seen) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_deliveries(server, number, seen)), asyncio.create_task(_measures(server, seen))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _measures(server: Server, seen: Seen) -> None:
    while True:
        seen.memory = max(seen.memory, resident(server.pid))
        seen.files = max(seen.files, descriptors(server.pid))
        await asyncio.sleep(0.05)


async def _deliveries(server: Server, number: int, seen: Seen) -> None:
    while True:
        begun = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=30) as client:
                status, _ = await server.deliver(client, number, AGENT, "issues")
        except httpx.TransportError:
            status = 0
        if status == 202:
            seen.latencies.append(time.monotonic() - begun)
        else:
            seen.failed += 1
        await asyncio.sleep(EVERY)


async def _unsigned(port: int, seen: Seen) -> None:
    await _bodies(port, seen, "")


async def _wrongly_signed(port: int, seen: Seen) -> None:
    await _bodies(port, seen, f"X-Forgejo-Signature: {secrets.token_hex(32)}\r\n")


async def _bodies(port: int, seen: Seen, signature: str) -> None:
    head = (
        "POST /webhooks/forgejo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"X-Forgejo-Event: push\r\nX-Forgejo-Delivery: a\r\n{signature}Content-Length: {BODY_BYTES}\r\n\r\n"
    ).encode()

    loop = asyncio.get_running_loop()

    async def send() -> None:
        with socket.socket() as connection:
            connection.setblocking(False)
            try:
                async with asyncio.timeout(90):
                    await loop.sock_connect(connection, ("127.0.0.1", port))
                    await loop.sock_sendall(connection, head)
                    answered = await _fed(connection)
                seen.count(answered.decode().split(" ")[1])
            except (OSError, TimeoutError, IndexError) as fault:
                seen.count("timeout" if isinstance(fault, TimeoutError) else "closed")

    await asyncio.gather(*(send() for _ in range(BODIES)))


async def _fed(connection: socket.socket) -> bytes:
    """Send the body until there is an answer, and give its beginning."""
    loop = asyncio.get_running_loop()
    for _ in range(BODY_BYTES // len(PIECE)):
        try:
            return connection.recv(1000)
        except BlockingIOError:
            await loop.sock_sendall(connection, PIECE)
    return await loop.sock_recv(connection, 1000)


async def _heads(port: int, seen: Seen) -> None:
    async def trickle() -> None:
        writer = None
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /healthz HTTP/1.1\r\n")
                while not (reader.at_eof() or writer.transport.is_closing()):
                    writer.write(b"X-A: b\r\n")
                    await asyncio.sleep(1)
            seen.count("closed")
        except TimeoutError:
            seen.count("open at the end")
        except OSError:
            seen.count("closed")
        finally:
            if writer is not None:
                writer.transport.abort()

    await asyncio.gather(*(trickle() for _ in range(HEADS)))


async def _readyz(port: int, seen: Seen) -> None:
    left = iter(range(READY))

    async def ask() -> None:
        async with aiohttp.ClientSession() as client:
            for _ in left:
                with suppress(aiohttp.ClientError):
                    async with client.get(f"http://127.0.0.1:{port}/readyz") as answer:
                        seen.count(str(answer.status))

    await asyncio.gather(*(ask() for _ in range(20)))


Flood = Callable[[int, Seen], Awaitable[None]]
FLOODS: dict[str, Flood] = {
    f"{BODIES} unsigned bodies of 24 MB": _unsigned,
    f"{BODIES} wrongly signed bodies of 24 MB": _wrongly_signed,
    f"{HEADS} endless heads": _heads,
    f"{READY} times /readyz": _readyz,
}


async def _flood(name: str, port: int) -> None:
    seen = Seen()
    await FLOODS[name](port, seen)
    print(json.dumps(seen.answers))  # noqa: T201 - what the parent reads


if __name__ == "__main__":
    asyncio.run(_flood(sys.argv[1], int(sys.argv[2])))
