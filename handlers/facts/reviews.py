"""The reviews that count: official, on the current head, not dismissed, and not by the author."""

from bot.model import Review, Snapshot
from bot.policy import named


def current_reviews(snapshot: Snapshot) -> tuple[Review, ...]:
    """Gives each reviewer's last decision: approved, or changes requested. Comments are not decisions."""
    last: dict[str, Review] = {}
    for review in snapshot.inputs.reviews:
        if review.state in {"approved", "changes"} and review.author and not review.dismissed:
            last[review.author.casefold()] = review
    return tuple(review for review in last.values() if not named(review.author, (snapshot.inputs.author,)))


def approvals(snapshot: Snapshot) -> tuple[str, ...]:
    """Gives the accounts with write permission that approved the current head."""
    return tuple(
        review.author
        for review in current_reviews(snapshot)
        if review.state == "approved" and review.official and not review.stale
    )


def objections(snapshot: Snapshot) -> tuple[str, ...]:
    """Gives the accounts with write permission that requested changes. A push does not resolve such a request."""
    return tuple(review.author for review in current_reviews(snapshot) if review.state == "changes" and review.official)
