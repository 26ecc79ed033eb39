"""Finds damage of a mirror: what git says of it, and what can be checked in bounded time."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.git.fetching import record
from bot.git.process import GitError

SECONDS = 60.0
MOST_BYTES = 64 * 1024 * 1024
"""Packs up to this size together are read completely; of larger ones only commits, folders and indexes."""

DAMAGE = re.compile(
    r"is not a GIT packfile|far too short to be a packfile|does not match index|cannot be accessed|is truncated"
    r"|index file \S+ (?:is too small|overflows|is corrupt)|wrong index v\d file size|non-monotonic index"
    r"|(?:object file|packed object|loose object) \S+ .{0,200}?(?:is empty|is corrupt)|object corrupt or missing"
    r"|inflate: (?:data stream error|needs dictionary)|unable to (?:unpack|parse) \S+ header"
    r"|bad config line|not a git repository|reference broken|ignoring broken ref|unexpected line in \S*packed-refs"
    r"|bad object \S+|missing object \S+ for|unable to read tree|could not parse commit|Could not read [0-9a-f]{40}"
    r"|invalid sha1 pointer|failed to traverse parents|cannot change to"
)
LOCKED = re.compile(r"\.lock': File exists|could not lock config file|Another git process seems to be running")
ELSEWHERE = re.compile(
    r"unable to access|could not read (?:Username|Password)|Authentication failed|RPC failed|remote error|not our ref"
    r"|unadvertised object|couldn't find remote ref|hung up|early EOF|transport '\w+' not allowed"
)
"""What git says of the server, the network, or an object that a command may not fetch."""
TIMEOUT = "timed out"
REF = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\n?")
PACKED_REF = re.compile(rb"(?:#.*|\^?(?:[0-9a-f]{40}|[0-9a-f]{64})(?: \S+)?)")
HEAD = re.compile(rb"ref: refs/\S+\n?")

Run = Callable[..., Awaitable[bytes]]


def died(fault: GitError) -> bool:
    """Return whether git gave up for a reason that may lie in the mirror; 1 is the answer no.

    It may come to no end either: it asks the server for an object that is damaged, and in that question for it again.
    """
    return (fault.code not in {0, 1} or TIMEOUT in str(fault)) and not ELSEWHERE.search(str(fault))


async def find_damage(run: Run, mirror: Path) -> str:
    """Return what is damaged in a mirror, empty if nothing was found in the time that there is for it."""
    if found := await asyncio.to_thread(_in_files, mirror):
        return found
    try:
        async with asyncio.timeout(SECONDS):
            await run(mirror, "fsck", "--connectivity-only", "--no-dangling", "--no-progress")
            for index in await asyncio.to_thread(_to_read, mirror):
                await run(mirror, "verify-pack", index)
    except TimeoutError:
        return ""
    except GitError as fault:
        # A check that was ended says nothing of the mirror.
        return str(fault) if fault.code else ""
    return ""


def _in_files(mirror: Path) -> str:
    try:
        if not HEAD.fullmatch((mirror / "HEAD").read_bytes()):
            return "the file HEAD"
        if name := record.lost(mirror):
            return f"the file objects/{name}"
        for path in (mirror / "refs").rglob("*"):
            if path.is_file() and path.suffix != ".lock" and not REF.fullmatch(path.read_bytes()):
                return f"the file {path.relative_to(mirror)}"
        packed = mirror / "packed-refs"
        if packed.exists() and not all(PACKED_REF.fullmatch(line) for line in packed.read_bytes().splitlines()):
            return "the file packed-refs"
    except OSError as fault:
        return f"a file cannot be read ({fault.strerror})"
    return ""


def _to_read(mirror: Path) -> list[str]:
    packs = sorted(mirror.glob("objects/pack/*.pack"))
    if sum(pack.stat().st_size for pack in packs) > MOST_BYTES:
        return []
    return [str(pack.with_suffix(".idx").relative_to(mirror)) for pack in packs]
