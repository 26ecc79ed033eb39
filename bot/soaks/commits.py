"""What git tells of the commits that evidence names: whether the default branch has them, and which merges they have.

Both are asked of the mirror, whose default branch is fetched up to the tip that Forgejo names. What a commit has in its
history never changes, so that is asked once; whether the branch has it is asked anew for every tip.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.fact_cache import FactCache
from bot.git import GitError, Mirror, Mirrors
from bot.model import CommitSeen

MOST = 200
"""Commits of one soak that are looked at."""
MORE = f"more commits than the {MOST} that are looked at"
NO_TIP = "the default branch has no commit that could be asked for"
REMEMBERED = 20_000
_WHOLE = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = re.compile(r"[0-9a-f]{4,63}")


@dataclass(frozen=True)
class Branch:
    """The default branch of a repository: its name and tip, and merge commits of pull requests by their numbers."""

    repository: str
    name: str
    tip: str
    merges: Mapping[int, str] = field(default_factory=dict)


class SoakCommits:
    """Asks git for commits, and remembers what can't change."""

    def __init__(self, mirrors: Mirrors) -> None:
        self._mirrors = mirrors
        self._on: FactCache[tuple[str, str, str], bool] = FactCache(REMEMBERED)
        self._has: FactCache[tuple[str, str, str], bool] = FactCache(REMEMBERED)

    async def read(self, branch: Branch, wanted: Sequence[str], *, patient: bool = False) -> tuple[CommitSeen, ...]:
        """Gives each commit once; what is none, or isn't in the repository, isn't on the branch.

        What git can't tell is unknown; with `patient` the GitError is raised instead, as another look may mend it.
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
            raise GitError("the default branch moved on during the fetch; look again")

    async def _contained(self, mirror: Mirror, repository: str, sha: str, merges: Mapping[int, str]) -> tuple[int, ...]:
        known = {number: self._has.get((repository, sha, merge)) for number, merge in merges.items()}
        asked = {number: merges[number] for number, has in known.items() if has is None}
        if asked:
            lacking = frozenset(await mirror.apart([*asked.values()], (sha,)))
            for number, merge in asked.items():
                known[number] = self._has.keep((repository, sha, merge), merge not in lacking)
        return tuple(sorted(number for number, has in known.items() if has))


def _of_text(name: str) -> CommitSeen:
    """A shortened id may be that of several commits."""
    if _SHORT.fullmatch(name):
        return CommitSeen(sha=name, unknown="it is shortened; name the whole commit id")
    return CommitSeen(sha=name, on_default=False)
