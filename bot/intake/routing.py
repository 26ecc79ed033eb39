"""Maps deliveries to the targets that they change.

`route` is pure: an envelope in, changes out. `route_pending` takes stored deliveries, and marks targets dirty and
deliveries routed in one transaction, so that a crash may repeat a step but never loses one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.forgejo import Router
from bot.intake.origins import Origins
from bot.model import Envelope, Kind, Repo, SignerKind, Target
from bot.store import Store, deliveries, repositories, soak_observations, upsert, witnesses
from bot.store import targets as records
from bot.store.tables import TargetRow
from bot.urgency import AWAITED

BRANCHES = "refs/heads/"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_NO_COMMIT = re.compile(r"0*")
OTHER, OF_BRANCH = 1, 3
"""The priorities of ended runs and all changes that nobody waits for, and of pull requests whose base moved."""
_AWAITED = frozenset({"opened", "reopened", "synchronized", "reviewed"})
"""The actions on a pull request whose report its author or the operator waits for. A new comment may be a command."""


@dataclass(frozen=True, slots=True)
class TargetChanged:
    """A change of a target. `urgent`: its head moved, so a running evaluation is out of date.

    `priority` is that of the engine.
    """

    target: Target
    urgent: bool = False
    priority: int = AWAITED


@dataclass(frozen=True, slots=True)
class BranchMoved:
    """A branch (full ref) has a new head; pull requests with this base may have changed."""

    repo: Repo
    ref: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run of Actions ended, or a status was set, on a commit; `ref` is the full ref of the run's branch, if any."""

    repo: Repo
    commit: str
    ref: str = ""


Change = TargetChanged | BranchMoved | RunEnded
RUN_EVENTS = frozenset({"action_run_success", "action_run_failure", "action_run_recover", "workflow_run"})
"""Events about runs: of Forgejo 16, and of Gitea."""
_router: Router[Envelope, Change | None] = Router()


def route(envelope: Envelope, bot_id: int) -> list[Change]:
    """Return the changes of a delivery; none if the bot's own account caused it.

    Another account's edit of a bot comment has that account as sender, so it counts. So does the end of a run, whoever
    started it.
    """
    if bot_id and envelope.sender_id == bot_id and envelope.event not in RUN_EVENTS:
        return []
    if not envelope.repository_id or not _REPOSITORY.fullmatch(envelope.repository):
        return []
    return [touch for touch in _router.dispatch(envelope.event, envelope.action, envelope) if touch]


def _repo(envelope: Envelope) -> Repo:
    return Repo(id=envelope.repository_id, name=envelope.repository)


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
    target = _repo(envelope).target(envelope.number, kind)
    new_comment = envelope.comment_id is not None and envelope.action == "created"
    awaited = new_comment or (kind is Kind.PULL and envelope.action in _AWAITED)
    return TargetChanged(target, urgent=envelope.action == "synchronized", priority=AWAITED if awaited else OTHER)


@_router.register("push")
def _on_push(envelope: Envelope) -> Change | None:
    # The same commit before and after: the server's test delivery.
    moved = envelope.before != envelope.after and not _NO_COMMIT.fullmatch(envelope.after)
    if not moved or not envelope.ref.startswith(BRANCHES):
        return None
    return BranchMoved(_repo(envelope), envelope.ref, envelope.before, envelope.after)


@_router.register("action_run_success")
@_router.register("action_run_failure")
@_router.register("action_run_recover")
@_router.register("workflow_run", action="completed")
@_router.register("status")
def _on_run(envelope: Envelope) -> Change | None:
    return RunEnded(_repo(envelope), envelope.after, envelope.ref) if envelope.after else None


async def mark_dirty(session: AsyncSession, changes: Iterable[TargetChanged]) -> None:
    """Mark targets dirty, due now and no longer silent; of unknown ones no more than `records.within_bounds` allows."""
    most = dict[Target, int]()
    for change in changes:
        most[change.target] = min(change.priority, most.get(change.target, change.priority))
    there = await records.within_bounds(session, most)
    for priority in sorted({most[one] for one in there}):
        about = {"desired_generation": 1, "priority": priority}
        rows = [
            {"repository_id": one.repository_id, "number": one.number, "kind": one.kind.value, **about}
            for one in there
            if most[one] == priority
        ]
        values = {**records.dirty_values(priority), "quiet": False, "not_before": None}
        await upsert(session, TargetRow, rows, ("repository_id", "number"), values)


