"""Which commits of a pull request are read: those of its branch, and those that a force-push dropped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.git import GitError, Mirror
from bot.git.patches import Range
from bot.history.heads import Heads
from bot.model import Gap, no_commit

MAX_DROPPED_HEADS = 50


@dataclass(frozen=True)
class Scope:
    """The branch's commits (beyond base), the commits to read (`range`), and those that the head has.

    `late`: a gap came from a failure that may be gone at the next evaluation.
    """

    branch: tuple[str, ...]
    ahead: frozenset[str]
    range: Range
    gaps: tuple[Gap, ...] = ()
    late: bool = False


async def scope_of(mirror: Mirror, heads: Heads, merged: Sequence[str]) -> Scope:
    """Return the commits of a pull request that are read; `merged` are heads that were merged. Raises GitError."""
    against = heads.base if heads.trunk_ref == heads.base_ref or not heads.trunk else heads.trunk
    branch = await mirror.commits(heads.head, heads.base)
    ahead = frozenset(branch if against == heads.base else await mirror.commits(heads.head, against))
    for sha in merged:
        ahead |= {*await mirror.commits(sha, against)}
    known = {*branch, *ahead, heads.head, heads.base, heads.trunk}
    # An id of another length is of another hash function, and so of another repository.
    earlier = [sha for sha in heads.earlier if sha not in known and len(sha) == len(heads.head)]
    earlier = [sha for sha in earlier if not no_commit(sha)]
    earlier = [*await mirror.apart(earlier, (heads.head, against))] if earlier else []
    scope = Scope(branch, ahead, Range((heads.head, *merged), against))
    return await _with_dropped(mirror, scope, earlier) if earlier else scope


async def _with_dropped(mirror: Mirror, scope: Scope, earlier: Sequence[str]) -> Scope:
    head, *merged = scope.range.starts
    chosen, rest = earlier[:MAX_DROPPED_HEADS], earlier[MAX_DROPPED_HEADS:]
    gaps, late = list[Gap](), False
    lost: Sequence[str] = ()
    try:
        lost = await mirror.fetch_commits(chosen)
    except GitError as fault:
        gaps, late = [Gap(what="earlier heads of the branch", why=str(fault), of=head)], True
        here = await mirror.present(chosen)
        chosen = [sha for sha in chosen if sha in here]
    why = "the server no longer provides it"
    gaps += [Gap(what=f"commit {sha[:10]}, dropped by a force-push", why=why, of=sha) for sha in lost]
    if rest:
        why = "too many force-pushes"
        gaps.append(Gap(what=f"{len(rest)} older heads of the branch", why=why, of=head))
    starts = (head, *merged, *(sha for sha in chosen if sha not in lost))
    return replace(scope, range=replace(scope.range, starts=starts), gaps=tuple(gaps), late=late)
