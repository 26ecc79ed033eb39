"""Handles failed evaluations: state is kept, retries back off, and operators are informed."""

from collections import Counter
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.engine import Engine
from bot.forgejo.errors import Forbidden, ForgejoError, Locked, Paused, RateLimited, Redirected
from bot.model import CONTEXT, OVERALL, Identity, Kind, Repo, Target
from bot.observe import PATIENCE, NameTaken
from bot.reconcile import blame
from bot.reconcile.apply import Unwritten
from bot.reconcile.evaluate import Parts
from bot.reconcile.failed_report import Failure
from bot.reconcile.label_writer import LabelRefused
from bot.store import parking, targets
from bot.store.tables import TargetRow
from bot.urgency import current

log = structlog.get_logger(__name__)

FIRST_RETRY = 2.0
LAST_RETRY = 900.0
ROOM_AGAIN, LAST_ROOM_AGAIN = 5.0, 60.0
"""Seconds until a large change is evaluated again for which there was no memory: each time everything is read anew."""
MISSING_AFTER = timedelta(minutes=10)
PARKED_NEXT = "it is evaluated once a day and after its next event; find the reason, then run assay targets retry"
MISSING = "not found, in a repository that is visible; requested again in ten minutes"


class OwnAccount(Protocol):
    """The bot's account, which may be renamed while the bot runs."""

    def identity(self) -> Identity:
        """Return who the bot is now."""
        ...

    def renamed(self, login: str) -> None:
        """Take note of the login under which the server shows the account now."""
        ...


