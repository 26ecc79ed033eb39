"""Reads a pull request's history: its commits, their added lines, commits dropped by a force-push, and secrets.

Each pair of head and base is read once and cached, so an unchanged pull request needs no git command.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from bot.git import LOST, GitError, GitOverAllowance, GitOverBound, Mirror, Mirrors, at_most, fetch_from
from bot.git.diff import CommitPatch, NetDiff, read_log, read_objects
from bot.git.patches import HistoryLimits, paths_of, read_difference, read_patches
from bot.history.heads import Heads, Moved
from bot.history.merge_effect import changed_beside
from bot.history.merged import Merged, MergedCommits, merge_itself, merged_commits, on_base, without_head
from bot.history.scope import Scope, scope_of
from bot.history.weight import SMALL, memory_for
from bot.memory import MemoryBudget
from bot.model import AddedLines, ChangedFile, Commit, Gap, Leak
from bot.scan import Scanner
from bot.scan.additions import Added, marks_of, read_added
from bot.scan.commits import Commits, Searched, leak_of, search
from bot.text import visible

__all__ = ["Histories", "History", "HistoryLimits", "leak_of"]

MAX_LETTERS = 600_000
"""Characters of all changed files' names; three thousand ordinary files have a third of it."""

REMEMBERED = 512
MAX_REMEMBERED_TEXT = 16_000_000
"""Characters of added lines in the whole cache."""
DEFAULT_MEMORY = 256 * 1024 * 1024
MAX_GAPS = 200


@dataclass(frozen=True)
class History:
    """A history. Texts and names are masked. `added` is added by the net difference, incomplete if `added_cut`.

    `merged` are the commits that were merged as git tells, as far as they aren't the head.
    """

    merge_base: str = ""
    commits: tuple[Commit, ...] = ()
    files: tuple[ChangedFile, ...] = ()
    added: tuple[AddedLines, ...] = ()
    added_cut: bool = False
    leaks: tuple[Leak, ...] = ()
    gaps: tuple[Gap, ...] = ()
    merged: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Ends:
    """What is between the ends of a pull request: as `History` and `Scope` have it."""

    merged: Merged
    inside: MergedCommits
    merge_base: str
    scope: Scope


