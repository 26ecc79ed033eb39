"""A day of traffic in an hour: does anything grow that should not? `python -m tests.bench day --help`.

The traffic is what people and agents do on the server, over its API and with real pushes: a pull request or an issue is
opened, commented on, pushed to, commented on again, and closed. Each of these sends deliveries. Meanwhile one pull
request is pushed to now and then, and one steady sender measures acknowledgements. People wait for nobody, so the
traffic keeps a pace: by default a day in an hour. Sandbox and bot are processes of their own. Each sample has the
memory, the descriptors and the database of the bot, and both latencies since the last.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvloop
from rich.console import Console
from rich.table import Table

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import AGENT, REPOSITORY, WRITER
from tests.bench.harness.client import Sender
from tests.bench.harness.figures import slope, spread
from tests.bench.harness.forge import Forge, running_forge
from tests.bench.harness.machine import described
from tests.bench.harness.process import descriptors, resident
from tests.bench.harness.serve import metrics, serving
from tests.stories.server import Server

DELIVERIES = 200_000
RATE = DELIVERIES / 3600
AT_A_TIME = 6
SAMPLES = 60
PROBE_RATE = 5.0
PUSH_SECONDS = 10.0
COMMENTS = 4
PULL_EVERY = 8
KEYS = ("memory", "descriptors", "database", "acknowledged_p50", "acknowledged_p99", "hot_p50")


@dataclass
class Watch:
    """What has been seen since the last sample: seconds of acknowledgements and of the hot pull request's looks."""

    hot: list[float] = field(default_factory=list)
    samples: list[dict[str, float]] = field(default_factory=list)


def main(words: Sequence[str]) -> int:
    """Runs the day, prints the first and the last sample and the slopes, and writes the result."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench day", description="A day of traffic, compressed.")
    parser.add_argument("--deliveries", type=int, default=DELIVERIES, metavar="N")
    parser.add_argument("--rate", type=float, default=RATE, metavar="R", help="deliveries a second, at most")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the result")
    asked = parser.parse_args(words)
    machine, begun = described(), time.monotonic()
    samples = uvloop.run(measure(asked.deliveries, asked.rate))
    seconds = round(time.monotonic() - begun, 1)
    result = {"machine": machine, "name": "day", "seconds": seconds, "samples": samples, "slopes": slopes(samples)}
    Console(width=140 if not sys.stdout.isatty() else None).print(table(result))
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


async def measure(deliveries: int, rate: float) -> list[dict[str, float]]:
    """The samples of a day of so many deliveries, at most so many a second."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        async with running_forge(Path(name)) as forge, serving(Path(name), forge) as (server,):
            async with HttpxForgejo(forge.url, forge.tokens[WRITER]) as writer:
                probe = (await writer.post(f"/repos/{REPOSITORY}/issues", {"title": "Probe"}))["number"]
            watch, sender = Watch(), Sender(server, lambda _: probe)
            tasks = [asyncio.create_task(one) for one in _background(forge, sender, watch)]
            traffic = asyncio.create_task(_traffic(forge, server, deliveries, rate))
            await _sampled(server, sender, watch, deliveries, (traffic, *tasks))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await traffic
    return watch.samples


def _background(forge: Forge, sender: Sender, watch: Watch) -> list[Any]:
    return [sender.send(PROBE_RATE, 24 * 3600), _hot(forge, watch)]


async def _sampled(
    server: Server, sender: Sender, watch: Watch, deliveries: int, tasks: "Sequence[asyncio.Task[None]]"
) -> None:
    """Takes a sample whenever so many more deliveries have arrived, until the traffic ends. Raises what tasks raise."""
    traffic, *others = tasks
    begun, due = time.monotonic(), 0.0
    async with httpx.AsyncClient(timeout=60) as client:
        while not traffic.done():
            await asyncio.sleep(0.5)
            for task in others:
                if task.done():
                    await task
            arrived = (await metrics(server, client))["assay_deliveries_total"]
            if arrived >= due and sender.seconds and watch.hot:
                watch.samples.append(await _sample(server, client, sender, watch, time.monotonic() - begun))
                due = arrived + deliveries / SAMPLES
        if sender.seconds and watch.hot:
            watch.samples.append(await _sample(server, client, sender, watch, time.monotonic() - begun))


