"""Adds labels to targets and removes them, and creates missing label definitions in the repository."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.forgejo import ForgejoAPI, path
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import Label
from bot.labels import LabelSet, hex_colour
from bot.model import Target
from bot.plan import Action


class LabelRefused(RuntimeError):
    """Forgejo answered a label request with 200 but did not apply it; the label is missing or defined twice."""


@dataclass(frozen=True)
class Done:
    """A confirmed write: the action, and the id of the created object."""

    action: Action
    remote_id: int | None = None


def address(target: Target) -> str:
    """Return the API path of a target's repository."""
    owner, name = target.repository.split("/", 1)
    return path("repos", owner, name)


class LabelWriter:
    """Writes labels, for one bot account."""

    def __init__(self, client: ForgejoAPI, labels: LabelSet) -> None:
        self._client = client
        self._labels = labels
        self._defined: dict[str, dict[str, int]] = {}

    async def add(self, target: Target, actions: Sequence[Action]) -> list[Done]:
        """Add labels in one request. Raises LabelRefused for an undeclared one, ForgejoError."""
        names = [action.label for action in actions]
        ids = await self._define(target, names)
        answer = await self._client.post(
            f"{address(target)}/issues/{target.number}/labels", {"labels": ids}, repeat=True
        )
        there = {label.name: label.id for label in map(Label.of, answer or [])}
        if missing := [name for name in names if name not in there]:
            self._defined.pop(target.repository, None)
            await self._undo(target, [label for label in map(Label.of, answer or []) if label.id in ids], names)
            labels = ", ".join(missing)
            raise LabelRefused(f"Forgejo confirmed label {labels} of {target} but did not set it; evaluate again")
        return [Done(action, there[action.label]) for action in actions]

    async def _undo(self, target: Target, added: Sequence[Label], names: Sequence[str]) -> None:
        """Take off labels that were renamed since their ids were read."""
        for label in added:
            if label.name not in names:
                await self._client.delete(f"{address(target)}/issues/{target.number}/labels/{label.id}")

    async def remove(self, target: Target, action: Action) -> Done:
        """Remove a label, and every other one of the same name. Raises ForgejoError."""
        labels = f"{address(target)}/issues/{target.number}/labels"
        for label in [Label.of(raw) for raw in await self._client.getitem(labels) or []]:
            if label.id == action.label_id or label.name == action.label:
                await self._client.delete(f"{labels}/{label.id}")
        return Done(action)

    async def _define(self, target: Target, names: Sequence[str]) -> list[int]:
        """Return the ids of labels, after creating those that neither the repository nor its organisation has.

        By its name, Forgejo would set the repository's label and the organisation's. Of several, the repository's
        oldest one is taken.
        """
        known = self._defined.get(target.repository, {})
        if not known.keys() >= set(names):
            known = await self._known(target)
            for name in names:
                if name not in known:
                    made = await self._client.post(f"{address(target)}/labels", self._definition(name))
                    known[name] = Label.of(made).id
            self._defined[target.repository] = known
        return [known[name] for name in names]

    async def _known(self, target: Target) -> dict[str, int]:
        owner = target.repository.split("/", 1)[0]
        own = [Label.of(raw) async for raw in self._client.getiter(f"{address(target)}/labels")]
        known = {label.name: label.id for label in sorted(own, key=lambda label: -label.id)}
        # A user has no labels of its own, and a token without read:organization may not ask for an organisation's.
        with suppress(NotFound, Forbidden):
            async for raw in self._client.getiter(path("orgs", owner, "labels")):
                label = Label.of(raw)
                known.setdefault(label.name, label.id)
        return known

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