class Histories:
    """Reads and caches histories."""

    def __init__(
        self,
        mirrors: Mirrors,
        scanner: Scanner,
        limits: HistoryLimits,
        *,
        remembered: int = MAX_REMEMBERED_TEXT,
        memory: MemoryBudget | None = None,
    ) -> None:
        self._memory = memory or MemoryBudget(DEFAULT_MEMORY)
        self._room = remembered
        self._mirrors = mirrors
        self._scanner = scanner
        self._limits = limits
        self._known: OrderedDict[Heads, History] = OrderedDict()
        self._text = 0

    async def read(self, heads: Heads) -> History:
        """Return the history of one pull request.

        Raises GitError if the repository cannot be fetched, Moved if the branch moved meanwhile, NoRoom if it is large
        and too many large ones wait for memory.
        """
        known = self._known.get(heads)
        if known is not None:
            self._known.move_to_end(heads)
            return known
        history, late = await self._read(heads)
        if not late:
            self._keep(heads, history)
        return history

    def _keep(self, heads: Heads, history: History) -> None:
        """Read a history; two concurrent evaluations may read the same one."""
        if heads not in self._known:
            self._known[heads] = history
            self._text += _size(history)
        while len(self._known) > REMEMBERED or self._text > self._room:
            self._text -= _size(self._known.popitem(last=False)[1])

    async def _read(self, heads: Heads) -> tuple[History, bool]:
        """Return the history, and whether another evaluation may see more."""
        mirror = self._mirrors.mirror(heads.repository)
        try:
            merged = await self._fetched(mirror, heads)
        except GitOverBound as fault:  # said at once: another try comes to the same bound
            gap = Gap(what="the commits of the pull request", why=str(fault), of=heads.head)
            return History(gaps=self._few([gap], heads.head)), True
        inside = await merged_commits(mirror, heads)
        heads = merged.heads
        merge_base = await mirror.merge_base(heads.head, heads.base)
        scope = await scope_of(mirror, heads, inside.heads)
        ends = _Ends(merged, inside, merge_base, scope)
        try:
            with at_most(SMALL):
                return await self._contents(mirror, ends)
        except GitOverAllowance:
            size = await memory_for(mirror, heads, scope.range, merge_base, self._limits.commits + 1)
        async with self._memory.taken(size):
            return await self._contents(mirror, ends)

    async def _contents(self, mirror: Mirror, ends: _Ends) -> tuple[History, bool]:
        heads, merge_base, scope = ends.merged.heads, ends.merge_base, ends.scope
        read = await read_patches(mirror, scope.range, self._limits)
        merge = await merge_itself(mirror, heads, self._limits)
        net, unnamed = await self._difference(mirror, merge_base, heads)
        unlisted = await self._unlisted(mirror, heads, scope)
        gaps = [*ends.merged.gaps, *scope.gaps, *read.gaps, *merge.gaps, *unnamed]
        if not merge_base:
            gaps.append(Gap(what="the net difference", why="head and base have no common ancestor", of=heads.head))
        known = {patch.commit.sha for patch in read.patches}
        patches = (*read.patches, *(patch for patch in merge.patches if patch.commit.sha not in known))
        objects = await mirror.commit_objects([patch.commit.sha for patch in (*patches, *unlisted)])
        dropped = known - scope.ahead - {*scope.branch}
        paths = frozenset(paths_of(net.files))
        commits = Commits(heads.head, patches, frozenset(dropped), read_objects(objects), paths, ends.inside.later)
        found = await asyncio.to_thread(search, self._scanner, commits)
        added = await asyncio.to_thread(self._added, net, commits, found)
        listed = [patch for patch in read.patches if patch.commit.sha in {*scope.branch, *dropped}]
        history = History(
            merge_base=merge_base,
            commits=self._told([*listed, *unlisted], found, commits),
            files=tuple(_printable(file, found) for file, _ in net.files),
            added=added.runs,
            added_cut=added.cut or not net.whole,
            leaks=found.leaks,
            gaps=await asyncio.to_thread(self._few, [*gaps, *found.gaps], heads.head),
            merged=ends.inside.all,
        )
        return history, scope.late or read.late or merge.late or net.late or found.late

    async def _difference(self, mirror: Mirror, merge_base: str, heads: Heads) -> tuple[NetDiff, tuple[Gap, ...]]:
        """Limit the files: every check matches patterns against their names, so the names' length counts too."""
        net = await read_difference(mirror, merge_base, heads.head) if merge_base else NetDiff(whole=False)
        beside, gaps = await changed_beside(mirror, heads, merge_base, paths_of(net.files))
        net = replace(net, files=(*net.files, *beside), whole=net.whole and not beside)
        letters = accumulate(len(file.path) + len(file.old_path) for file, _ in net.files[: self._limits.files])
        most = sum(count <= MAX_LETTERS for count in letters)
        if len(net.files) <= most:
            return net, gaps
        why = f"only {most} of {len(net.files)} are checked"
        return replace(net, files=net.files[:most], whole=False), (
            *gaps,
            Gap(what="the list of changed files", why=why, of=heads.head),
        )

    def _added(self, net: NetDiff, commits: Commits, found: Searched) -> Added:
        marks = marks_of(self._scanner, commits.patches, found)
        if marks is None:
            return Added(cut=True)
        return read_added(self._scanner, net.patch, {file.path: found.paths[file.path] for file, _ in net.files}, marks)

    async def _fetched(self, mirror: Mirror, heads: Heads) -> Merged:
        """Fetch the commits. After a merge whose head is gone, the commit of the merge stands for it.

        Raises GitError and Moved.
        """
        try:
            await self._fetch(mirror, heads)
        except Moved as fault:
            instead = await without_head(mirror, heads, str(fault))
            if instead is None:
                raise
            return instead
        return Merged(heads)

    async def _fetch(self, mirror: Mirror, heads: Heads) -> None:
        refs = {f"refs/pull/{heads.number}/head": heads.head}
        if heads.trunk_ref and heads.trunk:
            refs[f"refs/heads/{heads.trunk_ref}"] = heads.trunk
        if heads.base_ref:
            refs[f"refs/heads/{heads.base_ref}"] = heads.base
        try:
            await mirror.fetch(refs)
        except GitError as fault:
            if not heads.merged or not LOST.search(str(fault)):
                raise
        if heads.head in await mirror.present([heads.head]):
            return
        # After a reopening by API and after a fast merge, Forgejo leaves `refs/pull/N/head` at an earlier commit.
        if not await mirror.fetch_commits([heads.head]):
            return
        if heads.origin and not await fetch_from(mirror, heads.origin, heads.head):
            return
        if heads.merged_into and await on_base(mirror, heads):
            return
        raise Moved(
            f"the server does not provide commit {heads.head[:10]}, the head of {heads.repository}!{heads.number}; "
            "if this continues, push to the branch again"
        )

    async def _unlisted(self, mirror: Mirror, heads: Heads, scope: Scope) -> list[CommitPatch]:
        """Return commits of the pull request that the trunk already has: they are listed, but not scanned again."""
        merged = {*scope.branch} - scope.ahead
        if not merged:
            return []
        raw = await mirror.log([heads.head], heads.base, limit=self._limits.commits, patch=False)
        return [patch for patch in await asyncio.to_thread(lambda: list(read_log(raw))) if patch.commit.sha in merged]

    def _told(self, patches: Sequence[CommitPatch], found: Searched, searched: Commits) -> tuple[Commit, ...]:
        authors = {author: self._scanner.mask(_clean(author)) for author in {p.commit.author for p in patches}}
        return tuple(
            patch.commit.model_copy(
                update={
                    "author": authors[patch.commit.author],
                    "message": found.messages[patch.commit.sha],
                    "dropped": patch.commit.sha in searched.dropped,
                }
            )
            for patch in patches
        )

    def _few(self, gaps: Sequence[Gap], head: str) -> tuple[Gap, ...]:
        """Mask gaps, since they contain texts of users, and summarise those over the limit."""
        kept = [
            gap.model_copy(update={"what": self._shown(gap.what), "why": self._shown(gap.why)})
            for gap in gaps[:MAX_GAPS]
        ]
        if more := len(gaps) - len(kept):
            kept.append(Gap(what=f"{more} further parts", why="the list is too long", of=head))
        return tuple(kept)

    def _shown(self, text: str) -> str:
        return visible(self._scanner.mask(text))


def _size(history: History) -> int:
    return sum(len(run.text) for run in history.added)


def _printable(file: ChangedFile, found: Searched) -> ChangedFile:
    old = found.paths[file.old_path] if file.old_path else ""
    return file.model_copy(update={"path": found.paths[file.path], "old_path": old})


def _clean(text: str) -> str:
    """Replace lone surrogates, which stand for non-UTF-8 bytes and are invalid in JSON."""
    return text.encode("utf-8", "replace").decode()
