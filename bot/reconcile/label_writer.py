"""Adds labels to targets and removes them, and creates missing label definitions in the repository."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.forgejo import ForgejoAPI, path
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import Label
from bot.labels import LabelSet, hex_colour
from bot.model import Repo, Target
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
        self._defined: dict[Repo, set[str]] = {}

    async def add(self, target: Target, actions: Sequence[Action]) -> list[Done]:
        """Add labels in one request. Raises LabelRefused for an undeclared one, ForgejoError."""
        names = [action.label for action in actions]
        await self._define(target, names)
        answer = await self._client.post(
            f"{address(target)}/issues/{target.number}/labels", {"labels": names}, repeat=True
        )
        there = {label.name: label.id for label in map(Label.of, answer or [])}
        if missing := [name for name in names if name not in there]:
            self._defined.pop(target.repo, None)
            labels = ", ".join(missing)
            raise LabelRefused(f"Forgejo confirmed label {labels} of {target} but did not set it; evaluate again")
        return [Done(action, there[action.label]) for action in actions]

    async def remove(self, target: Target, action: Action) -> Done:
        """Remove a label, and every other one of the same name. Raises ForgejoError."""
        labels = f"{address(target)}/issues/{target.number}/labels"
        for label in [Label.of(raw) for raw in await self._client.getitem(labels) or []]:
            if label.id == action.label_id or label.name == action.label:
                await self._client.delete(f"{labels}/{label.id}")
        return Done(action)

    async def _define(self, target: Target, names: Sequence[str]) -> None:
        """Create the labels that neither the repository nor its organisation has."""
        if self._defined.get(target.repo, set()).issuperset(names):
            return
        owner = target.repository.split("/", 1)[0]
        known = {Label.of(raw).name async for raw in self._client.getiter(f"{address(target)}/labels")}
        # A user has no labels of its own, and a token without read:organization may not ask for an organisation's.
        with suppress(NotFound, Forbidden):
            async for raw in self._client.getiter(path("orgs", owner, "labels")):
                known.add(Label.of(raw).name)
        for name in names:
            if name not in known:
                await self._client.post(f"{address(target)}/labels", self._definition(name))
                known.add(name)
        self._defined[target.repo] = known

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
