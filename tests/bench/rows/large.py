"""Large pull requests opened at the same time: memory meanwhile and afterwards, and acknowledgements meanwhile.

`ASSAY_BENCH_PULLS` and `ASSAY_BENCH_MIB` change their number (8) and the size of each patch (58 MB). The budget of
memory is what the bot needs itself and what the setting allows, with a quarter on top for what is not counted.
"""

import asyncio
import os
import time

from bot.limit_settings import LimitSettings
from tests.bench.harness.client import Sender
from tests.bench.harness.figures import Row, spread, told, under
from tests.bench.harness.process import highest, resident
from tests.bench.rows.worlds import Bench, bench

PULLS = int(os.environ.get("ASSAY_BENCH_PULLS", "8"))
LARGE = int(os.environ.get("ASSAY_BENCH_MIB", "58"))
FILE_BYTES = 4_000_000
RATE = 20.0
CALM_SECONDS = 10.0
MEGABYTE = 1_000_000
LINE = "value_{0}_{1} = compute(bed_{2}, water={3})  # the bed by the wall\n"


async def rows() -> list[Row]:
    """Megabytes, seconds until all have a status, and milliseconds."""
    async with bench() as world:
        await world.forge.ask("hooks", paused=True)
        for number in range(PULLS):
            await _push(world, number)
        await world.forge.ask("hooks", paused=False)
        idle, begun = resident(world.server.pid), time.monotonic()
        sender = Sender(world.server, lambda _number: 1, event="star")  # an event that concerns no target
        sending = asyncio.create_task(sender.send(RATE, 600))
        numbers = [world.forge.pull(_branch(number), f"feat: large {number}") for number in range(PULLS)]
        await asyncio.gather(*numbers)
        await world.forge.until_called("/statuses/", PULLS, seconds=900)
        seconds = time.monotonic() - begun
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await asyncio.sleep(CALM_SECONDS)
        return _rows(world, idle, seconds, sender)


def _rows(world: Bench, idle: float, seconds: float, sender: Sender) -> list[Row]:
    name = f"{PULLS} pull requests of {LARGE} MB at once"
    budget = LimitSettings.model_fields["max_evaluation_bytes"].default / 2**20
    one = 3 * 2 * LARGE + 60
    answered = spread(sender.seconds)
    return [
        told(f"{name}: memory before", idle, "MB"),
        under(f"{name}: highest memory", highest(world.server.pid), "MB", round(idle + 1.25 * max(budget, one))),
        under(f"{name}: memory afterwards", resident(world.server.pid), "MB", round(idle + 100)),
        told(f"{name}: until each has a status", seconds, "s"),
        told(f"{name}: acknowledged, p50", answered.p50 * 1e3, "ms"),
        told(f"{name}: acknowledged, p99", answered.p99 * 1e3, "ms"),
        told(f"{name}: acknowledged, longest", answered.worst * 1e3, "ms"),
    ]


async def _push(world: Bench, number: int) -> None:
    files = max(1, LARGE * MEGABYTE // FILE_BYTES)
    size = LARGE * MEGABYTE // files
    for part in range(files):  # one file at a time: a message to the sandbox is not the patch
        await world.forge.pushed(_branch(number), {f"src/large_{number}/part_{part}.py": _text(number, part, size)})


def _branch(number: int) -> str:
    return f"large-{number}"


def _text(number: int, part: int, size: int) -> str:
    lines, length = list[str](), 0
    while length < size:
        line = LINE.format(f"{number}_{part}", len(lines), 7 * len(lines), len(lines) % 90)
        lines.append(line)
        length += len(line)
    return "".join(lines)
