"""Starts programs and bounds them: the one place that does.

Arguments are a list and never a shell's; a program that takes too long, prints too much or is given up ends with
everything that it started.
"""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CHUNK = 256 * 1024
_ENDING: set[asyncio.Future[None]] = set()
"""What ends programs that were given up early; a task that nobody holds may vanish."""


class Overtime(RuntimeError):
    """A program took longer than it may, and was ended."""


class Overlong(RuntimeError):
    """A program printed more than it may, and was ended; `output` is what had come until then."""

    def __init__(self, output: bytes) -> None:
        super().__init__("printed too much")
        self.output = output


@dataclass(frozen=True)
class Bounds:
    """Seconds that a program may take, and bytes that it may print."""

    seconds: float
    output_bytes: int


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, what it printed, and the beginning of what it said of errors."""

    code: int
    output: bytes
    errors: bytes


@dataclass(frozen=True)
class Start:
    """What to start: the program and its arguments, its whole environment, its folder, and what it reads."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None = None
    stdin: bytes = b""


async def run(start: Start, bounds: Bounds) -> Ended:
    """Gives how a program ended.

    Raises OSError when it can't be started, Overtime, and Overlong.
    """
    process = await _started(start)
    try:
        async with asyncio.timeout(bounds.seconds):
            output, errors = await _talk(process, start.stdin, bounds.output_bytes)
            code = await process.wait()
    except TimeoutError:
        raise Overtime(f"took longer than {bounds.seconds:.0f} s") from None
    finally:
        await _end(process)
    return Ended(code, output, errors)


async def _started(start: Start) -> asyncio.subprocess.Process:
    """Gives the program once it runs. asyncio never comes back from a start that is given up halfway, so none is."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *start.arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=start.folder,
            env=start.environment,
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_end_late)
        raise


def _end_late(starting: asyncio.Future[asyncio.subprocess.Process]) -> None:
    """Ends a program that was given up before it ran."""
    if not starting.cancelled() and starting.exception() is None:
        ending = asyncio.ensure_future(_end(starting.result()))
        _ENDING.add(ending)
        ending.add_done_callback(_ENDING.discard)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):  # one that has ended may have left children behind
        os.killpg(process.pid, signal.SIGKILL)
    # wait() also waits for the end of every pipe, which never comes to one that nobody reads any more.
    transport = process._transport  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio has no public way to it
    for number in (0, 1, 2):
        pipe = transport.get_pipe_transport(number)
        if pipe is not None:
            pipe.close()
    await process.wait()


async def _talk(process: asyncio.subprocess.Process, stdin: bytes, most: int) -> tuple[bytes, bytes]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise OSError("started without pipes")
    errors = asyncio.create_task(_beginning(process.stderr))
    try:
        if stdin:
            process.stdin.write(stdin)
        process.stdin.close()
        parts, size = [], 0
        while part := await process.stdout.read(CHUNK):
            parts.append(part)
            size += len(part)
            if size > most:
                raise Overlong(b"".join(parts))
        return b"".join(parts), await errors
    finally:
        errors.cancel()


async def _beginning(stream: asyncio.StreamReader) -> bytes:
    """Keeps what comes first and reads to the end: a pipe that nobody empties would hold the program up."""
    kept = b""
    while part := await stream.read(CHUNK):
        kept = (kept + part)[:CHUNK]
    return kept
