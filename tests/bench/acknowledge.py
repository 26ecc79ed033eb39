"""How fast a delivery is acknowledged durably, against a bot that keeps nothing.

The plain server does what gidgethub's documented aiohttp handler does: read the body, parse the content type, check the
HMAC, decode and load the JSON, route to a callback that does nothing, answer 200; and it runs as that documentation
runs it, on asyncio's own loop. A third server is the same on uvloop, to show what is owed to that alone. One process
each, asked in turns, so that a neighbour's load falls on all.

    python -m tests.bench.acknowledge
"""

import asyncio
import hmac
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
import uuid
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from functools import partial
from io import RawIOBase
from pathlib import Path
from typing import Any, cast

import uvloop
from aiohttp import web

from bot.forgejo.signature import sign
from bot.inbox import Inbox
from bot.store.session import open_store
from bot.webhook import PATH, add_webhook

RECORDED = Path(__file__).parents[1] / "recorded" / "webhooks"
BODY_BYTES = 12 * 1024
ROUNDS = 5
SERVERS = ("own", "plain", "plain-uvloop")
REQUESTS = {1: 400, 16: 2500, 64: 2500}
P99_BUDGET_MS = 100.0
_SECRET = "ASSAY_BENCH_SECRET"


async def rows() -> list[dict[str, Any]]:
    """One row for each budget: name, value, unit, budget, ok."""
    body, headers = _delivery()
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        async with AsyncExitStack() as stack:
            ports = {name: await stack.enter_async_context(_server(name, folder)) for name in SERVERS}
            disk = stack.enter_context((Path(folder) / "disk").open("wb", buffering=0))
            measured, flushes = await _measure(ports, disk, headers, body)
    return [*_throughput(measured), _latency(measured, statistics.median(flushes))]


@dataclass(frozen=True)
class Run:
    """What one run of one server gave: requests in a second, and seconds at the middle and near the end."""

    rate: float
    p50: float
    p99: float


Measured = dict[tuple[str, int], list[Run]]


async def _measure(ports: dict[str, int], disk: RawIOBase, headers: bytes, body: bytes) -> tuple[Measured, list[float]]:
    measured: Measured = {}
    flushes: list[float] = []
    for turn in range(ROUNDS + 1):
        for connections, requests in REQUESTS.items():
            for name in sorted(ports, reverse=bool(turn % 2)):
                run = await _load(ports[name], connections, requests, headers, body)
                if turn:  # the first one warms up
                    measured.setdefault((name, connections), []).append(run)
        flushes.append(_flush_seconds(disk))
    return measured, flushes


def _throughput(measured: Measured) -> list[dict[str, Any]]:
    found = []
    for connections in (16, 64):
        rates = {server: statistics.median(run.rate for run in measured[server, connections]) for server in SERVERS}
        ratio, on_uvloop = rates["own"] / rates["plain"], rates["own"] / rates["plain-uvloop"]
        p99 = statistics.median(run.p99 for run in measured["own", connections]) * 1000
        name = f"durable acknowledgement, {connections} connections"
        found.append(_row(f"{name} ({rates['own']:.0f}/s), against no-op", ratio, "times", "over 1", ok=ratio > 1))
        found.append(_row(f"{name}, against no-op on uvloop", on_uvloop, "times", "none", ok=True))
        found.append(_row(f"{name}, p99", p99, "ms", f"under {P99_BUDGET_MS:.0f}", ok=p99 < P99_BUDGET_MS))
    return found


def _latency(measured: Measured, disk: float) -> dict[str, Any]:
    own, plain = (statistics.median(run.p50 for run in measured[name, 1]) * 1000 for name in ("own", "plain"))
    budget = plain + disk * 1000
    name = "durable acknowledgement, 1 connection, p50"
    return _row(
        name, own, "ms", f"at most {budget:.2f} (no-op {plain:.2f} + fsync {disk * 1000:.2f})", ok=own <= budget
    )


