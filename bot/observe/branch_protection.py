"""The requirements of a merge: reviews, with the last word of each reviewer, and the base branch's status contexts.

Texts of reviews and of their comments on lines are returned too, to be scanned for secrets.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.concurrent import run_all
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.forgejo.types import Review as Given
from bot.forgejo.types import User
from bot.model import Location, Review
from bot.store import Submitted
from bot.thread import Accounts

STATES = {"APPROVED": "approved", "REQUEST_CHANGES": "changes", "COMMENT": "comment"}
"""The states of a review that count. Review requests and pending reviews do not."""

MAX_READ = 50
"""Maximum number of reviews whose comments on lines are read, the newest: each one costs a request."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ENTRY = re.compile(r"#issuecomment-(\d{1,18})$")


@dataclass(frozen=True)
class Remark:
    """The raw text of a review, or of one of its comments on lines; `comment` is its number among all comments."""

    comment: int
    author: str
    author_id: int
    at: datetime
    text: str

    @property
    def place(self) -> Location:
        """The place of the text."""
        return Location(where="comment", comment_id=self.comment)


@dataclass(frozen=True)
class Reviews:
    """The last word of each reviewer, all decisions of reviewers, all texts, and the ids of the reviews whose comments
    were not read.
    """

    words: tuple[Review, ...] = ()
    decisions: tuple[Submitted, ...] = ()
    remarks: tuple[Remark, ...] = ()
    unread: tuple[int, ...] = ()


async def read_reviews(
    client: ForgejoAPI, pull: tuple[str, int], given: Sequence[Given], account_id: int, accounts: Accounts
) -> Reviews:
    """Return what the reviews of a pull request (repository, number) say, with their comments on lines.

    Those of the bot's own account are left out. Raises ForgejoError.
    """
    repository, number = pull
    others = [one for one in await accounts.by_name(given) if one.state in STATES and one.user.id != account_id]
    speaking = [one for one in others if one.comments_count]
    read = speaking[-MAX_READ:]
    found = await run_all(*(endpoints.REVIEW_COMMENTS.whole(client, repository, number, one.id) for one in read))
    inline = await accounts.by_name(one for page in found for one in page)
    remarks = [_remark(_number(one), one.user, one.submitted_at or _LONG_AGO, one.body) for one in others]
    remarks += [_remark(one.id, one.user, one.created_at, one.body) for one in inline if one.user.id != account_id]
    texts = sorted((one for one in remarks if one.text), key=lambda one: one.comment)
    unread = tuple(one.id for one in speaking[:-MAX_READ])
    return Reviews(last_words(others), tuple(_decisions(others)), tuple(texts), unread)


def _decisions(given: Sequence[Given]) -> Iterator[Submitted]:
    for one in given:
        if STATES[one.state] != "comment":
            at = one.submitted_at or datetime.fromtimestamp(0, UTC)
            yield Submitted(one.id, one.user.id, STATES[one.state], one.commit_id, at)


def last_words(given: Sequence[Given]) -> tuple[Review, ...]:
    """Return each author's last decision; a comment counts only for an author without a decision.

    A dismissed decision still counts as the last one: it does not restore the previous one.
    """
    last: dict[str, Given] = {}
    for one in sorted(given, key=lambda review: (review.submitted_at or _LONG_AGO, review.id)):
        if one.state != "COMMENT" or last.get(one.user.login, one).state == "COMMENT":
            last[one.user.login] = one
    return tuple(
        Review(
            id=one.id,
            author=author,
            state=STATES[one.state],
            commit=one.commit_id,
            official=one.official,
            dismissed=one.dismissed,
        )
        for author, one in sorted(last.items())
    )


async def read_required(client: ForgejoAPI, repository: str, branch: str) -> tuple[str, ...]:
    """Return the contexts (or patterns) that a branch requires; none if it does not exist or requires none.

    Raises ForgejoError.
    """
    try:
        found = await endpoints.BRANCH.get(client, repository, branch)
    except (NotFound, ValueError):  # a branch without an address does not exist
        return ()
    return tuple(sorted(set(found.status_check_contexts))) if found.enable_status_check else ()


def _remark(comment: int, user: User, at: datetime, text: str) -> Remark:
    return Remark(comment, user.login, user.id, at, text)


def _number(review: Given) -> int:
    """Return a review's comment id: the number at the end of its URL."""
    entry = _ENTRY.search(review.html_url)
    return int(entry[1]) if entry else 0
