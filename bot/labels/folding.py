"""Makes one label of several definitions of the same name, as older versions of the bot could make them.

What carries another definition gets the oldest one first and loses the other one then, so it is never without the
label. A definition is deleted only when nothing carries it any more. Two processes may do this at once.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import suppress

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound, Validation
from bot.forgejo.types import Issue
from bot.labels.sync_plan import LabelChange


async def fold(client: ForgejoAPI, repository: str, change: LabelChange) -> str:
    """Carry out a change of the kind `fold`, and return what is left of the doubles; empty if nothing is.

    Raises ForgejoError.
    """
    kept, doubles = change.id or 0, frozenset(change.doubles)
    moved = [issue async for issue in _carrying(client, repository, doubles)]
    for issue in moved:
        await _move(client, repository, issue, kept, doubles)
    left = {label.id async for issue in _carrying(client, repository, doubles) for label in issue.labels} & doubles
    for double in sorted(doubles - left):
        with suppress(NotFound):  # another process deleted it
            await endpoints.LABEL.delete(client, repository, double)
    return f"ids {', '.join(map(str, sorted(left)))} are still in use" if left else ""


async def _carrying(client: ForgejoAPI, repository: str, labels: Collection[int]) -> AsyncIterator[Issue]:
    """Give the issues and pull requests that carry one of the labels, closed ones too."""
    async for issue in endpoints.ISSUES.each(client, repository, params={"state": "all"}):
        if any(label.id in labels for label in issue.labels):
            yield issue


async def _move(client: ForgejoAPI, repository: str, issue: Issue, kept: int, doubles: Collection[int]) -> None:
    await endpoints.ISSUE_LABELS.add(client, repository, issue.number, data={"labels": [kept]}, repeat=True)
    there = await endpoints.ISSUE_LABELS.whole(client, repository, issue.number)
    for label in there:
        if label.id in doubles:
            # By id: by its name the server could take the kept one. It takes none if a label is named like the id.
            with suppress(NotFound, Validation):
                await endpoints.ISSUE_LABEL.delete(client, repository, issue.number, label.id)