async def mark_changed(session: AsyncSession, changes: Iterable[Change]) -> list[TargetChanged]:
    """Mark the targets of changes dirty, and return them.

    A moved branch also changes the pull requests with this base, with low priority; the default branch, which has the
    policy, also changes the tracking issues of soaks. A run or a status changes the targets with this head, and a run
    on the default branch the tracking issues of soaks, whose evidence it may be.
    """
    every = list(dict.fromkeys(changes))
    direct = [change for change in every if isinstance(change, TargetChanged)]
    await mark_dirty(session, direct)
    for change in every:
        found, tracked = list[Target](), list[Target]()
        match change:
            case BranchMoved(repo, ref):
                branch, priority = ref.removeprefix(BRANCHES), OF_BRANCH
                found = await records.mark_open(session, repo.id, base_ref=branch, priority=priority)
                tracked = await soak_observations.mark_tracked(session, repo, branch=branch)
            case RunEnded(repo, commit, ref):
                branch, priority = ref.removeprefix(BRANCHES), OTHER
                found = await records.mark_heads(session, repo.id, commit, priority=priority)
                if ref:
                    tracked = await soak_observations.mark_tracked(session, repo, branch=branch)
            case _:
                continue
        direct += [TargetChanged(target, priority=priority) for target in found]
        direct += [TargetChanged(target, priority=soak_observations.UNHURRIED) for target in tracked]
    return direct


async def _keep_heads(session: AsyncSession, batch: Iterable[Envelope], bot_id: int) -> None:
    """Store heads from deliveries: after two quick force-pushes only the delivery knows the head between them."""
    for envelope in batch:
        for change in route(envelope, bot_id):
            if isinstance(change, TargetChanged) and change.target.kind is Kind.PULL and envelope.after:
                await records.keep_heads(session, change.target, [envelope.after], envelope.received_at)


async def route_pending(store: Store, origins: Origins, bot_id: int, now: datetime) -> list[TargetChanged]:
    """Route all waiting deliveries; return the changed targets whose repositories have a name, each once.

    A repository without `setup` (an organisation's webhook) is served from its first delivery on, if the server
    confirms its owner. Deliveries that the server has to confirm and cannot now stay for the next pass.
    """
    await deliveries.take_in(store)
    changed: dict[Target, TargetChanged] = {}
    more, waiting = True, 0
    while more and (batch := await _unrouted(store, waiting)):
        more = len(batch) == deliveries.SLICE
        sorted_ = await origins.sort(batch)
        believed = sorted_.named()
        changes = [change for envelope in believed for change in route(envelope, bot_id)]
        done = [envelope.id for envelope in (*sorted_.envelopes, *sorted_.refused)]
        async with store.session() as session:
            found = await mark_changed(session, changes)
            await _keep_heads(session, believed, bot_id)
            await _keep_facts(session, believed, now)
            await deliveries.disown(session, [envelope.id for envelope in sorted_.refused])
            await deliveries.mark_routed(session, done, now)
        waiting += len(sorted_.later)
        for change in found:
            if change.target.repository_id in sorted_.names:
                changed[change.target] = _both(changed.get(change.target, change), change)
    return list(changed.values())


def _both(one: TargetChanged, other: TargetChanged) -> TargetChanged:
    return TargetChanged(one.target, one.urgent or other.urgent, min(one.priority, other.priority))


async def _unrouted(store: Store, skip: int) -> list[Envelope]:
    async with store.read() as session:
        return await deliveries.unrouted(session, deliveries.SLICE, skip)


async def _keep_facts(session: AsyncSession, batch: Sequence[Envelope], now: datetime) -> None:
    """Keep what deliveries tell beside their targets: runs, secrets in use, and what an owner's webhook witnessed."""
    for repository_id in sorted({one.repository_id for one in batch if one.event in RUN_EVENTS}):
        await repositories.heard_run(session, repository_id)
    own = {one.repository_id for one in batch if one.signer == SignerKind.REPOSITORY}
    await repositories.has_own_secret(session, own, now)
    await witnesses.bear(session, [one for one in batch if one.owner_id])
