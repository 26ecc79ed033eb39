"""Looks up the commits of evidence in git: whether they are on the default branch, and which merges they contain.

Both are looked up in the mirror, whose default branch is fetched up to the tip that Forgejo reports. The history of a
commit never changes, so it is looked up once; whether it is on the branch is looked up again for every tip.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.fact_cache import FactCache
from bot.git import GitError, Mirror, Mirrors
from bot.model import CommitSeen

MOST = 200
"""Maximum number of commits of one soak that are looked up."""
MORE = f"over the limit of {MOST} commits"
NO_TIP = "the default branch has no commits"
REMEMBERED = 20_000
_WHOLE = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = re.compile(r"[0-9a-f]{4,63}")


@dataclass(frozen=True)
class Branch:
    """The default branch of a repository: its name and tip, and merge commits by the numbers of their pull requests."""

    repository: str
    name: str
    tip: str
    merges: Mapping[int, str] = field(default_factory=dict)


class SoakCommits:
    """Looks up commits in git, and caches what cannot change."""

    def __init__(self, mirrors: Mirrors) -> None:
        self._mirrors = mirrors
        self._on: FactCache[tuple[str, str, str], bool] = FactCache(REMEMBERED)
        self._has: FactCache[tuple[str, str, str], bool] = FactCache(REMEMBERED)

    async def read(self, branch: Branch, wanted: Sequence[str], *, patient: bool = False) -> tuple[CommitSeen, ...]:
        """Return each commit once; an invalid id, or a commit missing in the repository, is not on the branch.

        If git fails, the commits are unknown; with `patient` the GitError is raised instead, because a retry may help.
        """
        names = list(dict.fromkeys(wanted))
        shas = [name for name in names[:MOST] if _WHOLE.fullmatch(name)]
        found = {name: _of_text(name) for name in names if name not in shas}
        found |= {name: CommitSeen(sha=name, unknown=MORE) for name in names[MOST:]}
        try:
            found |= await self._of_git(branch, shas) if shas else {}
        except GitError as fault:
            if patient:
                raise
            found |= {sha: CommitSeen(sha=sha, unknown=str(fault)) for sha in shas}
        return tuple(found[name] for name in names)

    async def _of_git(self, branch: Branch, shas: Sequence[str]) -> dict[str, CommitSeen]:
        if not branch.tip:
            return {sha: CommitSeen(sha=sha, unknown=NO_TIP) for sha in shas}
        mirror = self._mirrors.mirror(branch.repository)
        on = {sha: self._on.get((branch.repository, branch.tip, sha)) for sha in shas}
        asked = [sha for sha, known in on.items() if known is None]
        if asked:
            await self._fetch(mirror, branch)
            outside = frozenset(await mirror.apart(asked, (branch.tip,)))
            for sha in asked:
                on[sha] = self._on.keep((branch.repository, branch.tip, sha), sha not in outside)
        away = [sha for sha in shas if not on[sha]]
        absent = frozenset(await mirror.apart(away, away)) if away else frozenset()
        merges = {number: sha for number, sha in branch.merges.items() if _WHOLE.fullmatch(sha)}
        return {
            sha: CommitSeen(
                sha=sha,
                on_default=bool(on[sha]),
                pulls=() if sha in absent else await self._contained(mirror, branch.repository, sha, merges),
            )
            for sha in shas
        }

    async def _fetch(self, mirror: Mirror, branch: Branch) -> None:
        await mirror.fetch({f"refs/heads/{branch.name}": branch.tip})
        if await mirror.apart((branch.tip,), (branch.tip,)):
            raise GitError("the default branch moved during the fetch; retry")

    async def _contained(self, mirror: Mirror, repository: str, sha: str, merges: Mapping[int, str]) -> tuple[int, ...]:
        known = {number: self._has.get((repository, sha, merge)) for number, merge in merges.items()}
        asked = {number: merges[number] for number, has in known.items() if has is None}
        if asked:
            lacking = frozenset(await mirror.apart([*asked.values()], (sha,)))
            for number, merge in asked.items():
                known[number] = self._has.keep((repository, sha, merge), merge not in lacking)
        return tuple(sorted(number for number, has in known.items() if has))


def _of_text(name: str) -> CommitSeen:
    """Return the result for an id that is not complete: unknown for a short id, as it may match several commits."""
    if _SHORT.fullmatch(name):
        return CommitSeen(sha=name, unknown="short commit id; use the full id")
    return CommitSeen(sha=name, on_default=False)
