"""Puts labels on targets and takes them off, and defines in the repository what it has not got yet."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.forgejo import ForgejoAPI, ServerReader, endpoints
from bot.forgejo.capabilities import LABELS_BY_NAME
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import Label
from bot.labels import LabelSet, hex_colour
from bot.model import Target
from bot.plan import Action


class LabelRefused(RuntimeError):
    """Forgejo answered a label call with 200 and didn't do it; the label's definition is missing or doubled."""


@dataclass(frozen=True)
class Done:
    """A write that was answered: what, and the id of what it made."""

    action: Action
    remote_id: int | None = None


class LabelWriter:
    """Writes labels, for one bot account."""

    def __init__(self, client: ForgejoAPI, labels: LabelSet, server: ServerReader) -> None:
        self._client = client
        self._server = server
        self._labels = labels
        self._defined: dict[str, set[str]] = {}

    async def add(self, target: Target, actions: Sequence[Action]) -> list[Done]:
        """Puts labels on in one call. Raises LabelRefused for one that nobody declares, ForgejoError."""
        names = [action.label for action in actions]
        await self._define(target, names)
        answer = await endpoints.ISSUE_LABELS.add(
            self._client, target.repository, target.number, data={"labels": names}, repeat=True
        )
        there = {label.name: label.id for label in answer}
        if missing := [name for name in names if name not in there]:
            self._defined.pop(target.repository, None)
            told = ", ".join(missing)
            raise LabelRefused(f"label {told} of {target} wasn't set although Forgejo said so; look again")
        return [Done(action, there[action.label]) for action in actions]

    async def remove(self, target: Target, action: Action) -> Done:
        """Takes a label off, and every other of its name. Raises LabelRefused, ForgejoError.

        Where the server takes names, it takes them before ids: a label that is called like the id of another would be
        meant. Two labels of one name are told apart by their ids alone.
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
            raise LabelRefused(f"label {action.label} of {target} stays although Forgejo took it off; look again")
        return Done(action)

    async def _those(self, target: Target, action: Action) -> list[Label]:
        """The labels that an action takes off, as they are on the target now."""
        there = await endpoints.ISSUE_LABELS.whole(self._client, target.repository, target.number)
        return [label for label in there if label.id == action.label_id or label.name == action.label]

    async def _define(self, target: Target, names: Sequence[str]) -> None:
        """Makes the labels in the repository that neither it nor its organisation has."""
        if self._defined.get(target.repository, set()).issuperset(names):
            return
        owner = target.repository.split("/", 1)[0]
        known = {label.name async for label in endpoints.LABELS.each(self._client, target.repository)}
        # A user has no labels of its own, and a token without read:organization may not ask for an organisation's.
        with suppress(NotFound, Forbidden):
            async for label in endpoints.ORG_LABELS.each(self._client, owner):
                known.add(label.name)
        for name in names:
            if name not in known:
                await endpoints.LABELS.post(self._client, target.repository, data=self._definition(name))
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
