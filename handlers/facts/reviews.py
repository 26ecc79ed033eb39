"""Whose reviews count: approved, official, on the head as it is, not dismissed, and not by the author."""

from bot.model import Review, Snapshot
from bot.policy import named


def current_reviews(snapshot: Snapshot) -> tuple[Review, ...]:
    """Gives of everybody who decided the last word: approved, or changes asked for. Remarks decide nothing."""
    last: dict[str, Review] = {}
    for review in snapshot.inputs.reviews:
        if review.state in {"approved", "changes"} and review.author and not review.dismissed:
            last[review.author.casefold()] = review
    return tuple(review for review in last.values() if not named(review.author, (snapshot.inputs.author,)))


def approvals(snapshot: Snapshot) -> tuple[str, ...]:
    """Gives who has approved the head as it is and may write here."""
    return tuple(
        review.author
        for review in current_reviews(snapshot)
        if review.state == "approved" and review.official and not review.stale
    )


def objections(snapshot: Snapshot) -> tuple[str, ...]:
    """Gives who may write here and has asked for changes; a push doesn't answer him, only he does."""
    return tuple(review.author for review in current_reviews(snapshot) if review.state == "changes" and review.official)
