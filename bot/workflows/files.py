"""Reads the contents of changed workflows at a head from the mirror, without fetching, up to a size limit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.git import Mirror
from bot.git.tree import SECONDS, Entry, entries
from bot.model import Gap
from bot.workflows.yaml12 import MAX_BYTES

MAX_TOTAL = 1024 * 1024
"""Maximum bytes of all workflows read per pull request."""

LINKS = frozenset(("120000", "160000"))
TOO_LARGE = f"larger than {MAX_BYTES // 1024} KiB"


@dataclass(frozen=True)
class File:
    """A workflow: its path, the id of its content, and the content."""

    path: str
    blob: str
    content: bytes


async def read_files(mirror: Mirror, head: str, paths: Sequence[str]) -> tuple[tuple[File, ...], tuple[Gap, ...]]:
    """Return the files at the head, and a gap for each unread one. Raises GitError."""
    there = {entry.path: entry for entry in await entries(mirror, head, paths)}
    sizes = await _sizes(mirror, [entry.object for entry in there.values() if entry.mode not in LINKS])
    gaps, chosen, room = list[Gap](), list[Entry](), MAX_TOTAL
    for path in paths:
        entry = there.get(path)
        why = "its path cannot be looked up at the head" if entry is None else _refused(entry, sizes, room)
        if entry is None or why:
            gaps.append(Gap(what=f"the workflow lint of {path}", why=why, of=entry.object if entry else head))
            continue
        chosen.append(entry)
        room -= sizes[entry.object]
    contents = await _objects(mirror, [entry.object for entry in chosen])
    return tuple(File(entry.path, entry.object, contents[entry.object]) for entry in chosen), tuple(gaps)


def _refused(entry: Entry, sizes: dict[str, int], room: int) -> str:
    if entry.mode in LINKS:
        return "it is a symbolic link, not a file"
    size = sizes.get(entry.object, MAX_BYTES + 1)
    if size > MAX_BYTES:
        return TOO_LARGE
    return "" if size <= room else f"all changed workflows are larger than {MAX_TOTAL // 1024} KiB together"


async def _sizes(mirror: Mirror, blobs: Sequence[str]) -> dict[str, int]:
    """Return the sizes of the objects that the mirror has."""
    here = sorted(await mirror.blobs_here(blobs))
    names = "".join(f"{blob}\n" for blob in here).encode()
    asking = ("cat-file", "--batch-check=%(objectname) %(objectsize)")
    output = await mirror.mirrors.run(mirror.folder, *asking, stdin=names, seconds=SECONDS, offline=True)
    return {name: int(size) for name, size in (line.split(" ") for line in output.decode().splitlines())}


async def _objects(mirror: Mirror, blobs: Sequence[str]) -> dict[str, bytes]:
    names = "".join(f"{blob}\n" for blob in blobs).encode()
    asking = ("cat-file", "--batch=%(objectsize)")
    output = await mirror.mirrors.run(mirror.folder, *asking, stdin=names, seconds=SECONDS, offline=True)
    return dict(zip(blobs, _parts(output), strict=True))


def _parts(output: bytes) -> Iterator[bytes]:
    """Return the contents; for each object git prints a line with its size, the bytes, and a newline."""
    at = 0
    while at < len(output):
        begin = output.index(b"\n", at) + 1
        end = begin + int(output[at : begin - 1])
        yield output[begin:end]
        at = end + 1
