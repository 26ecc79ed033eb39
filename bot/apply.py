"""Carries actions out: intent into the ledger, the write, its answer into the ledger.

A crash at any point leaves either nothing, or an intent that the next look compares with what is there; no write is
made blindly twice, because the next pass begins with a fresh snapshot.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot import records
from bot.actions import Action, Disputes, status_value
from bot.forgejo.abc import ForgejoAPI
from bot.forgejo.errors import Forbidden, ForgejoError, NotFound, Unreachable
from bot.forgejo.sansio import path
from bot.forgejo.types import Comment, Label, PullRequest
from bot.labels import LabelSet, hex_colour
from bot.ledger import Entry, append
from bot.model import Held, Snapshot, Target
from bot.store.session import Store


class LabelRefused(RuntimeError):
    """Forgejo answered a label call with 200 and didn't do it; the label's definition is missing or doubled."""


@dataclass(frozen=True)
class Done:
    """A write that was answered: what, and the id of what it made."""

    action: Action
    remote_id: int | None = None


class Applier:
    """Writes to Forgejo for one bot account."""

    def __init__(self, client: ForgejoAPI, store: Store, labels: LabelSet, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._store = store
        self._labels = labels
        self._clock = clock
        self._defined: dict[str, set[str]] = {}

    async def apply(self, snapshot: Snapshot, actions: Sequence[Action], disputed: Disputes) -> tuple[Done, ...]:
        """Makes the writes in order and records each; one that is refused doesn't keep the others from being made.

        Raises the first ForgejoError or LabelRefused, when the rest is done.
        """
        if not actions:
            return ()
        await self._announce(snapshot, actions)
        done: list[Done] = []
        try:
            failed = await self._each(snapshot, actions, done)
        finally:
            await self._record(snapshot, done, disputed)
        if failed is not None:
            raise failed
        return tuple(done)

    async def _each(
        self, snapshot: Snapshot, actions: Sequence[Action], done: list[Done]
    ) -> ForgejoError | LabelRefused | None:
        failed: ForgejoError | LabelRefused | None = None
        for action in actions:
            try:
                done.append(await self._write(snapshot, action, done))
            except (ForgejoError, LabelRefused) as fault:
                failed = failed or fault
                if isinstance(fault, Unreachable):
                    break
        return failed

    async def close(self, target: Target, account: str, contexts: Sequence[str], why: str) -> None:
        """Sets the statuses of an open pull request's head to `error`, without a look at anything else.

        Raises ForgejoError.
        """
        repo, now = _repo(target), self._clock()
        pull = PullRequest.of(await self._client.getitem(f"{repo}/pulls/{target.number}"))
        if pull.state != "open" or not pull.head.sha:
            return
        for context in contexts:
            body = {"context": context, "state": "error", "description": why, "target_url": pull.html_url}
            name = f"status:{pull.head.sha}:{context}"
            value = status_value("error", why, pull.html_url)
            entry = Entry.of(target, "result", account, object=name, detail={"value": value}, result="not looked at")
            await self._client.post(f"{repo}/statuses/{pull.head.sha}", body, repeat=True)
            async with self._store.session() as session:
                await records.adopt(session, target, [Held(object=name, value=value)], now)
                await append(session, [entry], now)

    async def _announce(self, snapshot: Snapshot, actions: Sequence[Action]) -> None:
        now, target = self._clock(), snapshot.target
        entries = [self._entry(snapshot, "intent", action) for action in actions]
        async with self._store.session() as session:
            await records.intend(session, target, actions, now)
            await append(session, entries, now)

    async def _record(self, snapshot: Snapshot, done: Sequence[Done], disputed: Disputes) -> None:
        """Only what was really put back counts as put back."""
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
            for one in done:
                await records.hold(session, snapshot.target, one.action, one.remote_id, now)
            await append(session, entries, now)

    def _entry(self, snapshot: Snapshot, kind: str, action: Action, remote_id: int | None = None) -> Entry:
        return Entry.of(
            snapshot.target,
            kind,
            snapshot.own.account,
            object=action.object,
            detail={"action": action.kind, "value": action.value, "id": remote_id or action.comment_id},
            snapshot_hash=snapshot.hash,
            result="done" if kind == "result" else "",
        )

    async def _write(self, snapshot: Snapshot, action: Action, done: Sequence[Done]) -> Done:
        if action.kind.startswith("comment"):
            return await self._comment(snapshot.target, action)
        if action.kind.startswith("label"):
            return await self._label(snapshot.target, action)
        return await self._status(snapshot, action, done)

    async def _comment(self, target: Target, action: Action) -> Done:
        repo = _repo(target)
        if action.kind == "comment.create":
            raw = await self._client.post(f"{repo}/issues/{target.number}/comments", {"body": action.body})
            return Done(action, Comment.of(raw).id)
        address = f"{repo}/issues/comments/{action.comment_id}"
        if action.kind == "comment.edit":
            await self._client.patch(address, {"body": action.body})
            return Done(action, action.comment_id)
        with suppress(NotFound):  # somebody else was faster; it is gone, as it should be
            await self._client.delete(address)
        return Done(action)

    async def _label(self, target: Target, action: Action) -> Done:
        address = f"{_repo(target)}/issues/{target.number}/labels"
        if action.kind == "label.remove":
            there = [Label.of(raw) for raw in await self._client.getitem(address) or []]
            for label in there:
                if label.name == action.label:
                    await self._client.delete(f"{address}/{label.id}")
            return Done(action)
        await self._define(target, action.label)
        answer = await self._client.post(address, {"labels": [action.label]}, repeat=True)
        if action.label not in {Label.of(raw).name for raw in answer or []}:
            self._defined.pop(target.repository, None)
            raise LabelRefused(f"label {action.label} of {target} wasn't set although Forgejo said so; look again")
        return Done(action)

    async def _define(self, target: Target, name: str) -> None:
        """Makes the label in the repository where neither it nor its organisation has it."""
        if name in self._defined.get(target.repository, ()):
            return
        owner = target.repository.split("/", 1)[0]
        known = {Label.of(raw).name async for raw in self._client.getiter(f"{_repo(target)}/labels")}
        # A user has no labels of its own, and a token without read:organization may not ask for an organisation's.
        with suppress(NotFound, Forbidden):
            async for raw in self._client.getiter(path("orgs", owner, "labels")):
                known.add(Label.of(raw).name)
        if name not in known:
            await self._client.post(f"{_repo(target)}/labels", self._definition(name))
            known.add(name)
        self._defined[target.repository] = known

    def _definition(self, name: str) -> dict[str, Any]:
        label = self._labels.get(name)
        if label is None:
            raise LabelRefused(f"label {name} isn't declared; add it to labels.yaml")
        return {
            "name": label.name,
            "color": hex_colour(label),
            "description": label.description,
            "exclusive": label.exclusive,
        }

    async def _status(self, snapshot: Snapshot, action: Action, done: Sequence[Done]) -> Done:
        url = action.target_url or next(
            (
                f"{snapshot.own.url}#issuecomment-{one.remote_id}"
                for one in done
                if one.action.object == "comment:report"
            ),
            "",
        )
        filled = action.model_copy(update={"target_url": url})
        body = {
            "context": action.context,
            "state": action.state,
            "description": action.description,
            "target_url": url,
        }
        # A second post of the same state adds a row and changes nothing.
        await self._client.post(f"{_repo(snapshot.target)}/statuses/{action.sha}", body, repeat=True)
        return Done(filled)


def adoptable(snapshot: Snapshot) -> tuple[Held, ...]:
    """Gives what the bot's account wrote where the ledger has no history: it is taken as ours, in silence."""
    found = []
    first = snapshot.own.comments[0] if snapshot.own.comments else None
    if first is not None and snapshot.own.holding("comment:report") is None:
        found.append(Held(object="comment:report", value=first.body_hash, remote_id=first.id))
    return tuple(found)


def _repo(target: Target) -> str:
    owner, name = target.repository.split("/", 1)
    return path("repos", owner, name)