async def _sample(
    server: Server, client: httpx.AsyncClient, sender: Sender, watch: Watch, seconds: float
) -> dict[str, float]:
    acknowledged, hot = spread(sender.seconds), spread(watch.hot)
    sender.seconds.clear()
    watch.hot.clear()
    seen = await metrics(server, client)
    bytes_ = sum(file.stat().st_size for file in (server.root / "data").glob("*.db*"))
    figures = {
        "seconds": seconds,
        "deliveries": seen["assay_deliveries_total"],
        "evaluations": seen["assay_reconciles_total"],
        "memory": resident(server.pid),
        "descriptors": descriptors(server.pid),
        "database": bytes_ / 1024**2,
        "acknowledged_p50": acknowledged.p50 * 1000,
        "acknowledged_p99": acknowledged.p99 * 1000,
        "hot_p50": hot.p50,
        "hot_worst": hot.worst,
        "refused": sender.refused,
    }
    return {key: round(value, 3) for key, value in figures.items()}


async def _hot(forge: Forge, watch: Watch) -> None:
    """Pushes to one pull request for ever."""
    await forge.pushed("hot", {"hot.py": "BED = 0\n"})
    await forge.pull("hot", "feat: a hot bed")
    push = 0
    while True:
        push += 1
        head, pushed = await forge.pushed("hot", {"hot.py": f"BED = {push}\n"})
        watch.hot.append((await forge.until_called(f"/statuses/{head}$"))[0] - pushed)
        await forge.ask("reset")  # the sandbox remembers each request until then
        await asyncio.sleep(PUSH_SECONDS)


async def _traffic(forge: Forge, server: Server, deliveries: int, rate: float) -> None:
    """Lives of targets, a few at a time, until so many deliveries have arrived."""
    numbers, begun = iter(range(deliveries)), time.monotonic()
    async with HttpxForgejo(forge.url, forge.tokens[AGENT]) as agent, httpx.AsyncClient(timeout=60) as client:

        async def lives() -> None:
            for number in numbers:
                await (_pull if number % PULL_EVERY == 0 else _issue)(forge, agent, number)
                arrived = (await metrics(server, client))["assay_deliveries_total"]
                if arrived >= deliveries:
                    return
                await asyncio.sleep(max(0.0, arrived / rate - (time.monotonic() - begun)))

        await asyncio.gather(*(lives() for _ in range(AT_A_TIME)))


async def _pull(forge: Forge, agent: HttpxForgejo, number: int) -> None:
    branch = f"life-{number}"
    await forge.pushed(branch, {f"lives/{number}.py": f"LIFE = {number}\n"})
    index = await forge.pull(branch, f"feat: life {number}")
    await _comment(agent, index)
    await forge.pushed(branch, {f"lives/{number}.py": f"LIFE = {number + 1}\n"})
    await _comment(agent, index)
    await agent.patch(f"/repos/{REPOSITORY}/pulls/{index}", {"state": "closed"})


async def _issue(_forge: Forge, agent: HttpxForgejo, number: int) -> None:
    made = await agent.post(f"/repos/{REPOSITORY}/issues", {"title": f"Bed {number} is dry", "body": "Since May."})
    await _comment(agent, made["number"])
    await agent.patch(f"/repos/{REPOSITORY}/issues/{made['number']}", {"body": "Since June."})
    await _comment(agent, made["number"])
    await agent.patch(f"/repos/{REPOSITORY}/issues/{made['number']}", {"state": "closed"})


async def _comment(agent: HttpxForgejo, index: int) -> None:
    for part in range(COMMENTS):
        body = {"body": f"Measured again: {part} litres less than before."}
        await agent.post(f"/repos/{REPOSITORY}/issues/{index}/comments", body)


def slopes(samples: Sequence[dict[str, float]]) -> dict[str, float]:
    """By how much each figure grows with 10,000 deliveries, by least squares over the second half of the day.

    In the first half caches fill up.
    """
    half = samples[len(samples) // 2 :]
    if len({sample["deliveries"] for sample in half}) < 2:
        return {}
    found = {key: slope([(sample["deliveries"] / 10_000, sample[key]) for sample in half]) for key in KEYS}
    return {key: round(value, 4) for key, value in found.items()}


def table(result: dict[str, Any]) -> Table:
    """Start, end and slope of each figure."""
    samples = result["samples"]
    made = Table("figure", "start", "end", "growth with 10,000 deliveries", title="A day of traffic")
    for key in ("seconds", "deliveries", "evaluations", "hot_worst", "refused"):
        made.add_row(key, f"{samples[0][key]:,.2f}", f"{samples[-1][key]:,.2f}", "")
    for key in KEYS:
        grown = result["slopes"].get(key)
        made.add_row(
            key, f"{samples[0][key]:,.2f}", f"{samples[-1][key]:,.2f}", "" if grown is None else f"{grown:+.3f}"
        )
    return made
