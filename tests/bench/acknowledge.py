"""How fast a delivery is acknowledged durably, against a bot that keeps nothing.

That bot is gidgethub on aiohttp as its documentation shows it: `Event.from_http` checks the signature and loads the
JSON, a router awaits a callback that does nothing, the answer is 200. Both run on uvloop, one process each, and are
asked in short turns, so that a neighbour's load falls on both: what counts is the median of the turns' ratios. A third
row shows gidgethub on asyncio's own loop, for information.

    python -m tests.bench.acknowledge
"""

import asyncio
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
from functools import partial
from io import RawIOBase
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web
from gidgethub.routing import Router
from gidgethub.sansio import Event

from bot.forgejo.signature import sign
from bot.intake.hook_secrets import HookSecrets
from bot.intake.inbox import Inbox
from bot.intake.webhook import PATH, add_webhook
from bot.port import Port, PortLimits
from bot.store.database.session import open_store
from tests.bench.harness.client import connected

RECORDED = Path(__file__).parents[1] / "recorded" / "forgejo-12" / "webhooks"
BODY_BYTES = 12 * 1024
ROUNDS = 9
SERVERS = ("own", "gidgethub", "gidgethub-asyncio")
REQUESTS = {1: 300, 16: 1500, 64: 1500}
P99_BUDGET_MS = 100.0
FRAME_BYTES = 4096 + 24
COMMIT_FRAMES = 7
"""What SQLite writes to its log for one delivery: pages of 4096 bytes, each with a header of 24, counted by strace."""

LOG_COMMITS = 500
_IDS = ("X-Forgejo-Delivery", "X-Gitea-Delivery", "X-Gogs-Delivery", "X-GitHub-Delivery")
_SECRET = "ASSAY_BENCH_SECRET"


async def rows() -> list[dict[str, Any]]:
    """One row for each budget: name, value, unit, budget, ok."""
    body, headers = _delivery()
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        async with AsyncExitStack() as stack:
            ports = {name: await stack.enter_async_context(_server(name, folder)) for name in SERVERS}
            disk = stack.enter_context((Path(folder) / "disk").open("w+b", buffering=0))
            measured, flushes = await _measure(ports, disk, headers, body)
    return [*_throughput(measured), _latency(measured, flushes)]


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
    disk.writelines(b"x" * FRAME_BYTES * COMMIT_FRAMES for _ in range(LOG_COMMITS))
    for turn in range(ROUNDS + 1):
        for connections, requests in REQUESTS.items():
            for name in sorted(ports, reverse=bool(turn % 2)):
                run = await _load(ports[name], connections, requests, headers, body)
                if turn:  # the first one warms up
                    measured.setdefault((name, connections), []).append(run)
            if turn and connections == 1:
                flushes.append(_flush_seconds(disk))
    return measured, flushes


def _throughput(measured: Measured) -> list[dict[str, Any]]:
    found = []
    for connections in (16, 64):
        own = measured["own", connections]
        ratio, other = (
            statistics.median(
                ours.rate / theirs.rate for ours, theirs in zip(own, measured[name, connections], strict=True)
            )
            for name in ("gidgethub", "gidgethub-asyncio")
        )
        rate, p99 = statistics.median(run.rate for run in own), statistics.median(run.p99 for run in own) * 1000
        name = f"durable acknowledgement, {connections} connections"
        found.append(_row(f"{name} ({rate:.0f}/s), against gidgethub's no-op", ratio, "times", "over 1", ok=ratio > 1))
        found.append(_row(f"{name}, against that on asyncio's loop", other, "times", "none", ok=True))
        found.append(_row(f"{name}, p99", p99, "ms", f"under {P99_BUDGET_MS:.0f}", ok=p99 < P99_BUDGET_MS))
    return found


