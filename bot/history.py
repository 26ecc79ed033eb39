"""What git tells of a pull request: its commits, what each added, what a force-push dropped, and the secrets in it.

Reading one pair of head and base is done once and remembered; an unchanged pull request costs no git at all.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.diff import AddedText, CommitPatch, changed_files, decode, read_log, read_messages
from bot.escape import visible
from bot.git import GitError, GitTooMuch, Mirror, Mirrors
from bot.model import ZERO_SHA, ChangedFile, Commit, Gap, Leak, Location, Severity
from bot.scan import Hit, Scanner

REMEMBERED = 512
MAX_DROPPED_HEADS = 50


class Moved(RuntimeError):
    """The branch moved between Forgejo's answer and the fetch; look again."""


@dataclass(frozen=True)
class HistoryLimits:
    """How many commits and changed files of one pull request are looked at."""

    commits: int = 500
    files: int = 3000


@dataclass(frozen=True)
class Heads:
    """Which commits to read: the pull request's number, its head, what it is measured against, and earlier heads."""

    repository: str
    number: int
    head: str
    base: str
    base_ref: str
    trunk: str = ""
    trunk_ref: str = ""
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """What was read. Messages are masked."""

    merge_base: str = ""
    commits: tuple[Commit, ...] = ()
    files: tuple[ChangedFile, ...] = ()
    leaks: tuple[Leak, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class _Range:
    """A range of commits: what is in the branch, and where to start from (head and dropped heads)."""

    branch: frozenset[str]
    starts: tuple[str, ...]
    gaps: tuple[Gap, ...]


class Histories:
    """Reads histories, and remembers those that it read last."""

    def __init__(self, mirrors: Mirrors, scanner: Scanner, limits: HistoryLimits) -> None:
        self._mirrors = mirrors
        self._scanner = scanner
        self._limits = limits
        self._known: OrderedDict[Heads, History] = OrderedDict()

    async def read(self, heads: Heads) -> History:
        """Gives the history of one pull request.

        Raises GitError when the repository can't be fetched, Moved when the branch moved meanwhile.
        """
        known = self._known.get(heads)
        if known is not None:
            self._known.move_to_end(heads)
            return known
        history = await self._read(heads)
        self._known[heads] = history
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return history

    async def _read(self, heads: Heads) -> History:
        mirror = self._mirrors.mirror(heads.repository)
        await self._fetch(mirror, heads)
        merge_base = await mirror.merge_base(heads.head, heads.base)
        scope = await self._range(mirror, heads)
        patches, gaps = await self._patches(mirror, heads, scope)
        patches = await self._stored(mirror, patches)
        commits, leaks, unscanned = await self._scan(patches, scope.branch)
        files = changed_files(decode(await mirror.raw_diff(merge_base, heads.head))) if merge_base else ()
        if not merge_base:
            gaps.append(Gap(what="the net difference", why="head and base have no common ancestor"))
        return History(
            merge_base=merge_base,
            commits=tuple(commits),
            files=tuple(_printable(file) for file, _ in files[: self._limits.files]),
            leaks=tuple(leaks),
            gaps=(*scope.gaps, *gaps, *unscanned),
        )

    async def _fetch(self, mirror: Mirror, heads: Heads) -> None:
        refs = {f"refs/pull/{heads.number}/head": heads.head}
        if heads.base_ref:
            refs[f"refs/heads/{heads.base_ref}"] = heads.base
        await mirror.fetch(refs)
        if heads.head not in await mirror.present([heads.head]):
            raise Moved(f"the head of {heads.repository}!{heads.number} moved on during the fetch")

    async def _range(self, mirror: Mirror, heads: Heads) -> _Range:
        branch = frozenset(await mirror.commits(heads.head, heads.base))
        earlier = [sha for sha in heads.earlier if sha not in branch and sha not in {heads.head, heads.base, ZERO_SHA}]
        chosen, rest = earlier[:MAX_DROPPED_HEADS], earlier[MAX_DROPPED_HEADS:]
        lost = await mirror.fetch_commits(chosen)
        gaps = [
            Gap(what=f"commit {sha[:10]}, dropped by a force-push", why="the server doesn't hand it out any more")
            for sha in lost
        ]
        if rest:
            gaps.append(Gap(what=f"{len(rest)} older heads of the branch", why="more force-pushes than are followed"))
        found = tuple(sha for sha in chosen if sha not in lost)
        return _Range(branch, (heads.head, *found), tuple(gaps))

    async def _patches(self, mirror: Mirror, heads: Heads, scope: _Range) -> tuple[list[CommitPatch], list[Gap]]:
        gaps: list[Gap] = []
        left_out = await mirror.left_out(scope.starts, heads.base)
        skip: Sequence[str] = ()
        if left_out:
            raw = await mirror.log(scope.starts, heads.base, limit=self._limits.commits, patch=False)
            skip = _oversized(raw, left_out)
            limit = self._mirrors.limits.file_bytes // 1024
            gaps += [Gap(what=f"file {visible(path)}", why=f"a version of it is over {limit} KiB") for path in skip]
        cut = False
        try:
            output = await mirror.log(scope.starts, heads.base, limit=self._limits.commits + 1, patch=True, skip=skip)
        except GitTooMuch as fault:
            gaps.append(Gap(what="the rest of the patch", why=str(fault)))
            output, cut = fault.output, True
        except GitError as fault:
            gaps.append(Gap(what="the commits' patches", why=str(fault)))
            return [], gaps
        return self._bounded(await asyncio.to_thread(_readable, output, cut), gaps)

    def _bounded(
        self, read: tuple[list[CommitPatch], list[Gap]], gaps: list[Gap]
    ) -> tuple[list[CommitPatch], list[Gap]]:
        patches, unread = read
        gaps = [*gaps, *unread]
        if len(patches) > self._limits.commits:
            gaps.append(Gap(what="older commits", why=f"only the newest {self._limits.commits} are looked at"))
            patches = patches[: self._limits.commits]
        count, kept = 0, []
        for patch in patches:
            count += len(patch.files)
            if count > self._limits.files:
                gaps.append(Gap(what="further commits", why=f"they change more than {self._limits.files} files"))
                break
            kept.append(patch)
        return kept, gaps

    async def _stored(self, mirror: Mirror, patches: Sequence[CommitPatch]) -> list[CommitPatch]:
        messages = read_messages(await mirror.commit_objects([patch.commit.sha for patch in patches]))
        return [
            replace(patch, commit=patch.commit.model_copy(update={"message": messages[patch.commit.sha]}))
            for patch in patches
        ]

    async def _scan(
        self, patches: Sequence[CommitPatch], branch: frozenset[str]
    ) -> tuple[list[Commit], list[Leak], list[Gap]]:
        added = [text for patch in patches for text in patch.added]
        messages = [_clean(patch.commit.message) for patch in patches]
        results = await self._scanner.scan_many([*(text.text for text in added), *messages])
        leaks: list[Leak] = []
        gaps: list[Gap] = []
        for text, result in zip(added, results, strict=False):
            dropped = text.commit not in branch
            leaks += [_leak(hit, _line(text, hit), dropped=dropped) for hit in result.hits]
            gaps += [Gap(what=f"file {visible(text.path)} in {text.commit[:10]}", why=why) for why in result.gaps]
        commits = []
        for patch, message, result in zip(patches, messages, results[len(added) :], strict=True):
            dropped = patch.commit.sha not in branch
            place = Location(where="message", commit=patch.commit.sha)
            leaks += [_leak(hit, place, dropped=dropped) for hit in result.hits]
            gaps += [Gap(what=f"message of {patch.commit.sha[:10]}", why=why) for why in result.gaps]
            masked = self._scanner.mask(message, None if result.gaps else result.hits)
            change = {"author": self._scanner.mask(_clean(patch.commit.author)), "message": masked, "dropped": dropped}
            commits.append(patch.commit.model_copy(update=change))
        return commits, leaks, gaps


def _readable(output: bytes, cut: bool) -> tuple[list[CommitPatch], list[Gap]]:
    """Reads the log commit by commit; of a log that was cut off, the last commit is left out."""
    patches = list(read_log(output.rpartition(b"\n\x00")[0] if cut else output))
    unread = [Gap(what=f"part of commit {p.commit.sha[:10]}", why=p.fault) for p in patches if p.fault]
    for patch in patches:
        if len(patch.commit.parents) > 2:  # noqa: PLR2004 - git remerges two parents only
            what = f"what merge {patch.commit.sha[:10]} itself changed"
            unread.append(Gap(what=what, why="it has more than two parents; merge them one after the other"))
    return patches, unread


def _oversized(raw: bytes, left_out: frozenset[str]) -> tuple[str, ...]:
    files = changed_files(decode(raw))
    return tuple(sorted({file.path for file, new in files if new in left_out}))


def _line(text: AddedText, hit: Hit) -> Location:
    return Location(where="diff", path=visible(text.path), line=text.line_of(hit.line), commit=text.commit)


def _leak(hit: Hit, location: Location, *, dropped: bool) -> Leak:
    return leak_of(hit, location).model_copy(update={"dropped": dropped})


def leak_of(hit: Hit, location: Location) -> Leak:
    """Gives a scanner's hit as a leak at a place."""
    return Leak(
        rule=hit.rule,
        family=hit.family,
        severity=Severity(hit.severity),
        location=location,
        fingerprint=hit.fingerprint,
        suppressed=hit.suppressed,
    )


def _printable(file: ChangedFile) -> ChangedFile:
    return file.model_copy(update={"path": visible(file.path), "old_path": visible(file.old_path)})


def _clean(text: str) -> str:
    """Bytes that are no UTF-8 stand as half characters here, which JSON can't hold."""
    return text.encode("utf-8", "replace").decode()


def relevant(heads: Heads, earlier: Iterable[str]) -> Heads:
    """Gives the heads with earlier ones, each once, in a stable order."""
    return replace(heads, earlier=tuple(dict.fromkeys(sha for sha in earlier if sha != heads.head)))
