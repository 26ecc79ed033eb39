"""Evaluates one target: observe, assess, plan. Nothing is written here."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from bot.labels import LabelSet
from bot.model import Check, Identity, Plan, Question, Report, Snapshot, Target, Tools
from bot.observe import Observer
from bot.plan import MAX_DESCRIPTION, Action, Disputes, assess, disputes, plan, writes
from bot.preview import Previews
from bot.reconcile.apply import Applier
from bot.scan import Scanner
from bot.store import Store
from bot.telemetry import Metrics
from bot.text import cut
from bot.thread import Names


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of a target: the snapshot, the checks' reports, and the planned writes."""

    snapshot: Snapshot
    reports: tuple[Report, ...]
    plan: Plan
    disputed: Disputes
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Parts:
    """The parts that a reconciler uses."""

    store: Store
    observer: Observer
    names: Names
    previews: Previews
    applier: Applier
    checks: Sequence[Check]
    scanner: Scanner
    labels: LabelSet
    metrics: Metrics
    clock: Callable[[], datetime]
    ask: Callable[[Question], Awaitable[BaseModel]]


async def evaluate(parts: Parts, identity: Identity, target: Target) -> Evaluation:
    """Return a new evaluation, without writing. Raises what observing raises."""
    snapshot = await _with_preview(parts, await parts.observer.observe(target, identity))
    tools = Tools(now=parts.clock, labels=parts.labels, ask=parts.ask)
    assessed = await assess(snapshot, parts.checks, tools)
    return conclude(parts, assessed.snapshot, assessed.reports)


async def _with_preview(parts: Parts, snapshot: Snapshot) -> Snapshot:
    """Return what the checks would report under a pull request's changed policy; the policy's report shows it."""
    memory = snapshot.memory
    preview = await parts.previews.of(snapshot.target, snapshot.inputs, snapshot.policy, memory.judgments)
    return snapshot.model_copy(update={"memory": memory.model_copy(update={"preview": preview})})


def conclude(parts: Parts, snapshot: Snapshot, reports: Sequence[Report]) -> Evaluation:
    """Return the plan and the writes that follow from the reports."""
    labels = parts.labels
    wanted = plan(snapshot, reports)
    disputed = disputes(wanted, snapshot, labels)
    history = {thing.object: thing for thing in (*snapshot.own.restored, *disputed.restored)}
    told = tuple(history[name] for name in sorted(history))
    if told or disputed.left:
        wanted = plan(snapshot, reports, told, disputed.left)
    wanted = _redacted(parts.scanner, wanted)
    return Evaluation(snapshot, tuple(reports), wanted, disputed, writes(wanted, snapshot, disputed, labels))


def _redacted(scanner: Scanner, wanted: Plan) -> Plan:
    """Mask all outgoing texts once more."""
    mask = scanner.mask
    comments = tuple(comment.model_copy(update={"body": mask(comment.body)}) for comment in wanted.comments)
    statuses = tuple(
        one.model_copy(update={"description": cut(mask(one.description), MAX_DESCRIPTION)}) for one in wanted.statuses
    )
    return wanted.model_copy(update={"comments": comments, "statuses": statuses})
