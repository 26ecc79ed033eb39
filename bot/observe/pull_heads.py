"""Determines which commits of a pull request are read: its head and base, the merge, and earlier heads."""

from collections.abc import Sequence

from sqlalchemy import select

from bot.forgejo.types import PullRequest, TimelineEvent
from bot.history import Heads, relevant
from bot.model import Target, no_commit
from bot.store import Store, deliveries, targets
from bot.store.tables import Delivery
from bot.thread import Thread

MAX_PUSHES = 100


async def pull_heads(store: Store, target: Target, thread: Thread, tip: str) -> Heads | None:
    """Return the commits to read of a pull request; None if there are none. `tip` is that of the default branch."""
    pull = thread.head
    if not isinstance(pull, PullRequest) or not pull.head.sha:
        return None
    live = pull.state == "open"
    heads = Heads(
        target.repository,
        target.number,
        pull.head.sha,
        pull.base.sha if live else pull.merge_base or pull.base.sha,
        pull.base.ref if live else "",
        trunk=tip if live else "",
        trunk_ref=thread.repository.default_branch if live else "",
        origin=pull.head.repo.full_name if pull.head.repo and pull.head.repo.id != thread.repository.id else "",
        merged=pull.merge_commit_sha if pull.merged else "",
        merged_into=pull.base.ref if pull.merged else "",
    )
    return relevant(heads, await _earlier(store, target, pull, thread.timeline))


async def _earlier(store: Store, target: Target, pull: PullRequest, timeline: Sequence[TimelineEvent]) -> list[str]:
    """Return the branch's earlier heads: from force-pushes in the timeline, deliveries, and earlier evaluations."""
    pushed = [event.pushed for event in timeline if event.type == "pull_push"]
    found = [sha for push in pushed if push and push[0] for sha in push[1]]
    origin = pull.head.repo.id if pull.head.repo else 0
    pushes = select(Delivery.before, Delivery.after).where(
        Delivery.repository_id == origin,
        Delivery.ref == f"refs/heads/{pull.head.ref}",
        Delivery.event == "push",
        deliveries.believed(),
    )
    async with store.read() as session:
        seen = await targets.earlier_heads(session, target)
        rows = (await session.execute(pushes.order_by(Delivery.received_at.desc()).limit(MAX_PUSHES))).all()
    found += [sha for pair in rows for sha in pair if not no_commit(sha)]
    return [*found, *seen]