def _row(name: str, value: float, unit: str, budget: str, *, ok: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": unit, "budget": budget, "ok": ok}


def _flush_seconds(disk: RawIOBase) -> float:
    """What the plainest durable log would wait for: a page appended and flushed. The median of 50."""
    taken = []
    for _ in range(50):
        begun = time.perf_counter()
        disk.write(b"x" * 4096)
        os.fsync(disk.fileno())
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def _delivery() -> tuple[bytes, bytes]:
    """The recorded delivery nearest to the size wanted, and its headers but for the id, signed afresh."""
    recordings = [json.loads(path.read_bytes()) for path in sorted(RECORDED.glob("*.*.json"))]
    bodies = [(b64decode(recording["body_b64"]), recording["headers"]) for recording in recordings]
    bodies = [(body, headers) for body, headers in bodies if headers["Content-Type"] == "application/json"]
    body, headers = min(bodies, key=lambda item: abs(len(item[0]) - BODY_BYTES))
    headers = {**headers, **sign(body, os.environ.setdefault(_SECRET, secrets.token_hex(20)).encode())}
    del headers["X-Forgejo-Delivery"]
    return body, "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


async def _load(port: int, connections: int, requests: int, headers: bytes, body: bytes) -> Run:
    left = iter(range(requests))
    seconds: list[float] = []
    loop = asyncio.get_running_loop()
    line = f"POST {PATH} HTTP/1.1\r\n".encode()

    async def ask() -> None:
        transport, client = await loop.create_connection(_Client, "127.0.0.1", port)
        for _ in left:
            delivery = str(uuid.uuid4()).encode()
            request = b"%bX-Forgejo-Delivery: %b\r\n%b\r\n%b" % (line, delivery, headers, body)
            begun = time.perf_counter()
            status = await client.ask(request)
            seconds.append(time.perf_counter() - begun)
            if status not in {200, 202}:
                raise RuntimeError(f"the server on port {port} answered {status}")
        transport.close()

    begun = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(connections)))
    rate = requests / (time.perf_counter() - begun)
    cuts = statistics.quantiles(seconds, n=100)
    return Run(rate, cuts[49], cuts[98])


class _Client(asyncio.Protocol):
    """The cheapest client that can tell an answer: the load must not be what is measured."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own isn't a subclass

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if found and len(rest) >= int(length or 0) and self._answer is not None:
            self._received = b""
            self._answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))


@asynccontextmanager
async def _server(kind: str, folder: str) -> AsyncIterator[int]:
    command = ["-m", __spec__.name, kind, f"sqlite:///{folder}/assay.db"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def _serve(app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201 - what the parent waits for
    await asyncio.Event().wait()


async def _own(url: str) -> None:
    store = await open_store(url)
    inbox = Inbox(store, max_backlog=10**9)
    await inbox.start()
    secret = os.environ[_SECRET].encode()
    app = web.Application()
    add_webhook(
        app,
        inbox,
        secrets=lambda: [secret],
        witness_key=secrets.token_bytes(32),
        limit=25 * 1024 * 1024,
        clock=partial(datetime.now, UTC),
    )
    await _serve(app)


async def _plain() -> None:
    app = web.Application(client_max_size=25 * 1024 * 1024)
    app.router.add_post(PATH, _plain_answer)
    await _serve(app)


async def _plain_answer(request: web.Request) -> web.Response:
    body = await request.read()
    digest = hmac.new(os.environ[_SECRET].encode(), body, "sha256").hexdigest()
    if not hmac.compare_digest(request.headers["X-Hub-Signature-256"], f"sha256={digest}"):
        return web.Response(status=401)
    kind = Message()
    kind["content-type"] = request.headers["content-type"]
    if kind.get_content_type() != "application/json":
        return web.Response(status=415)
    event = json.loads(body.decode(str(kind.get_param("charset") or "utf-8")))
    for callback in (_nothing,):
        await callback(event)
    return web.Response(status=200)


async def _nothing(_event: object) -> None:
    """The callback of a bot that does nothing."""


if __name__ == "__main__":
    if len(sys.argv) > 1:
        kind, url = sys.argv[1:]
        run = asyncio.run if kind == "plain" else uvloop.run
        run(_own(url) if kind == "own" else _plain())
    else:
        for found in uvloop.run(rows()):
            print(found)  # noqa: T201 - the result
