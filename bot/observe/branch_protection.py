"""What a merge asks for: reviews with what each reviewer said last, and the status contexts of the base branch.

What is written in a review is text like any other, so it is handed on to be searched for secrets.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.forgejo.types import Review as Given
from bot.model import Location, Review

STATES = {"APPROVED": "approved", "REQUEST_CHANGES": "changes", "COMMENT": "comment"}
"""What a review says. Requests for one, and those that nobody has sent off yet, say nothing."""

PAGE = 50
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ENTRY = re.compile(r"#issuecomment-(\d{1,18})$")


@dataclass(frozen=True)
class Reviews:
    """The last word of each reviewer, and all that was written in reviews, raw, each with its place."""

    words: tuple[Review, ...] = ()
    texts: tuple[tuple[Location, str], ...] = ()


async def read_reviews(client: ForgejoAPI, repository: str, number: int, account: str) -> Reviews:
    """Gives the reviews of a pull request without those of the bot's own `account`: it makes none.

    Raises ForgejoError.
    """
    given = [one async for one in endpoints.REVIEWS.each(client, repository, number, params={"limit": PAGE})]
    others = [one for one in given if one.state in STATES and one.user.login != account]
    return Reviews(last_words(others), tuple((_place(one), one.body) for one in others if one.body))


def last_words(given: Sequence[Given]) -> tuple[Review, ...]:
    """Gives each author's last word that decides, and a comment only of who decided nothing.

    A decision that was dismissed stands as such: it doesn't bring the one before it back.
    """
    last: dict[str, Given] = {}
    for one in sorted(given, key=lambda review: (review.submitted_at or _LONG_AGO, review.id)):
        if one.state != "COMMENT" or last.get(one.user.login, one).state == "COMMENT":
            last[one.user.login] = one
    return tuple(
        Review(
            author=author,
            state=STATES[one.state],
            commit=one.commit_id,
            stale=one.stale,
            official=one.official,
            dismissed=one.dismissed,
        )
        for author, one in sorted(last.items())
    )


async def read_required(client: ForgejoAPI, repository: str, branch: str) -> tuple[str, ...]:
    """Gives the contexts (or patterns of them) that a branch asks for; none where it is gone or asks for none.

    Raises ForgejoError.
    """
    try:
        found = await endpoints.BRANCH.get(client, repository, branch)
    except (NotFound, ValueError):  # a branch that has no address isn't there
        return ()
    return tuple(sorted(set(found.status_check_contexts))) if found.enable_status_check else ()


def _place(review: Given) -> Location:
    """A review stands among the comments, under the number that its address ends with."""
    entry = _ENTRY.search(review.html_url)
    return Location(where="comment", comment_id=int(entry[1]) if entry else 0)
