"""Programs within their bounds: whatever they start ends with them."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from bot import subprocesses
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


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("pidfd", [True, False])
def test_a_program_is_started_and_ended_on_every_loop_and_system(
    loop: Callable[[], asyncio.AbstractEventLoop], pidfd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocesses, "_has_pidfd", lambda: pidfd)
    bounds = Bounds(seconds=SECONDS, output_bytes=1 << 21)
    with asyncio.Runner(loop_factory=loop) as runner:
        text = b"x" * (1 << 20)
        heard = runner.run(run(Start(("cat",), {"PATH": os.defpath}, stdin=text), bounds))
        assert (heard.code, heard.output) == (0, text)
        assert runner.run(run(started("echo no >&2; exit 7"), bounds)).code == 7
        assert runner.run(run(started("kill -9 $$"), bounds)).code == -9
        with pytest.raises(OSError, match="No such file"):
            runner.run(run(Start(("/nonexistent/program",), {}), bounds))
        with pytest.raises(Overtime):
            runner.run(run(started("sleep 600"), Bounds(seconds=0.1, output_bytes=1)))
