"""Reads one target from Forgejo's API: the target, its comments, timeline and statuses, and the default branch.

Four calls for a pull request into the default branch, five for an issue.
"""

from dataclasses import dataclass

from bot.concurrent import run_all
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.forgejo.types import Comment, Issue, PullRequest, Repository, TimelineEvent
from bot.model import Kind, StatusSeen, Target
from bot.thread.statuses import read_statuses


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
    name, number = target.repository, target.number
    pull = target.kind is Kind.PULL
    head, comments, timeline, repository = await run_all(
        endpoints.PULL.get(client, name, number) if pull else endpoints.ISSUE.get(client, name, number),
        endpoints.ISSUE_COMMENTS.whole(client, name, number),
        endpoints.TIMELINE.whole(client, name, number),
        _nothing() if pull else endpoints.REPOSITORY.get(client, name),
    )
    said = tuple(sorted(comments, key=lambda comment: comment.id)), tuple(timeline)
    if isinstance(head, PullRequest):
        repository = head.base.repo or await endpoints.REPOSITORY.get(client, name)
        statuses = await read_statuses(client, name, head.head.sha) if head.state == "open" else ()
        return Thread(head, repository, *said, statuses)
    if head.pull_request is not None:
        raise WrongKind(f"{target} is a pull request; use {target.repository}!{target.number}")
    return Thread(head, repository or await endpoints.REPOSITORY.get(client, name), *said)


async def default_tip(client: ForgejoAPI, thread: Thread) -> str:
    """Return the newest commit of the default branch; empty if there is none."""
    default, head = thread.repository.default_branch, thread.head
    if isinstance(head, PullRequest) and head.state == "open" and head.base.ref == default and head.base.sha:
        return head.base.sha
    if thread.repository.empty or not default:
        return ""
    try:
        return (await endpoints.BRANCH.get(client, thread.repository.full_name, default)).commit.id
    except NotFound:
        return ""


async def _nothing() -> None:
    """Return the repository; a pull request already contains it."""
