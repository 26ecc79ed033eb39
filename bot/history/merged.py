"""Reads what a merge brought onto its base branch, even if the pull request's head is gone.

Forgejo may show an earlier head of a pull request that was merged right after a push, and a squash or a rebase leaves
the head in no branch. The commit that the merge made is on the base branch.
"""

from dataclasses import dataclass, replace

from bot.git import LOST, GitError, Mirror, check_ref, check_sha
from bot.git.patches import HistoryLimits, Patches, read_commit
from bot.history.heads import Heads
from bot.model import Gap


@dataclass(frozen=True)
class Merged:
    """A merged pull request: its heads as far as they can be read, and gaps for the rest."""

    heads: Heads
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class MergedCommits:
    """What was merged as git tells: `heads`, and with `all` the commit of the merge, which may be a head itself.

    `later` are the commits of the API's head that the merge did not bring, as far as git tells. After a squash or a
    rebase it does not tell which head was merged, so none is.
    """

    heads: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    later: frozenset[str] = frozenset()


async def merged_commits(mirror: Mirror, heads: Heads) -> MergedCommits:
    """Return what was merged, whatever the branch of the head is now. Raises GitError.

    After the merge Forgejo shows as head what the branch is then: who may push moves it, by force too. The commit of
    the merge has the head as a parent, or is it; a squash leaves it in `refs/pull/N/head` alone, which no push moves
    after the merge.
    """
    if not heads.merged or await mirror.fetch_commits([heads.merged]):
        return MergedCommits()
    line = await mirror.mirrors.run(
        mirror.folder, "rev-list", "--parents", "--max-count=1", check_sha(heads.merged), offline=True
    )
    _, _, *found = line.decode().split()
    last = await _pull_ref(mirror, heads.number)
    if last and not found and await mirror.merge_base(last, heads.merged) == last:
        found = [heads.merged]  # a fast-forward
    later = await _later(mirror, heads) if found else frozenset[str]()
    found += [last] if last else []
    each = tuple(sha for sha in dict.fromkeys(found) if sha != heads.head)
    return MergedCommits(each, tuple(dict.fromkeys((*each, heads.merged))), later)


async def _later(mirror: Mirror, heads: Heads) -> frozenset[str]:
    """Return the commits of the head that the commit of the merge does not have. Raises GitError."""
    if heads.head not in await mirror.present([heads.head]):
        return frozenset()
    return frozenset(await mirror.commits(heads.head, heads.merged))


async def _pull_ref(mirror: Mirror, number: int) -> str:
    """Return the commit of `refs/pull/N/head`; empty if the server doesn't provide it. Raises GitError."""
    mine = f"refs/assay/seen/merged-{number}"

    async def fetch() -> str:
        if not await _fetched(mirror, f"refs/pull/{number}/head", mine):
            return ""
        return (await mirror.mirrors.run(mirror.folder, "rev-parse", mine, offline=True)).decode().strip()

    return await mirror.mirrors.receiver.alone(mirror.lock, fetch)


async def on_base(mirror: Mirror, heads: Heads) -> bool:
    """Fetch the base branch of a merge and return whether it brought the head. Raises GitError."""
    mine, sha = "refs/assay/seen/merged-into", check_sha(heads.head)

    async def fetch() -> bool:
        if not await _fetched(mirror, f"refs/heads/{heads.merged_into}", mine):
            return False
        try:
            await mirror.mirrors.run(mirror.folder, "merge-base", "--is-ancestor", sha, mine, offline=True)
            await mirror.mirrors.run(mirror.folder, "update-ref", f"refs/assay/seen/{sha}", sha, offline=True)
        except GitError:
            return False
        return True

    return await mirror.mirrors.receiver.alone(mirror.lock, fetch)


async def _fetched(mirror: Mirror, ref: str, mine: str) -> bool:
    """Fetch a ref of the server under a name of ours; return whether the server has it. Needs the mirror's lock."""
    try:
        await mirror.fetch_specs([f"+{check_ref(ref)}:{mine}"])
    except GitError as fault:
        if not LOST.search(str(fault)):
            raise
        return False
    return True


async def without_head(mirror: Mirror, heads: Heads, why: str) -> Merged | None:
    """Return heads with the commit of the merge in place of the head, which the server does not provide.

    Return None if the server does not provide that commit either. Raises GitError.
    """
    if not heads.merged or await mirror.fetch_commits([heads.merged]):
        return None
    (patch,) = (await read_commit(mirror, heads.merged, heads.base, HistoryLimits())).patches[:1] or (None,)
    if patch is None or not patch.commit.parents:
        return None
    gap = Gap(what=f"commit {heads.head[:10]}, the head that was merged", why=why, of=heads.head)
    return Merged(replace(heads, head=heads.merged, base=patch.commit.parents[0], merged=""), (gap,))


async def merge_itself(mirror: Mirror, heads: Heads, limits: HistoryLimits) -> Patches:
    """Return what the commit of the merge itself changed: all of a squash, the resolved conflicts of a merge."""
    if not heads.merged or heads.merged == heads.head:
        return Patches((), ())
    what = f"commit {heads.merged[:10]}, which the merge made"
    try:
        if await mirror.fetch_commits([heads.merged]):
            return Patches((), (Gap(what=what, why="the server does not provide it", of=heads.merged),))
        return await read_commit(mirror, heads.merged, heads.base, limits)
    except GitError as fault:
        return Patches((), (Gap(what=what, why=str(fault), of=heads.merged),), late=True)