class Unseen(Exception):
    """A target could not be read: it does not exist, is hidden from the bot, or its repository has another name."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why


class Failures:
    """Records failures and decides when a target is evaluated again."""

    def __init__(self, parts: Parts, engine: Engine, account: OwnAccount) -> None:
        self._parts = parts
        self._engine = engine
        self._account = account
        self._muted: set[str] = set()
        self._postponed: Counter[Target] = Counter()

    async def handle(self, target: Target, fault: Exception) -> str:
        """Record a failure; return its name for the metric."""
        written = fault if isinstance(fault, Unwritten) else None
        why = written.why if written else fault
        try:
            match why:
                case Unseen():
                    return await self._unseen(target, why.why)
                case Redirected():
                    return await self._unseen(target, why)
                case Locked() | Forbidden():
                    return await self._mute(target, why)
                case LabelRefused():
                    return await self._label_refused(target, why, written)
                case _:
                    return await self.retry(target, why, written)
        except ForgejoError as again:
            return await self.retry(target, again, written)

    async def _unseen(self, target: Target, fault: Exception) -> str:
        """A 401, 403 or 404 is no proof that a target does not exist, unless its repository is visible.

        If the repository has another name, the target is evaluated under that name. If the repository is not visible,
        it is requested later and all its targets are kept. A target that is missing from a visible repository twice is
        set aside until a listing or a delivery names it again.
        """
        repo = await self._found(target, fault)
        if repo is None:
            return "not-visible"
        moved = target.model_copy(update={"repository": repo.name, "repository_id": repo.id})
        if moved != target:
            await self._engine.submit(moved)
            return "renamed"
        if await self._parts.names.has(target):
            return await self.retry(target, fault)
        log.info("target.missing", reason=str(fault))
        async with self._parts.store.session() as session:
            row = await targets.row_of(session, target)
            if row is not None and row.last_error != MISSING:
                row.last_error, row.not_before = MISSING, self._parts.clock() + MISSING_AFTER
                targets.keep_dirty(row, current().priority)
                return "missing"
            wakes = await targets.set_aside(session, target)
        for other in wakes:
            await self._engine.submit(other)
        return "gone"

    async def _found(self, target: Target, fault: Exception) -> Repo | None:
        """Return the target's repository with its current name; None if it is not visible."""
        if isinstance(fault, NameTaken):
            await self._parts.names.named(fault.found)
        return await self._parts.names.find(target.repo)

    async def _label_refused(self, target: Target, fault: LabelRefused, written: Unwritten | None) -> str:
        """Retry: the known labels of the repository may be out of date. Mute the target after some attempts."""
        async with self._parts.store.read() as session:
            row = await targets.row_of(session, target)
        if row is not None and row.attempts < PATIENCE:
            return await self.retry(target, fault, written)
        return await self._mute(target, fault)

    async def _mute(self, target: Target, fault: ForgejoError | LabelRefused) -> str:
        """Stop evaluating until the target's next event: Forgejo refuses the bot's writes, so a retry is useless."""
        self.say_once(target, str(fault))
        async with self._parts.store.session() as session:
            row = await targets.row_of(session, target)
            if row is not None:
                row.observed_generation, row.last_error = row.desired_generation, str(fault)[:500]
                row.observed_at = self._parts.clock()
        return "refused"

    async def retry(self, target: Target, fault: Exception, written: Unwritten | None = None) -> str:
        """Schedule another evaluation, with a back-off that grows with each failure in a row.

        After many failures of one kind that are the target's own, it is parked. `written` tells of an evaluation of
        which only some writes failed.
        """
        if isinstance(fault, Paused):
            return await self.put_back(target, fault.retry_after or 0.0)
        async with self._parts.store.session() as session:
            row = await targets.row_of(session, target)
            attempts = row.attempts if row else 0
            wait = min(FIRST_RETRY * 2 ** min(attempts, 20), LAST_RETRY)
            if isinstance(fault, RateLimited) and fault.retry_after:
                wait = max(wait, fault.retry_after)
            before = row.parked_at if row else None
            if row is not None and await self._failed(session, row, target, fault):
                wait = parking.PARKED_FOR.total_seconds()
            if row is not None:
                row.not_before = self._parts.clock() + timedelta(seconds=wait)
            parked = row.parked_at if row else None
        log.warning("reconcile.failed", error=str(fault), kind=type(fault).__name__, again_in_seconds=wait)
        if parked and not before:
            log.error("target.parked", target=str(target), attempts=attempts + 1, next=PARKED_NEXT)
        if attempts >= PATIENCE and not (written and written.statuses):
            await self._not_checked(target, fault, evaluated=written is not None, parked=bool(parked))
        if not parked:  # the sweep finds a parked one when it is due
            await self._engine.submit(target, delay=wait, priority=current().priority)
        return "parked" if parked else "failed"

    async def put_back(self, target: Target, seconds: float) -> str:
        """Evaluate a target later, because Forgejo fails or asked to wait: that is no failure of the target."""
        async with self._parts.store.session() as session:
            until = self._parts.clock() + timedelta(seconds=seconds)
            await targets.put_off(session, target, until, current().priority)
        await self._engine.submit(target, delay=seconds, priority=current().priority)
        return "put-back"

    async def postpone(self, target: Target) -> str:
        """Evaluate a large change later, as there is no memory for it now."""
        wait = min(ROOM_AGAIN * 2 ** min(self._postponed[target], 20), LAST_ROOM_AGAIN)
        self._postponed[target] += 1
        await self._engine.submit(target, delay=wait, priority=current().priority)
        return "postponed"

    def had_room(self, target: Target) -> None:
        """Take note of an evaluation for which there was memory."""
        self._postponed.pop(target, None)

    async def _failed(self, session: AsyncSession, row: TargetRow, target: Target, fault: Exception) -> bool:
        """Record a failure; return whether the target is parked now."""
        now = self._parts.clock()
        targets.keep_dirty(row, current().priority)
        row.observed_at, row.last_error, row.attempts = now, str(fault)[:500], row.attempts + 1
        if not await blame.is_its_own(session, target, fault, now):
            return False
        return parking.failed(row, type(fault).__name__, now)

    async def _not_checked(self, target: Target, fault: Exception, *, evaluated: bool, parked: bool) -> None:
        """Set statuses and report to error: earlier ones must not stand for a head that cannot be evaluated.

        After an evaluation whose statuses the server refuses, this one is refused too, and the report is right. An
        issue has a report alone, which is right after an evaluation.
        """
        kind, account = Failure(type(fault).__name__, parked=parked), self._account.identity().account
        if target.kind is Kind.PULL:
            if not await self._closed(target, account, kind) and evaluated:
                return
        elif evaluated:
            return
        try:
            await self._parts.applier.failed_report(target, account, kind)
        except ForgejoError as again:
            log.warning("reconcile.report-not-updated", error=str(again))

    async def _closed(self, target: Target, account: str, kind: Failure) -> bool:
        """Set the statuses of a pull request's head to error; return whether the server took them."""
        guards = [check for check in self._parts.checks if check.guards and target.kind in check.on]
        contexts = [OVERALL, *(f"{CONTEXT}{check.name}" for check in guards)]
        try:
            await self._parts.applier.close(target, account, contexts, kind)
        except (ForgejoError, LabelRefused) as again:
            log.warning("reconcile.error-status-not-set", error=str(again))
            return False
        return True

    def say_once(self, target: Target, why: str) -> None:
        """Log once why nothing is written to a target."""
        key = f"{target} {why}"
        if key not in self._muted:
            self._muted.add(key)
            log.warning("target.read-only", target=str(target), why=why)
