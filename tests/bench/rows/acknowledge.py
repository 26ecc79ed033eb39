"""How fast a delivery is acknowledged durably, against bots that keep nothing.

Such a bot is gidgethub on aiohttp as its documentation shows it: `Event.from_http` checks the signature and loads the
JSON, a router awaits a callback that does nothing, the answer is 200. Both run on uvloop, one process each, and are
asked in short turns, so that a neighbour's load falls on both: what counts is the median of the turns' ratios. Further
rows, for information, show gidgethub on asyncio's own loop, and Probot on Node.js where npm can install it. All get the
same body, signature and connections.
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

import uvloop
from aiohttp import web

from bot.forgejo.signature import sign
from bot.intake.hook_secrets import HookSecrets
from bot.intake.inbox import Inbox
from bot.intake.webhook import PATH, add_webhook
from bot.port import Port, PortLimits
from bot.store.database.session import open_store
from tests.bench.harness.client import BODY_BYTES, connected
from tests.bench.harness.figures import Row, at_least, at_most, told, under
from tests.bench.peers.probot import Missing, probot

RECORDED = Path(__file__).parents[2] / "recorded" / "forgejo-12" / "webhooks"
ROUNDS = 9
PEERS = {"gidgethub": "gidgethub on aiohttp", "gidgethub-asyncio": "that on asyncio's loop", "probot": "Probot"}
REQUESTS = {1: 300, 16: 1500, 64: 1500}
P99_BUDGET_MS = 100.0
FRAME_BYTES = 4096 + 24
COMMIT_FRAMES = 7
"""What SQLite writes to its log for one delivery: pages of 4096 bytes, each with a header of 24, counted by strace."""

LOG_COMMITS = 500
_IDS = ("X-Forgejo-Delivery", "X-Gitea-Delivery", "X-Gogs-Delivery", "X-GitHub-Delivery")
_SECRET = "ASSAY_BENCH_SECRET"


async def rows() -> list[Row]:
    """One row for each budget, and one for each peer and number of connections."""
    body, headers = _delivery()
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        async with AsyncExitStack() as stack:
            ports = {"own": await stack.enter_async_context(_server(__name__, f"sqlite:///{folder}/assay.db"))}
            for name, loop in (("gidgethub", "uvloop"), ("gidgethub-asyncio", "asyncio")):
                ports[name] = await stack.enter_async_context(_server("tests.bench.peers.gidgethub", PATH, loop))
            missing = ""
            try:
                ports["probot"] = await stack.enter_async_context(probot(PATH))
            except Missing as fault:
                missing = str(fault)
            disk = stack.enter_context((Path(folder) / "disk").open("w+b", buffering=0))
            measured, flushes = await _measure(ports, disk, headers, body)
    skipped = [told(f"Probot is not measured: {missing}", 0, "")] if missing else []
    return [*_throughput(measured), *_latency(measured, flushes), *_peers(measured), *skipped]


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


def _throughput(measured: Measured) -> list[Row]:
    found = []
    for connections, least in ((64, 1.0), (16, 1.0)):
        ratio = _ratio(measured, "gidgethub", connections)
        own = measured["own", connections]
        rate, p99 = statistics.median(run.rate for run in own), statistics.median(run.p99 for run in own) * 1000
        name = f"durable acknowledgement, {connections} connections"
        found.append(at_least(f"{name} ({rate:.0f}/s), against gidgethub's no-op", ratio, "times", least))
        found.append(under(f"{name}, p99", p99, "ms", P99_BUDGET_MS))
    return found


def _ratio(measured: Measured, name: str, connections: int) -> float:
    pairs = zip(measured["own", connections], measured[name, connections], strict=True)
    return statistics.median(ours.rate / theirs.rate for ours, theirs in pairs)


def _peers(measured: Measured) -> list[Row]:
    """Side by side: requests in a second of each, the bot's relative to it, and its p99."""
    found = []
    for name, called in PEERS.items():
        for connections in REQUESTS:
            if (runs := measured.get((name, connections))) is not None:
                rate, p99 = (statistics.median(getattr(run, key) for run in runs) for key in ("rate", "p99"))
                text = f"the bot against {called}, {connections} connections ({rate:.0f}/s, p99 {p99 * 1000:.1f} ms)"
                found.append(told(text, _ratio(measured, name, connections), "times"))
    return found


def _latency(measured: Measured, flushes: list[float]) -> list[Row]:
    """The p50 in the turn of the median ratio to its own budget: no-op and flush of the same turn."""
    turns = zip(measured["own", 1], measured["gidgethub", 1], flushes, strict=True)
    ranked = sorted((own.p50 / (plain.p50 + disk), own.p50, plain.p50, disk) for own, plain, disk in turns)
    own, plain, disk = (value * 1000 for value in ranked[len(ranked) // 2][1:])
    name = f"durable acknowledgement, 1 connection, p50 (no-op {plain:.2f} ms, fsync {disk:.2f} ms)"
    return [at_most(name, own, "ms", round(plain + disk, 3))]


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
async def _server(module: str, *words: str) -> AsyncIterator[int]:
    command = (sys.executable, "-m", module, *words)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def _listen(app: web.Application) -> None:
    print(await Port(app, PortLimits(512, 512)).start("127.0.0.1", 0), flush=True)  # noqa: T201 - what the parent waits for
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


if __name__ == "__main__":
    uvloop.run(_own(sys.argv[1]))
