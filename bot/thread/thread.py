"""Reads one target from Forgejo's API: itself, its comments, timeline, reviews, statuses, and the default branch.

Five calls for a pull request into the default branch, at once if its head is expected, and five for an issue.
"""

from dataclasses import dataclass

from bot.concurrent import run_all
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import ForgejoError, NotFound
from bot.forgejo.types import Comment, Issue, PullRequest, Repository, Review, TimelineEvent
from bot.model import Kind, StatusSeen, Target
from bot.thread.statuses import read_statuses

PAGE = 50
"""Reviews in one answer."""


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
    reviews: tuple[Review, ...] = ()


async def read_thread(client: ForgejoAPI, target: Target, *, reviews: bool = True, expected: str = "") -> Thread:
    """Return a target's thread, without the `reviews` if they are not asked for. Raises WrongKind and ForgejoErrors.

    `expected` is the head that an open pull request probably has: its statuses are read at once, and again for another.
    """
    name, number = target.repository, target.number
    pull = target.kind is Kind.PULL
    head, comments, timeline, given, early, repository = await run_all(
        endpoints.PULL.get(client, name, number) if pull else endpoints.ISSUE.get(client, name, number),
        endpoints.ISSUE_COMMENTS.whole(client, name, number),
        endpoints.TIMELINE.whole(client, name, number),
        submitted_reviews(client, name, number) if pull and reviews else _nothing(),
        _early_statuses(client, name, expected) if pull and expected else _nothing(),
        _nothing() if pull else endpoints.REPOSITORY.get(client, name),
    )
    said = tuple(sorted(comments, key=lambda comment: comment.id)), tuple(timeline)
    if isinstance(head, PullRequest):
        repository = head.base.repo or await endpoints.REPOSITORY.get(client, name)
        if head.state != "open":
            early = ()
        elif early is None or head.head.sha != expected:
            early = await read_statuses(client, name, head.head.sha)
        return Thread(head, repository, *said, early, tuple(given or ()))
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


async def submitted_reviews(client: ForgejoAPI, repository: str, number: int) -> list[Review]:
    """Return all reviews of a pull request. Raises ForgejoError."""
    return [one async for one in endpoints.REVIEWS.each(client, repository, number, params={"limit": PAGE})]


async def _early_statuses(client: ForgejoAPI, repository: str, sha: str) -> tuple[StatusSeen, ...] | None:
    """Return the statuses of a commit, or None if they cannot be read: a delivery may name any commit."""
    try:
        return await read_statuses(client, repository, sha)
    except ForgejoError:
        return None


async def _nothing() -> None:
    """Return what needs no call: an issue has no reviews, and a pull request contains its repository."""
