"""Statuses of a head: as Forgejo shows them now, and those in the bot's contexts that stood when it was merged."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.forgejo.types import CommitStatus, PullRequest, TimelineEvent
from bot.model import Gap, StatusSeen, is_ours

MAX_PAST = 1000
BLOCKING = frozenset({"pending", "warning", "failure", "error"})
"""States in which a required context prevents a merge. Forgejo takes any word for a state, and lets others pass."""
FLOOD = Gap(
    what=f"older statuses of the merged head than the newest {MAX_PAST}",
    why="too many were posted, before the merge or after it",
    of="statuses",
)
MISSING = Gap(what="statuses that were set before the merge", why="the server lacks them", of="statuses")
MERGED = "merge_pull"
"""The type of the timeline's event of a merge, of a manual one too."""


@dataclass(frozen=True)
class AtMerge:
    """What was posted in the bot's contexts before a merge and permits it; `gaps` say what could not be read."""

    successes: tuple[StatusSeen, ...] = ()
    gaps: tuple[Gap, ...] = ()


def status_seen(status: CommitStatus) -> StatusSeen:
    """Return a status as snapshots hold it."""
    return StatusSeen(
        context=status.context,
        state=status.state,
        description=status.description,
        target_url=status.target_url,
        creator=status.creator.login,
        creator_id=max(status.creator.id, 0),
    )


async def read_statuses(client: ForgejoAPI, repository: str, sha: str) -> tuple[StatusSeen, ...]:
    """Return the newest status of each context of a commit, by context. Raises ForgejoError."""
    seen: list[StatusSeen] = []
    page = 1
    while sha:
        combined = await endpoints.COMBINED_STATUS.get(client, repository, sha, params={"limit": 50, "page": page})
        seen += map(status_seen, combined.statuses)
        if not combined.statuses or len(seen) >= combined.total_count:
            break
        page += 1
    return tuple(sorted(seen, key=lambda status: status.context))


def statuses_digest(statuses: Iterable[StatusSeen]) -> str:
    """Return a digest of which account set which state in which context."""
    told = sorted((one.context, one.state, one.creator_id) for one in statuses)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


async def at_merge(
    client: ForgejoAPI, repository: str, pull: PullRequest, timeline: Sequence[TimelineEvent], merged: Sequence[str]
) -> AtMerge:
    """Return what was posted on the heads of a merged pull request before the merge; nothing for others.

    `merged` are the commits that were merged as git tells: the head that Forgejo names is what the branch is now, and
    who may push moves it after the merge. Forgejo keeps every status that was ever posted, so an early success can't
    be hidden by a later status. Raises ForgejoError.
    """
    if not pull.merged or not pull.head.sha:
        return AtMerge()
    until, found, gaps = _merged_at(timeline), dict[tuple[str, int], StatusSeen](), list[Gap]()
    for sha in dict.fromkeys((pull.head.sha, *merged)):
        count = 0
        try:
            async for status in endpoints.COMMIT_STATUSES.each(client, repository, sha, params={"limit": 50}):
                count += 1
                if count > MAX_PAST:
                    gaps.append(FLOOD)
                    break
                late = status.created_at and until and status.created_at > until
                if is_ours(status.context) and status.state not in BLOCKING and not late:
                    found.setdefault((status.context, status.creator.id), status_seen(status))
        except NotFound:
            gaps.append(MISSING)
    return AtMerge(tuple(found.values()), tuple(dict.fromkeys(gaps)))


def _merged_at(timeline: Sequence[TimelineEvent]) -> datetime | None:
    """Return when it was merged by the server's clock; None if the timeline doesn't tell.

    The time in the pull request is no such time: of a manual merge it is the date that the commit's author wrote.
    """
    return max((event.created_at for event in timeline if event.type == MERGED), default=None)
