"""Executes actions: record the intent in the ledger, write, record the result in the ledger.

A crash at any point leaves either nothing, or an intent that the next evaluation compares with the server. No write is
repeated blindly, because the next evaluation begins with a new snapshot.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from bot.concurrent import run_all
from bot.forgejo import ForgejoAPI, endpoints, noting_unanswered
from bot.forgejo.errors import Conflict, ForgejoError, NotFound, Unreachable
from bot.forgejo.types import Label
from bot.model import Held, Kind, Snapshot, Target
from bot.plan import Action, Disputes, label_object, status_value
from bot.reconcile.failed_report import FailedReports, Failure
from bot.reconcile.label_writer import Done, LabelRefused, LabelWriter
from bot.store import Store, owned
from bot.store.ledger import Entry, append

PERMITTING = frozenset({"merge/auto", "automerge-candidate", "mode:safe-auto"})
"""Labels that permit automatic actions; they are removed from a head that could not be evaluated."""

REPORT = "comment:report"
RESTORES = "restores"
"""The detail of an intent that reverts somebody's change: what was changed, in words."""

INTERRUPTED = timedelta(days=7)
"""The maximum age of an issue that an interrupted write may have opened."""
FAILED = "evaluation failed ({kind}){parked}; administrator: look into the bot's log"
PARKED = " many times, retried once a day"


class Unwritten(Exception):
    """Some writes of an evaluation failed: the first fault, and whether all statuses were written all the same."""

    def __init__(self, why: ForgejoError | LabelRefused, *, statuses: bool) -> None:
        super().__init__(str(why))
        self.why = why
        self.statuses = statuses


