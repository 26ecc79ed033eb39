"""The loop of observe, assess, plan and apply for one target, and its stored results."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TypeVar

import structlog

from bot.engine import Engine, Lease
from bot.forgejo.errors import Forbidden, ForgejoError, NotFound, Redirected
from bot.git import GitError
from bot.history import Moved
from bot.memory import NoRoom
from bot.model import Own, Report, SiblingVerdict, Snapshot, StatusSeen, Target
from bot.observe import NameTaken
from bot.reconcile.apply import Unwritten
from bot.reconcile.evaluate import Evaluation, Parts, conclude, evaluate
from bot.reconcile.failures import Failures, OwnAccount, Unseen
from bot.reconcile.label_writer import Done
from bot.reconcile.own_records import LATE_LOOK, record_own, settle, waits_for_answers
from bot.reconcile.remember import remember
from bot.reconcile.remember_soaks import remember_soaks
from bot.store import parking, repositories, targets
from bot.store.ledger import Entry, append
from bot.store.scheduling import listed
from bot.store.soak_observations import UNHURRIED
from bot.store.tables import TargetRow
from bot.thread import WrongKind, statuses_digest

log = structlog.get_logger(__name__)

FIRST_POLL = 10.0
LAST_POLL = 300.0
LAST_POLL_WITH_EVENTS = 3600.0
POLLS_WITHOUT_STATUS = 3
READ_AGAIN = 1.0
"""Seconds after which a change by others is looked at again before it is reverted."""

Result = TypeVar("Result")


class Reconciler:
    """Keeps targets up to date with the results of their evaluations.

    `pause` gives the seconds for which Forgejo is not asked, because it fails or asked to wait.
    """

    def __init__(
        self,
        parts: Parts,
        engine: Engine,
        account: OwnAccount,
        pause: Callable[[], float],
        read_again_after: float = READ_AGAIN,
    ) -> None:
        self._parts = parts
        self._pause = pause
        self._read_again_after = read_again_after
        self._engine = engine
        self._account = account
        self._failures = Failures(parts, engine, account)
        self._polls: dict[str, tuple[str, int]] = {}

    async def evaluate(self, target: Target) -> Evaluation:
        """Gives a fresh look and writes nothing. Raises what observing raises."""
        return await evaluate(self._parts, self._account.identity(), target)

    async def run(self, lease: Lease) -> None:
        """Evaluate the lease's target and write; failures are recorded and tried again later."""
        target, started = lease.target, time.monotonic()
        structlog.contextvars.bind_contextvars(target=str(target))
        log.debug("evaluation.begun")
        try:
            pause = self._pause()
            outcome = await (self._failures.put_back(target, pause) if pause else self._reconcile(lease))
        except (Unseen, Unwritten, ForgejoError, GitError, Moved) as fault:
            outcome = await self._failures.handle(target, fault)
        except NoRoom:
            outcome = await self._failures.postpone(target)
        else:
            self._failures.had_room(target)
        finally:
            log.debug("evaluation.ended")
            structlog.contextvars.unbind_contextvars("target")
        self._parts.metrics.reconciles.labels(outcome=outcome).inc()
        self._parts.metrics.reconcile_seconds.observe(time.monotonic() - started)

    async def _reconcile(self, lease: Lease) -> str:
        async with self._parts.store.read() as session:
            target = await repositories.called_now(session, lease.target)
            row = await targets.row_of(session, target)
        generation = row.desired_generation if row else 0
        evaluation = await _unless(lease.superseded, self._seen(target))
        if evaluation is None:
            await self._engine.submit(target)
            return "superseded"
        await self._noticed(target, evaluation.snapshot)
        evaluation = await self._remember(evaluation, row)
        if row is not None and (row.state == "open") != (evaluation.snapshot.inputs.state == "open"):
            await self._engine.changed(target)
        if evaluation.actions and not await lease.held():
            log.warning("reconcile.taken-over")
            return "taken-over"
        done = await self._apply(evaluation)
        await self._finish(evaluation, generation, done)
        await self._poll(evaluation.snapshot)
        if again := max((report.again for report in evaluation.reports), default=0.0):
            await self._engine.submit(target, delay=again)
        if waits_for_answers(evaluation.snapshot):
            await self._engine.submit(target, priority=5, delay=LATE_LOOK.total_seconds())
        log.info(
            "reconciled", snapshot=evaluation.snapshot.hash, writes=len(done), verdicts=_verdicts(evaluation.reports)
        )
        return "written" if done else "unchanged"

    async def _seen(self, target: Target) -> Evaluation:
        try:
            return await self._certain(await self.evaluate(target))
        except (NotFound, Forbidden, NameTaken, Redirected, WrongKind) as fault:
            raise Unseen(fault) from None

    async def _certain(self, evaluation: Evaluation) -> Evaluation:
        """Read the bot's own things again before somebody is accused: a cache may have answered with earlier ones."""
        if not evaluation.disputed.restored:
            return evaluation
        await asyncio.sleep(self._read_again_after)
        own = await self._parts.observer.own_again(evaluation.snapshot, self._account.identity())
        return conclude(self._parts, _with_own(evaluation.snapshot, own), evaluation.reports)

    async def _noticed(self, target: Target, snapshot: Snapshot) -> None:
        """Names change while ids stay: those of the repository and of the bot's own account."""
        self._account.renamed(snapshot.own.account)
        if snapshot.target.repository != target.repository:
            await self._parts.names.named(snapshot.target.repo)

    async def apply_once(self, target: Target) -> tuple[Evaluation, tuple[Done, ...]]:
        """Evaluate a target and write now, for the command line. Raises what observing and writing raise."""
        target = await self._parts.observer.canonical(target)
        await self._parts.names.named(target.repo)
        async with self._parts.store.session() as session:
            if await targets.row_of(session, target) is None:
                await targets.add_targets(session, [target], quiet=False)
            await listed.wake(session, [target])
            row = await targets.row_of(session, target)
        evaluation = await self._remember(await self._certain(await self.evaluate(target)), row)
        try:
            done = await self._apply(evaluation)
        except Unwritten as fault:
            raise fault.why from None
        await self._finish(evaluation, row.desired_generation if row else 0, done)
        return evaluation, done

    async def _remember(self, evaluation: Evaluation, row: TargetRow | None) -> Evaluation:
        """Store everything that must survive a crash, before any write; then read the siblings again."""
        parts = self._parts
        if (own := await settle(parts.store, evaluation, parts.labels)) is not None:
            evaluation = conclude(parts, _with_own(evaluation.snapshot, own), evaluation.reports)
        snapshot = evaluation.snapshot
        await remember(parts.store, evaluation)
        others = await remember_soaks(parts.store, evaluation, row)
        await self._engine.submit_all((other, UNHURRIED) for other in others)
        if row is not None and row.snapshot_hash == snapshot.hash and not evaluation.actions:
            return evaluation
        target, head = snapshot.target, snapshot.inputs.head.sha
        async with parts.store.session() as session:
            # Before any write: a refused write must not hide this head from pull requests that share it.
            wakes = await targets.place(session, target, snapshot.inputs)
            await targets.keep_verdicts(session, snapshot, evaluation.plan.statuses, self._report_url(snapshot, ()))
            if row is None or row.snapshot_hash != snapshot.hash:
                await targets.keep_snapshot(session, snapshot)
                if head:
                    await targets.keep_heads(session, target, [head], snapshot.taken_at)
                await append(session, [self._judgment(evaluation)], snapshot.taken_at)
            siblings = await targets.siblings(session, target, head) if head else ()
        for other in wakes:
            await self._engine.submit(other)
        for report in evaluation.reports:
            parts.metrics.verdicts.labels(check=report.check, verdict=report.verdict).inc()
        if siblings == snapshot.own.siblings:
            return evaluation
        return conclude(self._parts, _with_siblings(snapshot, siblings), evaluation.reports)

    async def _apply(self, evaluation: Evaluation) -> tuple[Done, ...]:
        snapshot, metrics = evaluation.snapshot, self._parts.metrics
        if snapshot.own.quiet:
            return ()
        if snapshot.inputs.archived or not snapshot.own.can_write:
            self._failures.say_once(snapshot.target, "archived" if snapshot.inputs.archived else "no write access")
            return ()
        for name in evaluation.disputed.alarms:
            metrics.alarms.labels(kind=name.split(":", 1)[0]).inc()
            log.error("tampering.alarm", object=name, next="find out who keeps changing it")
        for thing in evaluation.disputed.restored:
            metrics.restores.labels(kind=thing.object.split(":", 1)[0]).inc()
            log.warning("tampering.restored", object=thing.object, what=thing.what)
        done = await self._parts.applier.apply(snapshot, evaluation.actions, evaluation.disputed)
        await self._parts.applier.labels.fold_doubles(snapshot)
        for one in done:
            metrics.writes.labels(kind=one.action.kind).inc()
        return done

    async def _finish(self, evaluation: Evaluation, generation: int, done: Sequence[Done]) -> None:
        """Record the evaluated generation; evaluate again if another pull request of this head changed meanwhile."""
        snapshot, now = evaluation.snapshot, self._parts.clock()
        target, head = snapshot.target, snapshot.inputs.head.sha
        async with self._parts.store.session() as session:
            row = await targets.row_of(session, target)
            if row is None:
                return
            row.observed_generation = max(row.observed_generation, generation)
            parking.worked(row)
            row.snapshot_hash, row.observed_at = snapshot.hash, now
            row.statuses, row.statuses_at = statuses_digest(_left(snapshot, done)), now
            await record_own(session, evaluation, self._parts.labels, now, wrote=bool(done))
            if done:
                await targets.keep_verdicts(
                    session, snapshot, evaluation.plan.statuses, self._report_url(snapshot, done)
                )
            live = bool(head) and snapshot.inputs.state == "open"
            changed = live and await targets.siblings(session, target, head) != snapshot.own.siblings
        if changed:
            await self._engine.submit(target)

    async def _poll(self, snapshot: Snapshot) -> None:
        """Evaluate a head again, with back-off, until its statuses are final.

        Forgejo sends no event for statuses. Where deliveries tell of the end of runs, polling is only a fallback.
        """
        key, head = str(snapshot.target), snapshot.inputs.head.sha
        statuses = snapshot.inputs.statuses
        known, count = self._polls.get(key, ("", 0))
        count = count + 1 if known == head else 0
        waiting = any(status.state == "pending" for status in statuses) or (
            not statuses and count < POLLS_WITHOUT_STATUS
        )
        if snapshot.inputs.state != "open" or not head or not waiting:
            self._polls.pop(key, None)
            if head and not waiting and snapshot.inputs.state == "open":
                self._polls[key] = (head, POLLS_WITHOUT_STATUS)
            return
        self._polls[key] = (head, count)
        async with self._parts.store.read() as session:
            heard = await repositories.hears_runs(session, snapshot.target.repository_id)
        delay = min(FIRST_POLL * 2 ** min(count, 20), LAST_POLL_WITH_EVENTS if heard else LAST_POLL)
        await self._engine.submit(snapshot.target, priority=5, delay=delay)

    async def failed(self, target: Target, fault: Exception) -> None:
        """Record an evaluation that failed in an unforeseen way; it is tried again later, like any other."""
        await self._failures.retry(target, fault)

    def _judgment(self, evaluation: Evaluation) -> Entry:
        return Entry.of(
            evaluation.snapshot.target,
            "judgment",
            evaluation.snapshot.own.account,
            detail={"verdicts": _verdicts(evaluation.reports), "head": evaluation.snapshot.inputs.head.sha},
            snapshot_hash=evaluation.snapshot.hash,
        )

    def _report_url(self, snapshot: Snapshot, done: Sequence[Done]) -> str:
        fresh = next((one.remote_id for one in done if one.action.object == "comment:report" and one.remote_id), None)
        known = next((own.id for own in snapshot.own.comments if own.purpose == "report"), None)
        number = fresh or known
        return f"{snapshot.own.url}#issuecomment-{number}" if number else ""


async def _unless(stop: asyncio.Event, work: Coroutine[object, object, Result]) -> Result | None:
    """Return the work's result; None if `stop` is set first, which cancels the work."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        for pending in (task, stopped):
            pending.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)


def _left(snapshot: Snapshot, done: Sequence[Done]) -> Iterable[StatusSeen]:
    """Return the statuses of the head as an evaluation left them: those that it saw, and those that it set."""
    own, left = snapshot.own, {one.context: one for one in (*snapshot.inputs.statuses, *snapshot.own.statuses)}
    for action in (one.action for one in done if one.action.kind == "status.create"):
        left[action.context] = StatusSeen(
            context=action.context, state=action.state, creator=own.account, creator_id=own.account_id
        )
    return left.values()


def _with_siblings(snapshot: Snapshot, siblings: tuple[SiblingVerdict, ...]) -> Snapshot:
    return _with_own(snapshot, snapshot.own.model_copy(update={"siblings": siblings}))


def _with_own(snapshot: Snapshot, own: Own) -> Snapshot:
    return snapshot.model_copy(update={"own": own})


def _verdicts(reports: Sequence[Report]) -> dict[str, str]:
    return {report.check: report.verdict.value for report in reports}