def _latency(measured: Measured, flushes: list[float]) -> dict[str, Any]:
    """The p50 in the turn of the median ratio to its own budget: no-op and flush of the same turn."""
    turns = zip(measured["own", 1], measured["gidgethub", 1], flushes, strict=True)
    ranked = sorted((own.p50 / (plain.p50 + disk), own.p50, plain.p50, disk) for own, plain, disk in turns)
    ratio, *seconds = ranked[len(ranked) // 2]
    own, plain, disk = (value * 1000 for value in seconds)
    budget = f"at most {plain + disk:.2f} (no-op {plain:.2f} + fsync {disk:.2f}), ratio {ratio:.2f}"
    return _row("durable acknowledgement, 1 connection, p50", own, "ms", budget, ok=ratio <= 1)


def _row(name: str, value: float, unit: str, budget: str, *, ok: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": unit, "budget": budget, "ok": ok}


def _flush_seconds(disk: RawIOBase) -> float:
    """What one flush of a commit's bytes takes, without writing them. The median of 50.

    As SQLite's log in its usual state, a file of the size reached before is overwritten from its beginning, so that
    no flush waits for the file system to make it longer.
    """
    taken = []
    disk.seek(0)
    for _ in range(50):
        for _ in range(COMMIT_FRAMES):
            disk.write(b"y" * FRAME_BYTES)
        begun = time.perf_counter()
        os.fdatasync(disk.fileno())
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def _delivery() -> tuple[bytes, bytes]:
    """The recorded delivery nearest to the size wanted, and its headers but for the id, signed afresh."""
    recordings = [json.loads(path.read_bytes()) for path in sorted(RECORDED.glob("*.*.json"))]
    bodies = [(b64decode(recording["body_b64"]), recording["headers"]) for recording in recordings]
    bodies = [(body, headers) for body, headers in bodies if headers["Content-Type"] == "application/json"]
    body, headers = min(bodies, key=lambda item: abs(len(item[0]) - BODY_BYTES))
    headers = {**headers, **sign(body, os.environ.setdefault(_SECRET, secrets.token_hex(20)).encode())}
    headers = {name: value for name, value in headers.items() if name not in _IDS}
    return body, "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


async def _load(port: int, connections: int, requests: int, headers: bytes, body: bytes) -> Run:
    left = iter(range(requests))
    seconds: list[float] = []
    line = f"POST {PATH} HTTP/1.1\r\n".encode()

    async def ask() -> None:
        client = await connected(port)
        for _ in left:
            delivery = str(uuid.uuid4()).encode()
            ids = b"".join(b"%b: %b\r\n" % (name.encode(), delivery) for name in _IDS)
            request = b"%b%b%b\r\n%b" % (line, ids, headers, body)
            begun = time.perf_counter()
            status = await client.ask(request)
            seconds.append(time.perf_counter() - begun)
            if status not in {200, 202}:
                raise RuntimeError(f"the server on port {port} answered {status}")
        client.close()

    begun = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(connections)))
    rate = requests / (time.perf_counter() - begun)
    cuts = statistics.quantiles(seconds, n=100)
    return Run(rate, cuts[49], cuts[98])


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


async def _listen(app: web.Application) -> None:
    print(await Port(app, PortLimits(512, 512)).start("127.0.0.1", 0), flush=True)  # noqa: T201 - what the parent waits for
    await asyncio.Event().wait()


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
        secrets=HookSecrets.shared_by_all([secret]),
        witness_key=secrets.token_bytes(32),
        limit=25 * 1024 * 1024,
        clock=partial(datetime.now, UTC),
    )
    await _listen(app)


async def _gidgethub() -> None:
    router = Router()
    router.add(_nothing, "pull_request")
    secret = os.environ[_SECRET]

    async def receive(request: web.Request) -> web.Response:
        event = Event.from_http(request.headers, await request.read(), secret=secret)
        await router.dispatch(event)
        return web.Response(status=200)

    app = web.Application(client_max_size=25 * 1024 * 1024)
    app.router.add_post(PATH, receive)
    await _serve(app)


async def _nothing(_event: Event) -> None:
    """The callback of a bot that does nothing."""


if __name__ == "__main__":
    if len(sys.argv) > 1:
        kind, url = sys.argv[1:]
        run = asyncio.run if kind == "gidgethub-asyncio" else uvloop.run
        run(_own(url) if kind == "own" else _gidgethub())
    else:
        for found in uvloop.run(rows()):
            print(found)  # noqa: T201 - the result
