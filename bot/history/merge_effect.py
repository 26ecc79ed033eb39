"""Compares what a merge changes on the base branch with the net difference, which begins at one merge base.

A merge can change other files, too. A file that the base branch renamed since then is changed under its new name. With
several merge bases, git takes one of them for the net difference: what the head took back of another one's changes is
not in it, and the merge takes it back.
"""

from collections.abc import Collection

from bot.git import GitError, Mirror, check_sha, tried_merge
from bot.git.diff import RAW, read_net
from bot.history.heads import Heads
from bot.model import ChangedFile, Gap
from bot.text import visible

SECONDS = 20.0
SHOWN = 3
WHAT = "the net difference"
MERGE = "merge the base branch into the head branch, so that everybody sees it"

Changed = tuple[ChangedFile, tuple[str, str]]


async def changed_beside(
    mirror: Mirror, heads: Heads, merge_base: str, names: Collection[str]
) -> tuple[tuple[Changed, ...], tuple[Gap, ...]]:
    """Return the files that a merge changes on the base branch and that are not among `names`, and a gap if any.

    Nothing is fetched. A merge with conflicts changes nothing, since Forgejo refuses it.
    """
    if not merge_base or merge_base in {heads.base, heads.head}:
        return (), ()
    try:
        merged = await _merged(mirror, heads)
    except GitError as fault:
        why = f"the result of a merge is not known ({fault}); {MERGE}"
        return (), (Gap(what=WHAT, why=why, of=f"{heads.head} {heads.base}"),)
    more = tuple((file, blobs) for file, blobs in merged if file.path not in names)
    if not more:
        return (), ()
    listed = ", ".join(visible(file.path) for file, _ in more[:SHOWN]) + (", …" if len(more) > SHOWN else "")
    why = f"a merge also changes what it does not show: {listed}; {MERGE}"
    return more, (Gap(what=WHAT, why=why, of=f"{heads.head} {heads.base}"),)


async def _merged(mirror: Mirror, heads: Heads) -> tuple[Changed, ...]:
    """Return the files that differ between the base branch and a merge; none for conflicts. Raises GitError."""
    async with tried_merge(mirror, heads.base, heads.head, SECONDS) as tried:
        if not tried.tree:
            return ()
        ends = (check_sha(heads.base), tried.tree, "--")
        raw = await mirror.mirrors.run(
            mirror.folder, *RAW, *ends, seconds=SECONDS, offline=True, more=tried.environment
        )
    return read_net(raw).files
