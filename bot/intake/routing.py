"""Maps deliveries to the targets that they change.

`route` is pure: an envelope in, changes out. `route_pending` takes deliveries from the inbox, and marks targets dirty
and deliveries routed in one transaction, so that a crash may repeat a step but never loses one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.forgejo import Router
from bot.intake.inbox import Inbox
from bot.model import Envelope, Kind, Target
from bot.store import Store, deliveries, soak_observations, upsert
from bot.store import targets as records
from bot.store.tables import TargetRow

BRANCHES = "refs/heads/"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_NO_COMMIT = re.compile(r"0*")


@dataclass(frozen=True, slots=True)
class TargetChanged:
    """A change of a target. `urgent`: its head moved, so a running evaluation is out of date."""

    target: Target
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class BranchMoved:
    """A branch (full ref) has a new head; pull requests with this base may have changed."""

    repository: str
    ref: str
    before: str
    after: str


Change = TargetChanged | BranchMoved
_router: Router[Envelope, Change | None] = Router()


def route(envelope: Envelope, bot_login: str) -> list[Change]:
    """Return the changes of a delivery; none if the bot's own account caused it.

    Another account's edit of a bot comment has that account as sender, so it counts.
    """
    if bot_login and envelope.sender.casefold() == bot_login.casefold():
        return []
    if not _REPOSITORY.fullmatch(envelope.repository):
        return []
    return [change for change in _router.dispatch(envelope.event, envelope.action, envelope) if change]


# Names as in X-Forgejo-Event-Type, and the three general ones that servers without that header send for reviews.
@_router.register("pull_request")
@_router.register("pull_request_sync")
@_router.register("pull_request_label")
@_router.register("pull_request_assign")
@_router.register("pull_request_milestone")
@_router.register("pull_request_comment")
@_router.register("pull_request_review_request")
@_router.register("pull_request_review_approved")
@_router.register("pull_request_review_rejected")
@_router.register("pull_request_review_comment")
@_router.register("pull_request_approved")
@_router.register("pull_request_rejected")
@_router.register("issues")
@_router.register("issue_label")
@_router.register("issue_assign")
@_router.register("issue_milestone")
@_router.register("issue_comment")
def _on_target(envelope: Envelope) -> Change | None:
    if envelope.number is None:
        return None
    kind = Kind.PULL if envelope.is_pull else Kind.ISSUE
    target = Target(repository=envelope.repository, number=envelope.number, kind=kind)
    return TargetChanged(target, urgent=envelope.action == "synchronized")


@_router.register("push")
def _on_push(envelope: Envelope) -> Change | None:
    # The same commit before and after: the server's test delivery.
    moved = envelope.before != envelope.after and not _NO_COMMIT.fullmatch(envelope.after)
    if not moved or not envelope.ref.startswith(BRANCHES):
        return None
    return BranchMoved(envelope.repository, envelope.ref, envelope.before, envelope.after)


async def mark_dirty(session: AsyncSession, targets: Iterable[Target]) -> None:
    """Mark targets dirty, due now and no longer silent."""
    rows = [
        {"repository": repository, "number": number, "kind": kind.value, "desired_generation": 1}
        for repository, number, kind in sorted({(target.repository, target.number, target.kind) for target in targets})
    ]
    change = {
        "desired_generation": TargetRow.desired_generation + 1,
        "quiet": False,
        "priority": 0,
        "not_before": None,
    }
    await upsert(session, TargetRow, rows, ("repository", "number"), change)


async def _keep_heads(session: AsyncSession, batch: Iterable[Envelope], bot_login: str) -> None:
    """Store heads from deliveries: after two quick force-pushes only the delivery knows the head between them."""
    for envelope in batch:
        for change in route(envelope, bot_login):
            if isinstance(change, TargetChanged) and change.target.kind is Kind.PULL and envelope.after:
                await records.keep_heads(session, change.target, [envelope.after], envelope.received_at)


async def route_pending(store: Store, inbox: Inbox, bot_login: str, now: datetime) -> list[TargetChanged]:
    """Route all waiting deliveries; return the changed targets, each once.

    A moved branch also changes the pull requests with this base, with low priority; the default branch, which has the
    policy, also changes the tracking issues of soaks. A repository without `setup` (an organisation's webhook) is
    served from its first delivery on.
    """
    changed: dict[Target, bool] = {}
    more = True
    while more and (batch := await inbox.unrouted(deliveries.SLICE)):
        more = len(batch) == deliveries.SLICE
        changes = [change for envelope in batch for change in route(envelope, bot_login)]
        direct = [change for change in changes if isinstance(change, TargetChanged)]
        moves = {
            (change.repository, change.ref.removeprefix(BRANCHES))
            for change in changes
            if isinstance(change, BranchMoved)
        }
        async with store.session() as session:
            for repository in sorted({change.target.repository for change in direct}):
                await records.serve(session, repository, now)
            await mark_dirty(session, {change.target for change in direct})
            await _keep_heads(session, batch, bot_login)
            for repository, branch in sorted(moves):
                into = await records.mark_open(session, repository=repository, base_ref=branch, priority=3)
                into += await soak_observations.mark_tracked(session, repository, branch=branch)
                direct += [TargetChanged(target) for target in into]
            await deliveries.mark_routed(session, [envelope.id for envelope in batch], now)
        inbox.routed(len(batch))
        for change in direct:
            changed[change.target] = changed.get(change.target, False) or change.urgent
    return [TargetChanged(target, urgent) for target, urgent in changed.items()]
