"""Reads the patches of a range of commits from a mirror: every commit within the limits, and a gap for the rest.

Also reads the net difference of a range, without too large files.

A file version over the file limit is not fetched. Only these versions are skipped, each with its own gap; the other
changes of their commits are read.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.git.diff import CommitPatch, NetDiff, read_log, read_net
from bot.git.mirror import Mirror
from bot.git.process import GitError, GitTooMuch
from bot.model import ChangedFile, Gap, no_commit

MAX_GROUPS = 40
SUBMODULE = "160000"
MAX_NAMES = 100_000
"""Commits are read in groups that skip the same files; the maximum of groups, and of characters of file names."""


@dataclass(frozen=True)
class HistoryLimits:
    """The maximum of commits and changed files that are checked per pull request."""

    commits: int = 500
    files: int = 3000


@dataclass(frozen=True)
class Range:
    """The commits reachable from the starts (the head, then dropped heads) and not from `against`."""

    starts: tuple[str, ...]
    against: str


@dataclass(frozen=True)
class Patches:
    """Commits, newest first; `late`: a gap came from a failure that may be gone at the next evaluation."""

    patches: tuple[CommitPatch, ...]
    gaps: tuple[Gap, ...]
    late: bool = False


async def read_patches(mirror: Mirror, scope: Range, limits: HistoryLimits) -> Patches:
    """Return the patches of a range. Raises GitError if even the list of commits cannot be read."""
    head = scope.starts[0]
    left_out = await mirror.left_out(scope.starts, scope.against)
    try:
        if left_out:
            found = await _around(mirror, scope, limits, left_out)
        else:
            output = await mirror.log(scope.starts, scope.against, limit=limits.commits + 1, patch=True)
            found = await asyncio.to_thread(_readable, output, head)
    except GitTooMuch as fault:
        found = await asyncio.to_thread(_readable, fault.output.rpartition(b"\n\x00")[0], head)
        found = replace(found, gaps=(_rest(fault, head), *found.gaps))
    except GitError as fault:
        return Patches((), (Gap(what="the commits' patches", why=str(fault), of=head),), late=True)
    return _bounded(found, limits, head)


async def read_commit(mirror: Mirror, sha: str, base: str, limits: HistoryLimits) -> Patches:
    """Return the patch of one commit, which was fetched and is beyond the base; without files over the file limit.

    A merge shows only what it changed itself. Raises GitError if it cannot be read.
    """
    left_out = await mirror.left_out([sha], base)
    listed = list(read_log(await mirror.log([sha], base, limit=1, patch=False)))
    large = paths_of(entry for patch in listed for entry in patch.files if entry[1] in left_out)
    output, fault = await _group(mirror, [sha], sorted(large))
    read = await asyncio.to_thread(_readable, output, sha)
    gaps = [*_large(listed, left_out, mirror.mirrors.limits.file_bytes // 1024), *read.gaps]
    return _bounded(replace(read, gaps=(*gaps, *([_rest(fault, sha)] if fault else []))), limits, sha)


async def _around(mirror: Mirror, scope: Range, limits: HistoryLimits, left_out: frozenset[str]) -> Patches:
    """Read commits with large files in groups, each group without the files that are large in all of its commits.

    Raises GitError.
    """
    head = scope.starts[0]
    raw = await mirror.log(scope.starts, scope.against, limit=limits.commits + 1, patch=False)
    listed = await asyncio.to_thread(lambda: list(read_log(raw)))
    groups: dict[tuple[str, ...], list[str]] = {}
    for patch in listed:
        large = tuple(sorted({file.path for file, blob in patch.files if blob in left_out}))
        groups.setdefault(large, []).append(patch.commit.sha)
    gaps = _large(listed, left_out, mirror.mirrors.limits.file_bytes // 1024)
    read: dict[str, CommitPatch] = {}
    room = mirror.mirrors.limits.output_bytes
    for number, (large, shas) in enumerate(groups.items()):
        if room <= 0 or number >= MAX_GROUPS or sum(map(len, large)) > MAX_NAMES:
            continue
        output, fault = await _group(mirror, shas, large)
        room -= len(output)
        part = await asyncio.to_thread(_readable, output, head)
        read |= {patch.commit.sha: patch for patch in part.patches}
        gaps += [*part.gaps, *([_rest(fault, head)] if fault else [])]
    unread = [patch.commit.sha for patch in listed if patch.commit.sha not in read]
    gaps += [Gap(what=f"commit {sha[:10]}", why="too many changes besides its large files", of=sha) for sha in unread]
    return Patches(tuple(read.get(patch.commit.sha, patch) for patch in listed), tuple(gaps))


async def _group(mirror: Mirror, shas: Sequence[str], large: Sequence[str]) -> tuple[bytes, GitTooMuch | None]:
    try:
        return await mirror.patches(shas, large), None
    except GitTooMuch as fault:
        return fault.output.rpartition(b"\n\x00")[0], fault


def _large(listed: Sequence[CommitPatch], left_out: frozenset[str], limit: int) -> list[Gap]:
    found = dict.fromkeys((file.path, blob) for patch in listed for file, blob in patch.files if blob in left_out)
    return [Gap(what=f"file {path}", why=f"a version is larger than {limit} KiB", of=blob) for path, blob in found]


def _rest(fault: GitTooMuch, head: str) -> Gap:
    return Gap(what="the rest of the patch", why=str(fault), of=head)


def _readable(output: bytes, head: str) -> Patches:
    """Read a log commit by commit; a partly unreadable commit is a gap."""
    patches = tuple(read_log(output))
    unread = [Gap(what=f"part of commit {p.commit.sha[:10]}", why=p.fault, of=head) for p in patches if p.fault]
    for patch in patches:
        if len(patch.commit.parents) > 2:  # noqa: PLR2004 - git remerges two parents only
            what = f"what merge {patch.commit.sha[:10]} itself changed"
            why = "it has more than two parents; merge the branches one at a time"
            unread.append(Gap(what=what, why=why, of=patch.commit.sha))
    return Patches(patches, tuple(unread))


def _bounded(found: Patches, limits: HistoryLimits, head: str) -> Patches:
    gaps = list(found.gaps)
    if len(found.patches) > limits.commits:
        gaps.append(Gap(what="older commits", why=f"only the newest {limits.commits} are checked", of=head))
    count, kept = 0, list[CommitPatch]()
    for patch in found.patches[: limits.commits]:
        count += len(patch.files)
        if count > limits.files:
            gaps.append(Gap(what="further commits", why=f"they change more than {limits.files} files", of=head))
            break
        kept.append(patch)
    return Patches(tuple(kept), tuple(gaps), found.late)


async def read_difference(mirror: Mirror, old: str, new: str) -> NetDiff:
    """Return the net difference of two commits; without lines if there are too many or files are missing.

    No large file is fetched for it. Raises GitError if even the list of files cannot be read.
    """
    try:
        return await asyncio.to_thread(read_net, await mirror.net_diff(old, new))
    except GitTooMuch as fault:
        return replace(await asyncio.to_thread(read_net, fault.output), whole=False)
    except GitError:
        return await _difference_around(mirror, old, new)


async def _difference_around(mirror: Mirror, old: str, new: str) -> NetDiff:
    """Return the net difference without the patches of missing file versions. Raises GitError."""
    listed = read_net(await mirror.raw_diff(old, new)).files
    names = await not_here(mirror, listed)
    without = NetDiff(listed, "", whole=False, late=not names)
    if not names or sum(map(len, names)) > MAX_NAMES:
        return without
    try:
        read = await asyncio.to_thread(read_net, await mirror.net_diff(old, new, names))
    except GitError:
        return replace(without, late=True)
    known = {path for file, _ in read.files for path in (file.path, file.old_path)}
    rest = tuple(entry for entry in listed if entry[0].path not in known)
    files = sorted((*read.files, *rest), key=lambda entry: entry[0].path)
    return NetDiff(tuple(files), read.patch, whole=False)


async def not_here(mirror: Mirror, listed: Sequence[tuple[ChangedFile, tuple[str, str]]]) -> list[str]:
    """Return all names of the changed files of which the mirror lacks a version. Raises GitError."""
    blobs = {blob for file, pair in listed for blob in pair if _is_file(file) and not no_commit(blob)}
    lacking = blobs - await mirror.blobs_here(blobs)
    beside = [file for file, pair in listed if lacking.intersection(pair)]
    return [path for file in beside for path in (file.path, file.old_path) if path]


def _is_file(file: ChangedFile) -> bool:
    """Return the file versions to look for; a submodule's commit is in another repository."""
    return SUBMODULE not in {file.old_mode, file.new_mode}


def paths_of(files: Iterable[tuple[ChangedFile, object]]) -> set[str]:
    """Return every current and former name of the changed files."""
    return {path for file, _ in files for path in (file.path, file.old_path) if path}
