"""Reads facts about a head from the mirror: which paths it has, and whether it conflicts with its base.

Nothing is fetched: the mirror always has the trees, and without a large file version the answer is "unknown". Answers
are cached, so an unchanged pull request needs no git command.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.fact_cache import AGAIN, FactCache
from bot.git.diff import decode
from bot.git.merge import tried_merge
from bot.git.mirror import Mirror, Mirrors
from bot.git.names import check_sha
from bot.git.process import GitError
from bot.model import Gap

SECONDS = 5.0
"""Timeout of one git command."""

REMEMBERED = 256
PathsSeen = tuple[dict[str, bool], tuple[Gap, ...]]
ConflictSeen = tuple[bool | None, tuple[Gap, ...]]
"""An answer, and gaps if it is incomplete."""


@dataclass(frozen=True)
class Ends:
    """A pull request's repository, base, head and merge base (empty for none)."""

    repository: str
    base: str
    head: str
    merge_base: str


@dataclass(frozen=True)
class Entry:
    """A file, folder or submodule of a tree; its mode as git writes it."""

    path: str
    mode: str
    object: str


class Trees:
    """Reads and caches facts from mirrors."""

    def __init__(self, mirrors: Mirrors) -> None:
        self._mirrors = mirrors
        self._paths: FactCache[tuple[str, str, tuple[str, ...]], PathsSeen] = FactCache(REMEMBERED)
        self._conflicts: FactCache[Ends, ConflictSeen] = FactCache(REMEMBERED)

    async def paths(self, ends: Ends, names: tuple[str, ...]) -> PathsSeen:
        """Return for each path whether the head has it, and a gap if that is unknown.

        A name without a folder exists if any file has this name.
        """
        if not names:
            return {}, ()
        key = (ends.repository, ends.head, names)
        known = self._paths.get(key)
        if known is not None:
            return known
        try:
            there = await self._there(ends, names)
        except GitError as fault:
            gap = Gap(what="paths that the description names", why=str(fault), of=ends.head)
            return self._paths.keep(key, ({}, (gap,)), AGAIN)
        return self._paths.keep(key, ({name: name in there for name in names}, ()))

    async def conflict(self, ends: Ends) -> ConflictSeen:
        """Return whether head and base conflict; None and a gap if that is unknown."""
        if ends.merge_base in {ends.base, ends.head}:
            return False, ()
        known = self._conflicts.get(ends)
        if known is not None:
            return known
        try:
            async with tried_merge(self._mirrors.mirror(ends.repository), ends.base, ends.head, SECONDS) as tried:
                return self._conflicts.keep(ends, (not tried.tree, ()))
        except GitError as fault:
            gap = Gap(what="whether head and base conflict", why=str(fault), of=ends.head)
            return self._conflicts.keep(ends, (None, (gap,)), AGAIN)

    async def _there(self, ends: Ends, paths: Sequence[str]) -> frozenset[str]:
        mirror = self._mirrors.mirror(ends.repository)
        there = frozenset(_with_folders(entry.path for entry in await entries(mirror, ends.head, paths)))
        bare = {path for path in paths if "/" not in path} - there
        if not bare:
            return there
        listing = ("ls-tree", "-r", "-z", "--name-only", check_sha(ends.head))
        names = decode(await mirror.mirrors.run(mirror.folder, *listing, seconds=SECONDS, offline=True)).split("\0")
        return there | bare.intersection(name.rpartition("/")[2] for name in names)


async def entries(mirror: Mirror, commit: str, paths: Sequence[str]) -> tuple[Entry, ...]:
    """Return the paths that a commit's tree has, matched literally; a folder may be represented by its entries.

    Paths must not have empty segments, `.` or `..`. Raises GitError.
    """
    listing = ("--literal-pathspecs", "ls-tree", "-z", "--", check_sha(commit))
    output = await mirror.mirrors.run(mirror.folder, *listing, *paths, seconds=SECONDS, offline=True) if paths else b""
    return tuple(_entry(record) for record in decode(output).split("\0") if record)


def _entry(record: str) -> Entry:
    about, _, path = record.partition("\t")
    mode, _, name = about.split(" ")
    return Entry(path, mode, name)


def _with_folders(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield path
        yield from map(str, PurePosixPath(path).parents)
