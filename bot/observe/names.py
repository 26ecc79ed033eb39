"""The names around a target that people give: they are read by many, and nobody looks for a secret in them."""

from collections.abc import Iterator

from bot.forgejo.types import Issue, PullRequest
from bot.model import Location
from bot.thread import Thread

Named = tuple[Location, str]


def names_of(thread: Thread, account_id: int) -> list[Named]:
    """Return the branches, labels, milestone, statuses and accounts of a target, each text once with its place.

    The bot's own statuses are left out; `account_id` is its account.
    """
    named = [*_branches(thread.head), *_labels(thread.head), *_statuses(thread, account_id)]
    users = (thread.head.user, *(comment.user for comment in thread.comments))
    named += [("account", user.login) for user in users if user.id != account_id]
    return [(Location(where=where), text) for where, text in dict.fromkeys(named) if text]


def _branches(head: PullRequest | Issue) -> Iterator[tuple[str, str]]:
    if isinstance(head, PullRequest):
        for side in (head.head, head.base):
            yield "branch", side.ref
            yield "repository", side.repo.full_name if side.repo else ""


def _labels(head: PullRequest | Issue) -> Iterator[tuple[str, str]]:
    for label in head.labels:
        yield from (("label", label.name), ("label", label.description))
    if head.milestone:
        yield from (("milestone", head.milestone.title), ("milestone", head.milestone.description))


def _statuses(thread: Thread, account_id: int) -> Iterator[tuple[str, str]]:
    for status in thread.statuses:
        if status.creator_id != account_id:
            yield from (("status", text) for text in (status.context, status.description, status.target_url))
