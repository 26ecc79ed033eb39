"""The reviews that count, for every check that asks: one place decides.

An approval counts only for what its reviewer saw: the head, the base branch and the merge base of the moment when it
came. Forgejo's own marks (`stale`, that it was kept over a push) decide nothing.
"""

from bot.model import Review, Snapshot
from bot.policy import named

UNTOLD = "the bot received no webhook delivery of it"
OTHER_HEAD = "it is of commit {}"
OTHER_BASE = "it was given for branch {}"
OTHER_MERGE_BASE = "the merge base was {} then"
AGAIN = "the approval of {} does not count, because {}"
SHOWN = 10


def current_reviews(snapshot: Snapshot) -> tuple[Review, ...]:
    """Gives each reviewer's last decision: approved, or changes requested. Comments are not decisions."""
    last: dict[str, Review] = {}
    for review in snapshot.inputs.reviews:
        if review.state in {"approved", "changes"} and review.author and not review.dismissed:
            last[review.author.casefold()] = review
    return tuple(review for review in last.values() if not named(review.author, (snapshot.inputs.author,)))


def approvals(snapshot: Snapshot) -> tuple[str, ...]:
    """Gives the accounts with write permission that approved this head against this merge base."""
    return tuple(
        review.author
        for review in current_reviews(snapshot)
        if review.state == "approved" and review.official and snapshot.inputs.named_by(review)
    )


def void_approvals(snapshot: Snapshot) -> tuple[str, ...]:
    """Gives a sentence for each approval with write permission that doesn't count, with the reason."""
    return tuple(
        AGAIN.format(review.author, _why(review, snapshot))
        for review in current_reviews(snapshot)
        if review.state == "approved" and review.official and not snapshot.inputs.named_by(review)
    )


def objections(snapshot: Snapshot) -> tuple[str, ...]:
    """Gives the accounts with write permission that requested changes. A push does not resolve such a request."""
    return tuple(review.author for review in current_reviews(snapshot) if review.state == "changes" and review.official)


def _why(review: Review, snapshot: Snapshot) -> str:
    now, then = snapshot.inputs.change, review.about
    if review.commit != now.head:
        return OTHER_HEAD.format(review.commit[:SHOWN])
    if then is None or then.head != now.head:
        return UNTOLD
    return OTHER_BASE.format(then.base) if then.base != now.base else OTHER_MERGE_BASE.format(then.merge_base[:SHOWN])
