"""Reads the labels that a repository or an organisation has, and makes the changes that `label_sync` planned.

Forgejo answers some changes with success and does something else, so each answer is compared with what was asked for.
"""

from collections.abc import Collection

from bot.forgejo import ForgejoAPI, path
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import Issue, Label
from bot.labels.catalog import LabelSet
from bot.labels.sync_plan import LabelChange, plan_sync, shown


async def changes_for(client: ForgejoAPI, room: str, labels: LabelSet, *, prune: bool) -> tuple[LabelChange, ...]:
    """Gives what it takes until a room (`owner/repo` or an organisation) has the labels of the set.

    A label that the repository's organisation has isn't made a second time: by its name both would be set. Raises
    ForgejoError; ValueError for an organisation that is to be pruned.
    """
    existing = await _labels(client, _address(room))
    used = await _used(client, room) if prune and "/" in room else None
    changes = plan_sync(labels, existing, used, prune=prune)
    inherited = await _inherited(client, room) if any(change.kind == "create" for change in changes) else frozenset()
    return tuple(change for change in changes if change.kind != "create" or change.name not in inherited)


async def carry_out(client: ForgejoAPI, room: str, change: LabelChange) -> str:
    """Makes a change, and gives what the server did otherwise; empty when all is as asked. Raises ForgejoError.

    A conflict is left alone: only a human can say which of two labels is meant.
    """
    address = _address(room)
    if change.kind == "conflict":
        return ""
    if change.kind == "delete":
        await client.delete(f"{address}/{change.id}")
        return ""
    if change.kind == "create":
        answer = await client.post(address, change.fields)
    else:
        answer = await client.patch(f"{address}/{change.id}", change.fields)
    return _difference(change, Label.of(answer))


def _difference(change: LabelChange, label: Label) -> str:
    there = {
        "name": label.name,
        "color": "#" + label.color.strip().lstrip("#").lower(),
        "description": label.description,
        "exclusive": label.exclusive,
    }
    wrong = [key for key, value in change.fields.items() if there[key] != value]
    return "; ".join(f"the server has {key} {shown(str(there[key]))} instead" for key in wrong)


async def _labels(client: ForgejoAPI, address: str) -> list[Label]:
    return [Label.of(raw) async for raw in client.getiter(address)]


async def _inherited(client: ForgejoAPI, room: str) -> Collection[str]:
    owner, slash, _ = room.partition("/")
    if not slash:
        return frozenset()
    try:
        return frozenset(label.name for label in await _labels(client, path("orgs", owner, "labels")))
    except (NotFound, Forbidden):
        # A user has no labels of its own, and a token without read:organization may not ask for an organisation's.
        return frozenset()


async def _used(client: ForgejoAPI, repository: str) -> Collection[str]:
    """Names of the labels of all issues and pull requests, closed ones too."""
    owner, name = repository.split("/", 1)
    issues = client.getiter(path("repos", owner, name, "issues"), {"state": "all"})
    return frozenset([label.name async for raw in issues for label in Issue.of(raw).labels])


def _address(room: str) -> str:
    owner, slash, name = room.partition("/")
    return path("repos", owner, name, "labels") if slash else path("orgs", room, "labels")
