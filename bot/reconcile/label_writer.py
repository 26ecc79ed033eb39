"""Adds labels to targets and removes them, and creates missing label definitions in the repository."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from bot.forgejo import ForgejoAPI, ServerReader, endpoints
from bot.forgejo.capabilities import LABELS_BY_NAME
from bot.forgejo.errors import ForgejoError
from bot.forgejo.types import Label
from bot.labels import LabelSet, hex_colour
from bot.labels.sync_client import DEFINITIONS, carry_out, changes_for
from bot.model import Repo, Snapshot, Target, intents
from bot.plan import Action, label_object
from bot.store import owned
from bot.thread import label_ids

log = structlog.get_logger(__name__)

LABEL = label_object("")


class LabelRefused(RuntimeError):
    """Forgejo answered a label request with 200 but did not apply it; the label is missing or defined twice."""


@dataclass(frozen=True)
class Done:
    """A confirmed write: the action, and the id of the created object.

    `doubtful`: an earlier attempt was not answered, and may have its effect later.
    """

    action: Action
    remote_id: int | None = None
    doubtful: bool = False


Alone = Callable[[str, int], AbstractAsyncContextManager[None]]
"""Holds something of a repository's id for this process, such as `Store.alone`."""


class LabelWriter:
    """Writes labels, for one bot account. `alone` keeps other processes from defining the same ones meanwhile."""

    def __init__(
        self,
        client: ForgejoAPI,
        labels: LabelSet,
        server: ServerReader,
        alone: Alone = lambda _what, _number: nullcontext(),
    ) -> None:
        self._client = client
        self._server = server
        self._labels = labels
        self._alone = alone
        self._defined: dict[Repo, dict[str, int]] = {}
        self._defining: dict[int, asyncio.Lock] = {}
        self._without_doubles: set[tuple[int, str, datetime | None]] = set()

    async def add(self, target: Target, actions: Sequence[Action]) -> list[Done]:
        """Add labels in one request. Raises LabelRefused for an undeclared one, ForgejoError."""
        names = [action.label for action in actions]
        ids = await self._define(target, names)
        answer = await endpoints.ISSUE_LABELS.add(
            self._client, target.repository, target.number, data={"labels": ids}, repeat=True
        )
        there = {label.name: label.id for label in answer}
        if missing := [name for name in names if name not in there]:
            self._defined.pop(target.repo, None)
            await self._undo(target, [label for label in answer if label.id in ids], names)
            labels = ", ".join(missing)
            raise LabelRefused(f"Forgejo confirmed label {labels} of {target} but did not set it; evaluate again")
        return [Done(action, there[action.label]) for action in actions]

    async def fold_doubles(self, snapshot: Snapshot) -> None:
        """Make one definition of two where an unanswered write may have made the second one.

        It may arrive later than its repetition, so the definitions are read again until it cannot arrive any more.
        Where that fails, the next evaluation tries again.
        """
        doubts = {(snapshot.target.repository_id, *doubt) for doubt in _doubts(snapshot)} - self._without_doubles
        if not doubts:
            return
        try:
            await self._fold(snapshot.target)
        except ForgejoError as fault:
            log.warning("labels.not-read", error=str(fault))
            return
        over = snapshot.taken_at - owned.MAY_ARRIVE
        self._without_doubles |= {doubt for doubt in doubts if doubt[-1] is None or doubt[-1] < over}

    async def _fold(self, target: Target) -> None:
        here = self._defining.setdefault(target.repository_id, asyncio.Lock())
        async with here, self._alone(DEFINITIONS, target.repository_id):
            for change in await changes_for(self._client, target.repository, self._labels, prune=False):
                if change.kind == "fold":
                    self._defined.pop(target.repo, None)
                    await carry_out(self._client, target.repository, change)

    async def _undo(self, target: Target, added: Sequence[Label], names: Sequence[str]) -> None:
        """Take off labels that were renamed since their ids were read."""
        for label in added:
            if label.name not in names:
                await endpoints.ISSUE_LABEL.delete(self._client, target.repository, target.number, label.id)

    async def remove(self, target: Target, action: Action) -> Done:
        """Remove a label, and every other one of the same name. Raises LabelRefused, ForgejoError.

        A server that accepts names looks them up before ids, so an id could select a label whose name is that number.
        Two labels of the same name can only be told apart by their ids.
        """
        by_name = (await self._server.refresh()).can(LABELS_BY_NAME)
        for named in (True, False) if by_name else (False,):
            there = await self._those(target, action)
            for label in there:
                name = label.name if named else label.id
                await endpoints.ISSUE_LABEL.delete(self._client, target.repository, target.number, name)
            if not there:
                return Done(action)
        if await self._those(target, action):
            raise LabelRefused(f"Forgejo confirmed but did not remove label {action.label} of {target}; evaluate again")
        return Done(action)

    async def _those(self, target: Target, action: Action) -> list[Label]:
        """Return the labels that an action removes, as they are on the target now."""
        there = await endpoints.ISSUE_LABELS.whole(self._client, target.repository, target.number)
        return [label for label in there if label.id == action.label_id or label.name == action.label]

    async def _define(self, target: Target, names: Sequence[str]) -> list[int]:
        """Return the ids of labels, after creating those that neither the repository nor its organisation has.

        By its name, Forgejo would set the repository's label and the organisation's.
        """
        # One at a time in a repository: the server would define a label of the same name again.
        async with self._defining.setdefault(target.repository_id, asyncio.Lock()):
            known = self._defined.setdefault(target.repo, {})
            if not known.keys() >= set(names):
                async with self._alone(DEFINITIONS, target.repository_id):
                    await self._create(target, names, known)
        return [known[name] for name in names]

    async def _create(self, target: Target, names: Sequence[str], known: dict[str, int]) -> None:
        """Add the ids of all labels that the repository has to those that are known, and create what is missing.

        The server may answer with what was there a moment ago: what is known already is not missing.
        """
        known.update(await label_ids(self._client, target.repository))
        for name in names:
            if name not in known:
                made = await endpoints.LABELS.post(self._client, target.repository, data=self._definition(name))
                known[name] = made.id

    def _definition(self, name: str) -> dict[str, Any]:
        label = self._labels.get(name)
        if label is None:
            raise LabelRefused(f"label {name} is not declared; add it to labels.yaml")
        return {
            "name": label.name,
            "color": hex_colour(label),
            "description": label.description,
            "exclusive": label.exclusive,
        }


def _doubts(snapshot: Snapshot) -> Iterator[tuple[str, datetime | None]]:
    """Return the labels whose setting was not answered, each with the time of the last such write."""
    for held in snapshot.own.held:
        if held.object.startswith(LABEL):
            times = [one.at for one in intents(held.intended) if one.value == "on"]
            if times:
                yield held.object, times[-1]