class Applier:
    """Writes to Forgejo for one bot account."""

    def __init__(self, client: ForgejoAPI, store: Store, labels: LabelWriter, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._store = store
        self.labels = labels
        self._failed = FailedReports(client, store, clock)
        self._clock = clock

    async def apply(self, snapshot: Snapshot, actions: Sequence[Action], disputed: Disputes) -> tuple[Done, ...]:
        """Execute the writes and record each; a refused one does not stop the others.

        Raises Unwritten after all others.
        """
        if not actions:
            return ()
        await self._announce(snapshot, actions, disputed)
        done: list[Done] = []
        try:
            failed = await self._stages(snapshot, actions, done)
        finally:
            await self._record(snapshot, done, disputed)
        if failed is not None:
            made = {one.action.object for one in done}
            due = {action.object for action in actions if action.kind == "status.create"}
            raise Unwritten(failed, statuses=due <= made)
        return tuple(done)

    async def _stages(
        self, snapshot: Snapshot, actions: Sequence[Action], done: list[Done]
    ) -> ForgejoError | LabelRefused | None:
        """Execute the writes, those of a stage side by side. Return the first fault."""
        failed: ForgejoError | LabelRefused | None = None
        for stage in stages_of(actions):
            faults = await run_all(*(self._each(snapshot, part, done) for part in stage))
            failed = next(filter(None, (failed, *faults)), None)
            if isinstance(failed, Unreachable):
                break
        return failed

    async def _each(
        self, snapshot: Snapshot, actions: Sequence[Action], done: list[Done]
    ) -> ForgejoError | LabelRefused | None:
        """Execute writes in their order. Return the first fault."""
        failed: ForgejoError | LabelRefused | None = None
        waiting = _batches(actions)
        while waiting:
            batch = waiting.popleft()
            try:
                with noting_unanswered() as unanswered:
                    made = await self._write(snapshot, batch, done)
                done += [replace(one, doubtful=bool(unanswered)) for one in made]
            except (ForgejoError, LabelRefused) as fault:
                if isinstance(fault, LabelRefused) and len(batch) > 1:
                    waiting.extendleft([action] for action in batch)  # a refused label does not stop the others
                    continue
                failed = failed or fault
                if isinstance(fault, Unreachable):
                    break
        return failed

    async def close(self, target: Target, account: str, contexts: Sequence[str], why: Failure) -> None:
        """Set the statuses of an open pull request's head to `error`, without an evaluation.

        This includes contexts that the bot set on an earlier head. Labels that permit automatic actions are removed.
        Raises ForgejoError.
        """
        now, said = self._clock(), FAILED.format(kind=why.kind, parked=PARKED if why.parked else "")
        pull = await endpoints.PULL.get(self._client, target.repository, target.number)
        if pull.state != "open" or not pull.head.sha:
            return
        async with self._store.read() as session:
            held = [thing.object.split(":", 2) for thing in await owned.held(session, target)]
        spoken = [place[2] for place in held if place[0] == "status" and len(place) == 3]  # noqa: PLR2004 - status, commit, context
        for context in dict.fromkeys([*contexts, *spoken]):
            body = {"context": context, "state": "error", "description": said, "target_url": pull.html_url}
            name = f"status:{pull.head.sha}:{context}"
            value = status_value("error", said, pull.html_url)
            entry = Entry.of(target, "result", account, object=name, detail={"value": value}, result="not checked")
            await self._post_status(target, pull.head.sha, body)
            async with self._store.session() as session:
                await owned.adopt(session, target, [Held(object=name, value=value)], now)
                await append(session, [entry], now)
        for label in pull.labels:
            if label.name in PERMITTING:
                await self._forbid(target, account, label)

    async def failed_report(self, target: Target, account: str, why: Failure) -> None:
        """Have an existing report say that the target could not be evaluated. Raises ForgejoError."""
        if target.kind is Kind.ISSUE:
            await self._failed.write(target, account, "", why)
            return
        pull = await endpoints.PULL.get(self._client, target.repository, target.number)
        if pull.head.sha:
            await self._failed.write(target, account, pull.head.sha, why)

    async def _forbid(self, target: Target, account: str, label: Label) -> None:
        name = label_object(label.name)
        action = Action(kind="label.remove", object=name, label=label.name, label_id=label.id)
        entry = Entry.of(target, "result", account, object=name, detail={"value": action.value}, result="not checked")
        await self.labels.remove(target, action)
        now = self._clock()
        async with self._store.session() as session:
            await owned.hold(session, target, [action.held(None)], now)
            await append(session, [entry], now)

    async def _announce(self, snapshot: Snapshot, actions: Sequence[Action], disputed: Disputes) -> None:
        now, target = self._clock(), snapshot.target
        what = {thing.object: {RESTORES: thing.what} for thing in disputed.restored}
        entries = [self._entry(snapshot, "intent", action, more=what.get(action.object)) for action in actions]
        async with self._store.session() as session:
            await owned.intend(session, target, {action.object: action.value for action in actions}, now)
            await append(session, entries, now)

    async def _record(self, snapshot: Snapshot, done: Sequence[Done], disputed: Disputes) -> None:
        """Record the results; only executed restores count as restores."""
        if not done:
            return
        now, target = self._clock(), snapshot.target
        made = {one.action.object for one in done}
        entries = [self._entry(snapshot, "result", one.action, one.remote_id) for one in done]
        entries += [
            Entry.of(target, "restore", snapshot.own.account, object=thing.object, detail={"what": thing.what})
            for thing in disputed.restored
            if thing.object in made
        ]
        async with self._store.session() as session:
            for doubtful in (False, True):
                held = [one.action.held(one.remote_id) for one in done if one.doubtful is doubtful]
                await owned.hold(session, target, held, now, doubtful=doubtful)
            await append(session, entries, now)

    def _entry(
        self,
        snapshot: Snapshot,
        kind: str,
        action: Action,
        remote_id: int | None = None,
        *,
        more: Mapping[str, str] | None = None,
    ) -> Entry:
        detail = {"action": action.kind, "value": action.value, "id": remote_id or action.comment_id}
        return Entry.of(
            snapshot.target,
            kind,
            snapshot.own.account,
            object=action.object,
            detail=detail | dict(more or {}),
            snapshot_hash=snapshot.hash,
            result="done" if kind == "result" else "",
        )

    async def _write(self, snapshot: Snapshot, batch: Sequence[Action], done: Sequence[Done]) -> list[Done]:
        action = batch[0]
        match action.kind:
            case "label.add":
                return await self.labels.add(snapshot.target, batch)
            case "label.remove":
                return [await self.labels.remove(snapshot.target, action)]
            case "status.create":
                return [await self._status(snapshot, action, done)]
            case "issue.create":
                return [await self._issue(snapshot, action)]
            case "reaction.create":
                return [await self._react(snapshot.target, action)]
            case _:
                return [await self._comment(snapshot.target, action)]

    async def _react(self, target: Target, action: Action) -> Done:
        """Add a reaction; a deleted comment needs none, and a repeated reaction has no effect."""
        with suppress(NotFound):
            place, data = (target.repository, action.comment_id or 0), {"content": action.body}
            await endpoints.REACTIONS.post(self._client, *place, data=data, repeat=True)
        return Done(action, action.comment_id)

    async def _comment(self, target: Target, action: Action) -> Done:
        if action.kind == "comment.create":
            data = {"body": action.body}
            made = await endpoints.ISSUE_COMMENTS.post(self._client, target.repository, target.number, data=data)
            return Done(action, made.id)
        there = (target.repository, action.comment_id or 0)
        if action.kind == "comment.edit":
            await endpoints.COMMENT.patch(self._client, *there, data={"body": action.body})
            return Done(action, action.comment_id)
        with suppress(NotFound):  # already deleted by another account, which is the wanted result
            await endpoints.COMMENT.delete(self._client, *there)
        return Done(action)

    async def _issue(self, snapshot: Snapshot, action: Action) -> Done:
        """Open an issue, unless a write that was interrupted has opened it: its first line is the marker."""
        repository, marker = snapshot.target.repository, action.body.partition("\n")[0]
        since = (snapshot.taken_at - INTERRUPTED).strftime("%Y-%m-%dT%H:%M:%SZ")
        async for issue in endpoints.ISSUES.each(self._client, repository, params={"state": "all", "since": since}):
            if issue.user.id == snapshot.own.account_id and issue.body.startswith(marker):
                return Done(action, issue.number)
        data = {"title": action.title, "body": action.body}
        made = await endpoints.ISSUES.post(self._client, repository, data=data)
        return Done(action, made.number)

    async def _status(self, snapshot: Snapshot, action: Action, done: Sequence[Done]) -> Done:
        url = action.target_url or next(
            (f"{snapshot.own.url}#issuecomment-{one.remote_id}" for one in done if one.action.object == REPORT),
            "",
        )
        filled = action.model_copy(update={"target_url": url})
        body = {
            "context": action.context,
            "state": action.state,
            "description": action.description,
            "target_url": url,
        }
        await self._post_status(snapshot.target, action.sha, body)
        return Done(filled)

    async def _post_status(self, target: Target, sha: str, body: Mapping[str, str]) -> None:
        """Post a status. Posting the same state again adds a row and changes nothing.

        For a missing commit, Forgejo 16 and later answer 404, other servers 500.
        """
        try:
            await endpoints.STATUSES.post(self._client, target.repository, sha, data=body, repeat=True)
        except NotFound as fault:
            if sha not in fault.message:
                raise
            raise Conflict(fault.method, fault.path, fault.status, "commit not found on the server") from None


def stages_of(actions: Sequence[Action]) -> list[list[list[Action]]]:
    """Group the actions into stages, and each stage into parts that may be executed side by side.

    A status follows the labels, and the creation of the report that it links. What confirms a command comes last.
    """
    first = len(actions)
    while first and actions[first - 1].kind == "reaction.create":
        first -= 1
    gate = [one for one in actions[:first] if one.kind.startswith(("label", "status"))]
    spoken = [one for one in actions[:first] if one not in gate]
    linked = any(one.kind == "status.create" and not one.target_url for one in gate)
    creates = any(one.kind == "comment.create" and one.object == REPORT for one in spoken)
    begin = [[spoken], [gate]] if linked and creates else [[spoken, gate]]
    stages = [*begin, [list(actions[first:])]]
    return [parts for stage in stages if (parts := [part for part in stage if part])]


def _batches(actions: Sequence[Action]) -> deque[list[Action]]:
    """Group the actions: labels are added in one request, which causes one event; all others are written separately."""
    found: deque[list[Action]] = deque()
    for action in actions:
        if action.kind == "label.add" and found and found[-1][0].kind == "label.add":
            found[-1].append(action)
        else:
            found.append([action])
    return found
