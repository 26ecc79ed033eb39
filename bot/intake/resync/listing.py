"""What Forgejo lists: targets and comments of a repository, and the changes in all repositories of an owner."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.types import Issue
from bot.model import Kind, Repo, Target

PAGE = 50
Params = dict[str, str | int | bool]


@dataclass(frozen=True)
class Listed:
    """A target as a listing shows it; `digest` covers all of that but its time of change."""

    target: Target
    updated_at: datetime
    digest: str


async def open_targets(client: ForgejoAPI, repo: Repo) -> list[Listed]:
    """Return the open targets of a repository. Raises ForgejoError."""
    params: Params = {"state": "open", "limit": PAGE}
    return [_listed(repo, issue) async for issue in endpoints.ISSUES.each(client, repo.name, params=params)]


async def changed_targets(client: ForgejoAPI, repo: Repo, since: datetime) -> dict[Target, datetime]:
    """Return the targets of a repository that changed since a time, with their update times. Raises ForgejoError."""
    params: Params = {"state": "all", "since": stamp(since), "limit": PAGE}
    found = [_listed(repo, issue) async for issue in endpoints.ISSUES.each(client, repo.name, params=params)]
    return {one.target: one.updated_at for one in found}


async def commented_targets(client: ForgejoAPI, repo: Repo, since: datetime) -> dict[Target, datetime]:
    """Return the targets with comments that changed since a time, and the time of the last change.

    Raises ForgejoError.
    """
    found: dict[Target, datetime] = {}
    params: Params = {"since": stamp(since), "limit": PAGE, "page": 1}
    async for comment in endpoints.COMMENTS.each(client, repo.name, params=params):
        if url := comment.pull_request_url or comment.issue_url:
            named = Target.parse(url)
            target = repo.target(named.number, named.kind)
            found[target] = max(comment.updated_at, found.get(target, comment.updated_at))
    return found


async def changed_of_owner(client: ForgejoAPI, owner: str, since: datetime) -> AsyncIterator[tuple[Target, datetime]]:
    """Yield the targets of an owner's repositories that changed since a time, as far as the account may see them.

    Raises ForgejoError. Source: Forgejo's `GET /repos/issues/search`.
    """
    params: Params = {"owner": owner, "state": "all", "since": stamp(since), "limit": PAGE}
    async for issue in endpoints.ISSUE_SEARCH.each(client, params=params):
        if issue.repository is not None:
            repo = Repo(id=issue.repository.id, name=issue.repository.full_name)
            yield repo.target(issue.number, _kind(issue)), issue.updated_at


def stamp(moment: datetime) -> str:
    """Return a time as the API's parameters want it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _listed(repo: Repo, issue: Issue) -> Listed:
    shown = [
        issue.title,
        issue.body,
        issue.user.id,
        issue.comments,
        issue.is_locked,
        issue.milestone.title if issue.milestone else "",
        sorted(label.name for label in issue.labels),
    ]
    digest = hashlib.sha256(json.dumps(shown).encode()).hexdigest()
    return Listed(repo.target(issue.number, _kind(issue)), issue.updated_at, digest)


def _kind(issue: Issue) -> Kind:
    return Kind.PULL if issue.pull_request is not None else Kind.ISSUE
