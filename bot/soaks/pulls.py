"""Looks up the pull requests that soaks wait for: their states and merge commits."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.concurrent import run_all
from bot.fact_cache import FOREVER, FactCache
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import PullRequest
from bot.model import PullSeen, Repo

REMEMBERED = 2000
FRESH = 60.0
"""Seconds for which an answer is cached; a merged pull request is cached forever."""


@dataclass(frozen=True)
class PullFound:
    """A pull request and its merge commit; empty if there is none."""

    seen: PullSeen
    merge: str = ""


class SoakPulls:
    """Looks up pull requests in Forgejo, and caches the answers."""

    def __init__(self, client: ForgejoAPI, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._known: FactCache[tuple[Repo, int], PullFound] = FactCache(REMEMBERED, clock)

    async def read(self, repo: Repo, numbers: Sequence[int]) -> dict[int, PullFound]:
        """Return each pull request by its number; one without access counts as missing. Raises ForgejoError."""
        wanted = list(dict.fromkeys(numbers))
        found = await run_all(*(self._one(repo, number) for number in wanted))
        return dict(zip(wanted, found, strict=True))

    def note(self, repo: Repo, pull: PullRequest) -> PullFound:
        """Cache a pull request that was read elsewhere, so that a merge or closing is known at once."""
        state = "merged" if pull.merged else pull.state
        seen = PullSeen(number=pull.number, state=state, merged_at=pull.merged_at if pull.merged else None)
        found = PullFound(seen, (pull.merge_commit_sha or "") if pull.merged else "")
        return self._known.keep((repo, pull.number), found, FOREVER if pull.merged else FRESH)

    def forget(self, repo: Repo, number: int) -> None:
        """Forget a pull request that another process saw change."""
        self._known.forget((repo, number))

    async def _one(self, repo: Repo, number: int) -> PullFound:
        known = self._known.get((repo, number))
        if known is not None:
            return known
        try:
            pull = await endpoints.PULL.get(self._client, repo.name, number)
        except (NotFound, Forbidden):
            return self._known.keep((repo, number), PullFound(PullSeen(number=number, state="missing")), FRESH)
        return self.note(repo, pull)
