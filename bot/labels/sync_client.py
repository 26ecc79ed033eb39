"""Reads the labels of a repository or an organisation, and makes the changes that `sync_plan` planned.

Forgejo reports success for some changes that it makes differently, so each response is compared with the request.
"""

from collections.abc import Collection

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import Label
from bot.labels.catalog import LabelSet
from bot.labels.folding import fold
from bot.labels.sync_plan import LabelChange, plan_sync, shown

DEFINITIONS = "labels"
"""What one process at a time changes of a repository: `Store.alone`."""


async def changes_for(client: ForgejoAPI, place: str, labels: LabelSet, *, prune: bool) -> tuple[LabelChange, ...]:
    """Gives the changes that a place (`owner/repo` or an organisation) needs to match the label set.

    A label of the repository's organisation is not created again, because setting it by name would set both. Raises
    ForgejoError, and ValueError if an organisation should be pruned.
    """
    existing = await _labels(client, place)
    used = await _used(client, place) if prune and "/" in place else None
    changes = plan_sync(labels, existing, used, prune=prune, fold="/" in place)
    inherited = await _inherited(client, place) if any(change.kind == "create" for change in changes) else frozenset()
    return tuple(change for change in changes if change.kind != "create" or change.name not in inherited)


async def carry_out(client: ForgejoAPI, place: str, change: LabelChange) -> str:
    """Makes a change, and describes how the server's result differs; empty if it does not. Raises ForgejoError.

    A conflict is left alone: only a human can decide which of two labels to keep.
    """
    repository = "/" in place
    if change.kind == "fold":
        return await fold(client, place, change)
    if change.kind == "delete":
        await (endpoints.LABEL.delete if repository else endpoints.ORG_LABEL.delete)(client, place, change.id or 0)
    elif change.kind == "create":
        create = endpoints.LABELS.post if repository else endpoints.ORG_LABELS.post
        return _difference(change, await create(client, place, data=change.fields))
    elif change.kind != "conflict":
        edit = endpoints.LABEL.patch if repository else endpoints.ORG_LABEL.patch
        return _difference(change, await edit(client, place, change.id or 0, data=change.fields))
    return ""


def _difference(change: LabelChange, label: Label) -> str:
    there = {
        "name": label.name,
        "color": "#" + label.color.strip().lstrip("#").lower(),
        "description": label.description,
        "exclusive": label.exclusive,
    }
    wrong = [key for key, value in change.fields.items() if there[key] != value]
    return "; ".join(f"the server stored {key} {shown(str(there[key]))} instead" for key in wrong)


async def _labels(client: ForgejoAPI, place: str) -> list[Label]:
    each = endpoints.LABELS.each if "/" in place else endpoints.ORG_LABELS.each
    return [label async for label in each(client, place)]


async def _inherited(client: ForgejoAPI, place: str) -> Collection[str]:
    owner, slash, _ = place.partition("/")
    if not slash:
        return frozenset()
    try:
        return frozenset(label.name for label in await _labels(client, owner))
    except (NotFound, Forbidden):
        # A user has no labels, and a token without read:organization cannot read those of an organisation.
        return frozenset()


async def _used(client: ForgejoAPI, repository: str) -> Collection[str]:
    """Names of the labels of all issues and pull requests, closed ones too."""
    issues = endpoints.ISSUES.each(client, repository, params={"state": "all"})
    return frozenset([label.name async for issue in issues for label in issue.labels])
