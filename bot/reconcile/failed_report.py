"""Rewrites the report of a target that cannot be evaluated, so that it claims no more than is known."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.model import Target, digest
from bot.plan import Action
from bot.plan.report import write_failed
from bot.store import Store, owned
from bot.store.ledger import Entry, append

REPORT = "comment:report"


@dataclass(frozen=True)
class Failure:
    """Why a target could not be evaluated, in a word of the program, and whether it is retried once a day only."""

    kind: str
    parked: bool = False


@dataclass(frozen=True)
class FailedReports:
    """Rewrites reports; none is created for it."""

    client: ForgejoAPI
    store: Store
    clock: Callable[[], datetime]

    async def write(self, target: Target, account: str, head: str, why: Failure) -> None:
        """Rewrite the target's report, if there is one that says something else. Raises ForgejoError.

        `head` is empty for an issue.
        """
        async with self.store.read() as session:
            held = {thing.object: thing.remote_id for thing in await owned.held(session, target)}
        if not (number := held.get(REPORT)):
            return
        body = write_failed(target, head, why.kind, parked=why.parked)
        action = Action(kind="comment.edit", object=REPORT, comment_id=number, body=body)
        try:
            comment = await endpoints.COMMENT.get(self.client, target.repository, number)
            if digest(comment.body) == action.value:
                return
            await self._note(target, account, action, "intent")
            await endpoints.COMMENT.patch(self.client, target.repository, number, data={"body": action.body})
        except NotFound:  # deleted by somebody else; the next evaluation that succeeds notices
            return
        await self._note(target, account, action, "result")

    async def _note(self, target: Target, account: str, action: Action, kind: str) -> None:
        now, detail = self.clock(), {"action": action.kind, "value": action.value, "id": action.comment_id}
        result = "not checked" if kind == "result" else ""
        entry = Entry.of(target, kind, account, object=REPORT, detail=detail, result=result)
        async with self.store.session() as session:
            if kind == "intent":
                await owned.intend(session, target, {REPORT: action.value}, now)
            else:
                await owned.hold(session, target, [action.held(action.comment_id)], now)
            await append(session, [entry], now)
