"""Statuses of a head: as Forgejo shows them now, and those in the bot's contexts that stood when it was merged."""

from dataclasses import dataclass

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.forgejo.types import CommitStatus, PullRequest
from bot.model import StatusSeen

PREFIX = "assay/"
"""The contexts of the bot begin with this."""
MAX_PAST = 1000


@dataclass(frozen=True)
class AtMerge:
    """The successes in the bot's contexts that were posted before a merge; `cut`: there are too many to read all."""

    successes: tuple[StatusSeen, ...] = ()
    cut: bool = False


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


async def at_merge(client: ForgejoAPI, repository: str, pull: PullRequest) -> AtMerge:
    """Return what was posted on the head of a merged pull request before the merge; nothing for others.

    Forgejo keeps every status that was ever posted, so an early success can't be hidden by a later status.
    """
    if not pull.merged or not pull.head.sha:
        return AtMerge()
    found: dict[tuple[str, int], StatusSeen] = {}
    count = 0
    try:
        async for status in endpoints.COMMIT_STATUSES.each(client, repository, pull.head.sha, params={"limit": 50}):
            count += 1
            if count > MAX_PAST:
                return AtMerge(tuple(found.values()), cut=True)
            late = status.created_at and pull.merged_at and status.created_at > pull.merged_at
            if status.context.startswith(PREFIX) and status.state == "success" and not late:
                found.setdefault((status.context, status.creator.id), status_seen(status))
    except NotFound:
        return AtMerge(cut=True)
    return AtMerge(tuple(found.values()))
