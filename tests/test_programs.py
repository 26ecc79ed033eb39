"""Programs within their bounds: whatever they start ends with them."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.programs import Bounds, Overtime, Start, run

SECONDS = 10.0


def started(script: str) -> Start:
    return Start(("/bin/sh", "-c", script), {"PATH": os.defpath})


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it didn't come to pass"
        await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_child_that_holds_the_pipe_ends_though_its_parent_has_ended(tmp_path: Path) -> None:
    place = tmp_path / "pid"
    with pytest.raises(Overtime):
        await run(started(f"sleep 600 & echo $! >{place}"), Bounds(seconds=0.5, output_bytes=1000))
    pid = int(place.read_text(encoding="ascii"))
    await until(lambda: not alive(pid))


async def test_a_child_left_in_the_background_ends_with_a_program_that_was_heard_out() -> None:
    ended = await run(started("sleep 600 >/dev/null 2>&1 & echo $!"), Bounds(seconds=SECONDS, output_bytes=1000))
    assert ended.code == 0
    await until(lambda: not alive(int(ended.output)))
