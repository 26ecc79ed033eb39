"""The sandbox's process: lines of JSON on standard input are actions, lines on standard output their results.

python -m tests.bench.harness.forge_process FOLDER
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import uvloop

from bot.sandbox import Sandbox
from bot.sandbox.world import people
from tests.bench.harness.actions import Actions

LINE_BYTES = 256 * 1024 * 1024


async def main(root: Path) -> None:
    """Run until standard input ends."""
    sandbox = Sandbox(root)
    await sandbox.start()
    _tell({"url": sandbox.url, "tokens": await people(sandbox)})
    actions, tasks = Actions(sandbox), set[asyncio.Task[None]]()
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        task = asyncio.create_task(_act(actions, json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await sandbox.stop()


async def _act(actions: Actions, asked: dict[str, Any]) -> None:
    try:
        result = await getattr(actions, asked["action"])(**asked["arguments"])
    except Exception as fault:  # noqa: BLE001 - told to the benchmark, which raises it
        _tell({"id": asked["id"], "fault": f"{type(fault).__name__}: {fault}"})
    else:
        _tell({"id": asked["id"], "result": result})


def _tell(value: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
