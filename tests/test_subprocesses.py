"""Programs within their bounds: whatever they start ends with them."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.subprocesses import Bounds, Overlong, Overtime, Start, run
from tests.waiting import SECONDS, alive, until


def started(script: str) -> Start:
    return Start(("/bin/sh", "-c", script), {"PATH": os.defpath})


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


async def test_a_writer_that_escaped_holds_nobody_up(tmp_path: Path) -> None:
    place = tmp_path / "pid"
    escaping = started(f"setsid sh -c 'echo $$ >{place}; exec yes' & wait")
    async with asyncio.timeout(SECONDS):
        with pytest.raises(Overlong):
            await run(escaping, Bounds(seconds=SECONDS, output_bytes=1 << 20))
    await until(lambda: not alive(int(place.read_text(encoding="ascii"))))


async def test_a_start_that_is_given_up_at_any_moment_ends_with_what_it_started(tmp_path: Path) -> None:
    for turns in range(25):
        place = tmp_path / str(turns)
        script = started(f"echo $$ >{place}.new; mv {place}.new {place}; sleep 600 & wait")
        task = asyncio.create_task(run(script, Bounds(seconds=SECONDS, output_bytes=1000)))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=SECONDS)
        assert done == {task}
    await until(lambda: not any(alive(int(pid.read_text(encoding="ascii"))) for pid in tmp_path.glob("*[0-9]")))
