"""Reads one target from Forgejo's API: the target, its comments, timeline and statuses, and the default branch.

Four calls for a pull request into the default branch, five for an issue.
"""

from dataclasses import dataclass

from bot.concurrent import run_all
from bot.forgejo import ForgejoAPI, path
from bot.forgejo.errors import NotFound
from bot.forgejo.types import Branch, CombinedStatus, Comment, Issue, PullRequest, Repository, TimelineEvent
from bot.model import Kind, StatusSeen, Target


class WrongKind(ValueError):
    """The target was given as an issue but is a pull request; the text says how to write it."""


@dataclass(frozen=True)
class Thread:
    """One target with the API's raw values."""

    head: PullRequest | Issue
    repository: Repository
    comments: tuple[Comment, ...]
    timeline: tuple[TimelineEvent, ...]
    statuses: tuple[StatusSeen, ...] = ()


async def read_thread(client: ForgejoAPI, target: Target) -> Thread:
    """Return a target's thread. Raises WrongKind and ForgejoErrors."""
    owner, name = target.repository.split("/", 1)
    repo = path("repos", owner, name)
    issue = f"{repo}/issues/{target.number}"
    pull = target.kind is Kind.PULL
    raw, comments, timeline, about = await run_all(
        client.getitem(f"{repo}/pulls/{target.number}" if pull else issue),
        client.getitem(f"{issue}/comments"),
        client.getitem(f"{issue}/timeline"),
        _nothing() if pull else client.getitem(repo),
    )
    said = _comments(comments), _events(timeline)
    if pull:
        head = PullRequest.of(raw)
        repository = head.base.repo or Repository.of(await client.getitem(repo))
        statuses = await _statuses(client, repo, head.head.sha) if head.state == "open" else ()
        return Thread(head, repository, *said, statuses)
    found = Issue.of(raw)
    if found.pull_request is not None:
        raise WrongKind(f"{target} is a pull request; use {target.repository}!{target.number}")
    return Thread(found, Repository.of(about), *said)


async def default_tip(client: ForgejoAPI, thread: Thread) -> str:
    """Return the newest commit of the default branch; empty if there is none."""
    default, head = thread.repository.default_branch, thread.head
    if isinstance(head, PullRequest) and head.state == "open" and head.base.ref == default and head.base.sha:
        return head.base.sha
    if thread.repository.empty or not default:
        return ""
    owner, name = thread.repository.full_name.split("/", 1)
    try:
        return Branch.of(await client.getitem(path("repos", owner, name, "branches", rest=default))).commit.id
    except NotFound:
        return ""


async def _nothing() -> None:
    """Return the repository; a pull request already contains it."""


async def _statuses(client: ForgejoAPI, repo: str, sha: str) -> tuple[StatusSeen, ...]:
    if not sha:
        return ()
    seen: list[StatusSeen] = []
    page = 1
    while True:
        raw = await client.getitem(f"{repo}/commits/{sha}/status", {"limit": 50, "page": page})
        combined = CombinedStatus.of(raw)
        seen += [
            StatusSeen(
                context=status.context,
                state=status.state,
                description=status.description,
                target_url=status.target_url,
                creator=status.creator.login,
                creator_id=max(status.creator.id, 0),
            )
            for status in combined.statuses
        ]
        if not combined.statuses or len(seen) >= combined.total_count:
            return tuple(sorted(seen, key=lambda status: status.context))
        page += 1


def _comments(raw: object) -> tuple[Comment, ...]:
    items = raw if isinstance(raw, list) else []
    return tuple(sorted((Comment.of(item) for item in items), key=lambda comment: comment.id))


def _events(raw: object) -> tuple[TimelineEvent, ...]:
    return tuple(TimelineEvent.of(item) for item in raw) if isinstance(raw, list) else ()
