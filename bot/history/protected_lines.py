"""Finds added and removed lines of a pull request that contain a protected name.

Runs only if the policy protects names. Git finds the files whose changed lines contain one, binary or not, so a NUL
byte hides nothing. An incomplete search is a gap, since a gate must not pass unchecked lines.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from bot.fact_cache import AGAIN, FOREVER, FactCache
from bot.git import GitError, GitTooMuch, Mirror, Mirrors, check_sha
from bot.git.diff import FILE, HEADER, DiffError, decode, read_net, unquote
from bot.git.patches import MAX_NAMES, not_here
from bot.git.tree import Ends
from bot.model import Gap, ProtectedLine
from bot.policy import Policy
from bot.scan import Scanner
from bot.text import visible

MOST = 100
EACH = 3
"""Maximum of changed lines kept: in total, and per name, file and direction (added or removed)."""
MAX_READ = 4_000_000
"""Maximum characters of changed lines that are read, in files with a name."""
MAX_PATTERN = 60_000
"""Maximum characters of names in a git search; with more, all changed lines are read."""
REMEMBERED = 512
WHAT = "the changed lines with protected names"

_PATCH = (
    *("diff-tree", "-r", "--patch", "--text", "-U0", "--find-renames", "--no-ext-diff", "--no-textconv", "--no-color"),
    *("--submodule=short", "--src-prefix=a/", "--dst-prefix=b/"),
)
_SPECIAL = re.compile(r"[\\.^$*+?()\[\]{}|]")
_NEIGHBOUR = "[A-Za-z0-9_]"


@dataclass(frozen=True)
class ProtectedChanges:
    """The changed lines with protected names, and gaps."""

    protected_lines: tuple[ProtectedLine, ...] = ()
    unseen: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class _Line:
    path: str
    number: int
    removed: bool
    text: str


def protected_names(policy: Policy) -> tuple[str, ...]:
    """Return the names that soaks and gates protect, each once, in a stable order."""
    protections = [*(soak.protects for soak in policy.soaks), *(gate.protects for gate in policy.gates)]
    return tuple(sorted({name for one in protections for name in one.names}))


class ProtectedLines:
    """Reads and caches changed lines from mirrors that already have the commits."""

    def __init__(self, mirrors: Mirrors, scanner: Scanner) -> None:
        self._mirrors = mirrors
        self._scanner = scanner
        self._known: FactCache[tuple[str, str, str, tuple[str, ...]], ProtectedChanges] = FactCache(REMEMBERED)

    async def read(self, ends: Ends, names: Sequence[str]) -> ProtectedChanges:
        """Return the matching lines of the net difference from the merge base to the head; none without names."""
        if not names:
            return ProtectedChanges()
        if not ends.merge_base:
            return ProtectedChanges(unseen=(_gap(ends, "head and base have no readable common ancestor"),))
        key = (ends.repository, ends.merge_base, ends.head, tuple(names))
        known = self._known.get(key)
        if known is not None:
            return known
        try:
            found, seconds = await self._read(ends, tuple(names)), FOREVER
        except GitError as fault:
            found, seconds = ProtectedChanges(unseen=(_gap(ends, self._shown(str(fault))),)), AGAIN
        return self._known.keep(key, found, seconds)

    async def _read(self, ends: Ends, names: tuple[str, ...]) -> ProtectedChanges:
        mirror = self._mirrors.mirror(ends.repository)
        beside, gaps = list[str](), list[str]()
        try:
            output = await _patch(mirror, ends, names, ())
        except GitTooMuch:
            raise
        except GitError:
            listed = read_net(await mirror.raw_diff(ends.merge_base, ends.head)).files
            beside = await not_here(mirror, listed)
            if not beside or sum(map(len, beside)) > MAX_NAMES:
                raise
            gaps = [f"a version of file {path} is too large" for path in beside]
            output = await _patch(mirror, ends, names, beside)
        if len(output) > MAX_READ:
            return ProtectedChanges(
                unseen=(_gap(ends, f"more than {MAX_READ} bytes of changed lines in files with such names"),)
            )
        return await asyncio.to_thread(self._touched, ends, names, decode(output), gaps)

    def _touched(self, ends: Ends, names: tuple[str, ...], patch: str, gaps: Sequence[str]) -> ProtectedChanges:
        why = list(gaps)
        found: list[ProtectedLine] = []
        counts: Counter[tuple[str, str, bool]] = Counter()
        try:
            for line, name in _named(_lines(patch), names):
                key = (name, line.path, line.removed)
                counts[key] += 1
                if counts[key] <= EACH and len(found) <= MOST:
                    found.append(ProtectedLine(name=name, path=line.path, line=line.number, removed=line.removed))
        except DiffError as fault:
            why.append(str(fault))
        if len(found) > MOST:
            why.append(f"more than {MOST} lines; only {MOST} are listed")
        shown = {path: self._shown(path) for path in {one.path for one in found}}
        return ProtectedChanges(
            tuple(one.model_copy(update={"path": shown[one.path]}) for one in found[:MOST]),
            tuple(_gap(ends, self._shown(one)) for one in why),
        )

    def _shown(self, text: str) -> str:
        return visible(self._scanner.mask(text))


async def _patch(mirror: Mirror, ends: Ends, names: Sequence[str], without: Sequence[str]) -> bytes:
    """Return git's POSIX regular expression for a name anywhere in a line."""
    pattern = "|".join(_SPECIAL.sub(r"\\\g<0>", name) for name in names)
    chosen = (f"-G{pattern}",) if len(pattern) <= MAX_PATTERN else ()
    paths = (".", *(f":(top,exclude,literal){path}" for path in without)) if without else ()
    trees = (check_sha(ends.merge_base), check_sha(ends.head), "--", *paths)
    return await mirror.mirrors.run(mirror.folder, *_PATCH, *chosen, *trees, offline=True)


def _lines(patch: str) -> Iterator[_Line]:
    """Yield the changed lines file by file; removed ones with their old name and number. Raises DiffError."""
    try:
        for part in FILE.split(patch):
            for file in PatchSet(HEADER.sub("", part)):
                old, new = unquote(file.source_file), unquote(file.target_file)
                for hunk in file:
                    for line in hunk:
                        if line.is_added:
                            yield _Line(new.removeprefix("b/"), line.target_line_no or 0, False, line.value)
                        elif line.is_removed:
                            yield _Line(old.removeprefix("a/"), line.source_line_no or 0, True, line.value)
    except (UnidiffParseError, ValueError) as fault:
        raise DiffError(f"invalid or incomplete unified diff: {str(fault)[:120]}") from None


def _named(lines: Iterator[_Line], names: Sequence[str]) -> Iterator[tuple[_Line, str]]:
    """Return the names that occur in a line as whole words; a name may be a part of another."""
    words = {name: re.compile(rf"(?<!{_NEIGHBOUR}){re.escape(name)}(?!{_NEIGHBOUR})") for name in names}
    for line in lines:
        for name, word in words.items():
            if name in line.text and word.search(line.text):
                yield line, name


def _gap(ends: Ends, why: str) -> Gap:
    return Gap(what=WHAT, why=why, of=ends.head)
