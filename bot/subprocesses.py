"""Starts all external programs, with time and output limits.

Arguments are a list, never a shell command. A program that takes too long, prints too much or is cancelled is ended
with all its child processes: by SIGTERM if it gets time to clean up, and by SIGKILL.
"""

import asyncio
import os
import signal
import subprocess
from asyncio import unix_events
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

CHUNK = 256 * 1024
GONE_TRIES, GONE_SECONDS = 50, 0.01
_ENDING: set[asyncio.Future[None]] = set()
"""Tasks that kill programs cancelled at the start; without a reference a task may be garbage-collected."""


class Overtime(RuntimeError):
    """A program exceeded its time limit and was killed."""


class Overlong(RuntimeError):
    """A program exceeded its output limit and was killed; `output` is its output so far."""

    def __init__(self, output: bytes) -> None:
        super().__init__("printed too much")
        self.output = output


@dataclass(frozen=True)
class Bounds:
    """A program's time limit in seconds and its output limit in bytes.

    `grace` is the time in seconds between SIGTERM and SIGKILL if it has to be ended; 0: SIGKILL at once. Without `keep`
    the output is only counted.
    """

    seconds: float
    output_bytes: int
    grace: float = 0.0
    keep: bool = True


@dataclass(frozen=True)
class Ended:
    """A program's result: exit code, output and its size, and the beginning of its error output."""

    code: int
    output: bytes
    size: int
    errors: bytes


@dataclass(frozen=True)
class Start:
    """A program to start: its arguments, complete environment, folder, and standard input."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None = None
    stdin: bytes = b""


async def run(start: Start, bounds: Bounds) -> Ended:
    """Run a program and return its result.

    Raises OSError if it cannot be started, Overtime, and Overlong.
    """
    process = await _started(start, bounds.grace)
    try:
        async with asyncio.timeout(bounds.seconds):
            output, size, errors = await _talk(process, start.stdin, bounds)
            code = await process.wait()
    except TimeoutError:
        raise Overtime(f"timed out after {bounds.seconds:.0f} s") from None
    finally:
        await end(process, bounds.grace)
    return Ended(code, output, size, errors)


async def _started(start: Start, grace: float) -> asyncio.subprocess.Process:
    """Return the started program. asyncio hangs if a start is cancelled halfway, so it is not cancelled."""
    starting = asyncio.ensure_future(_start(start))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        ending = asyncio.ensure_future(_end_late(starting, grace))
        _ENDING.add(ending)
        ending.add_done_callback(_ENDING.discard)
        # What the program writes to is deleted when this returns. A second cancellation leaves it to `all_ended`.
        await asyncio.shield(ending)
        raise


async def _start(start: Start) -> asyncio.subprocess.Process:
    """Start a program with asyncio's own transport, whichever loop runs.

    uvloop would copy the tables of the process's whole memory, which holds up the loop for 10 ms and more.
    """
    loop, pipe = asyncio.get_running_loop(), subprocess.PIPE
    place: dict[str, Any] = {"cwd": start.folder, "env": start.environment, "start_new_session": True}
    if not _has_pidfd():
        return await asyncio.create_subprocess_exec(*start.arguments, stdin=pipe, stdout=pipe, stderr=pipe, **place)
    protocol = asyncio.subprocess.SubprocessStreamProtocol(limit=CHUNK, loop=loop)
    waiter, pipes, program = loop.create_future(), (pipe, pipe, pipe), tuple(start.arguments)
    own = unix_events._UnixSubprocessTransport  # type: ignore[attr-defined]  # noqa: SLF001 - as in `end`
    transport = own(loop, protocol, program, False, *pipes, 0, waiter=waiter, **place)
    _watch(loop, transport)
    await waiter
    return asyncio.subprocess.Process(transport, protocol, loop)


@cache
def _has_pidfd() -> bool:
    """Return whether the system tells of the end of a process by a descriptor: Linux from 5.3 on."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def _watch(loop: asyncio.AbstractEventLoop, transport: Any) -> None:
    """Tell a transport when its program ends."""
    ended = os.pidfd_open(transport.get_pid())

    def reap() -> None:
        loop.remove_reader(ended)
        os.close(ended)
        _, status = os.waitpid(transport.get_pid(), 0)
        transport._process_exited(os.waitstatus_to_exitcode(status))  # noqa: SLF001 - as in `end`

    loop.add_reader(ended, reap)


async def _end_late(starting: asyncio.Future[asyncio.subprocess.Process], grace: float) -> None:
    """End a program that was cancelled before it ran."""
    with suppress(OSError):
        await end(await starting, grace)


async def all_ended() -> None:
    """Wait until the programs that were cancelled while they started have ended."""
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(one for one in _ENDING if one.get_loop() is loop), return_exceptions=True)


async def end(process: asyncio.subprocess.Process, grace: float = 0.0) -> None:
    """End a program that leads its own session, with all its child processes."""
    # wait() also waits for the end of every pipe, which never comes if nobody reads it.
    transport = process._transport  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio has no public way to it
    for number in (0, 1, 2):
        pipe = transport.get_pipe_transport(number)
        if pipe is not None:
            pipe.close()
    try:
        try:
            if grace and process.returncode is None:
                _signal(process, signal.SIGTERM)
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), grace)
        finally:  # also if the wait is cancelled; a finished program may have left child processes
            there = _signal(process, signal.SIGKILL)
        await process.wait()
    finally:
        transport.close()  # at once, not when the loop comes to it: the loop may end before
    # A killed child process may still end a system call: what it writes to is deleted only after it is gone.
    tries = GONE_TRIES if grace else 0
    while there and tries:
        await asyncio.sleep(GONE_SECONDS)
        there, tries = _signal(process, 0), tries - 1


def _signal(process: asyncio.subprocess.Process, number: int) -> bool:
    """Send a signal to a program and its child processes; return whether there are any."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
        return True
    return False


async def _talk(process: asyncio.subprocess.Process, stdin: bytes, bounds: Bounds) -> tuple[bytes, int, bytes]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise OSError("started without pipes")
    errors = asyncio.create_task(_beginning(process.stderr))
    try:
        if stdin:
            process.stdin.write(stdin)
        process.stdin.close()
        # Its value is the buffer itself: joined parts would be in memory twice.
        whole, size = BytesIO(), 0
        while part := await process.stdout.read(CHUNK):
            size += len(part)
            if bounds.keep:
                whole.write(part)
            if size > bounds.output_bytes:
                raise Overlong(whole.getvalue())
        return whole.getvalue(), size, await errors
    finally:
        errors.cancel()


async def _beginning(stream: asyncio.StreamReader) -> bytes:
    """Keep the first bytes and read to the end: a full pipe would block the program."""
    kept = b""
    while part := await stream.read(CHUNK):
        kept = (kept + part)[:CHUNK]
    return kept
