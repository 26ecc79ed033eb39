"""Reads the labels that a repository or an organisation has, and makes the changes that `label_sync` planned.

Forgejo answers some changes with success and does something else, so each answer is compared with what was asked for.
"""

from collections.abc import Collection

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import Label
from bot.labels.catalog import LabelSet
from bot.labels.sync_plan import LabelChange, plan_sync, shown


async def changes_for(client: ForgejoAPI, room: str, labels: LabelSet, *, prune: bool) -> tuple[LabelChange, ...]:
    """Gives what it takes until a room (`owner/repo` or an organisation) has the labels of the set.

    A label that the repository's organisation has isn't made a second time: by its name both would be set. Raises
    ForgejoError; ValueError for an organisation that is to be pruned.
    """
    existing = await _labels(client, room)
    used = await _used(client, room) if prune and "/" in room else None
    changes = plan_sync(labels, existing, used, prune=prune)
    inherited = await _inherited(client, room) if any(change.kind == "create" for change in changes) else frozenset()
    return tuple(change for change in changes if change.kind != "create" or change.name not in inherited)


async def carry_out(client: ForgejoAPI, room: str, change: LabelChange) -> str:
    """Makes a change, and gives what the server did otherwise; empty when all is as asked. Raises ForgejoError.

    A conflict is left alone: only a human can say which of two labels is meant.
    """
    repository = "/" in room
    if change.kind == "delete":
        await (endpoints.LABEL.delete if repository else endpoints.ORG_LABEL.delete)(client, room, change.id or 0)
    elif change.kind == "create":
        create = endpoints.LABELS.post if repository else endpoints.ORG_LABELS.post
        return _difference(change, await create(client, room, data=change.fields))
    elif change.kind != "conflict":
        edit = endpoints.LABEL.patch if repository else endpoints.ORG_LABEL.patch
        return _difference(change, await edit(client, room, change.id or 0, data=change.fields))
    return ""


def _difference(change: LabelChange, label: Label) -> str:
    there = {
        "name": label.name,
        "color": "#" + label.color.strip().lstrip("#").lower(),
        "description": label.description,
        "exclusive": label.exclusive,
    }
    wrong = [key for key, value in change.fields.items() if there[key] != value]
    return "; ".join(f"the server has {key} {shown(str(there[key]))} instead" for key in wrong)


async def _labels(client: ForgejoAPI, room: str) -> list[Label]:
    each = endpoints.LABELS.each if "/" in room else endpoints.ORG_LABELS.each
    return [label async for label in each(client, room)]


async def _inherited(client: ForgejoAPI, room: str) -> Collection[str]:
    owner, slash, _ = room.partition("/")
    if not slash:
        return frozenset()
    try:
        return frozenset(label.name for label in await _labels(client, owner))
    except (NotFound, Forbidden):
        # A user has no labels of its own, and a token without read:organization may not ask for an organisation's.
        return frozenset()


async def _used(client: ForgejoAPI, repository: str) -> Collection[str]:
    """Names of the labels of all issues and pull requests, closed ones too."""
    issues = endpoints.ISSUES.each(client, repository, params={"state": "all"})
    return frozenset([label.name async for issue in issues for label in issue.labels])
