"""Finds claims in comments of a tracking issue: sentences that say that a soak has begun, passed, or removed its part.

A claim never changes a state. One that says more than the soak has reached is an alarm, until the state is reached or
the comment is corrected.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.model import CommentText
from bot.policy import SoakPolicy
from handlers.soak.claims.classify import Stage, claims_in
from handlers.soak.claims.lexicon import STAGES
from handlers.soak.payload import ORDER, Fact, Row, StateName

if TYPE_CHECKING:
    from handlers.soak.state.machine import Soak

READ = 20_000
KNOWN = 256
"""Maximum number of comments whose claims are cached."""
MOST_ALARMS = 5

CLAIMS: dict[Stage, tuple[StateName, str]] = {
    "started": ("soaking", "it has started"),
    "threshold": ("threshold-met", "enough runs count"),
    "complete": ("audited", "it has passed"),
    "removed": ("removed", "the protected part is removed"),
}
"""For each kind of claim the first state in which it is true, and the claim in words."""
LISTED = "stated in prose only, does not count: {means}"
ALARM = (
    "Comment {comment} by {by} states that {means}, but the soak is {state}. Post the evidence, or correct the comment."
)


@dataclass(frozen=True)
class CommentClaim:
    """The highest stage that a comment claims of a soak; `named`: the sentence names the soak."""

    comment: CommentText
    stage: Stage
    named: bool


def claims_of(comment: CommentText, soak: SoakPolicy, others: Sequence[SoakPolicy] = ()) -> CommentClaim | None:
    """Return what a comment claims of a soak, if anything. A sentence that names only other soaks is not about it."""
    others = [one for one in others if one.name != soak.name]
    aside = (soak.name, *(one.name for one in others), *(one.gate for one in (soak, *others) if one.gate))
    found = [
        CommentClaim(comment, stage, names(sentence, soak))
        for stage, sentence in _claimed(comment.body[:READ], soak.protects.names, aside)
        if names(sentence, soak) or not any(names(sentence, other) for other in others)
    ]
    return max(found, key=lambda one: STAGES.index(one.stage), default=None)


def names(text: str, soak: SoakPolicy) -> bool:
    """Return whether a sentence names a soak: by its name, issue, phrase, marker, or what it protects."""
    said = text.casefold()
    found = (soak.name, soak.gate or "", soak.marker or "", *soak.protects.names)
    return any(name and name.casefold() in said for name in found) or bool(re.search(rf"#{soak.issue}(?!\d)", said))


@lru_cache(maxsize=KNOWN)
def _claimed(body: str, things: tuple[str, ...], aside: tuple[str, ...]) -> tuple[tuple[Stage, str], ...]:
    """Return the stages that a text claims, each with its sentence as written."""
    return tuple((claim.stage, claim.sentence) for _, claim in claims_in(body, things, aside))


def row(claim: CommentClaim) -> Row:
    """Return a claim as a piece of evidence that does not count."""
    comment, (_, means) = claim.comment, CLAIMS[claim.stage]
    why = LISTED.format(means=means)
    fact = Fact(name="claim", standing="claimed", says=means, by=comment.author)
    return Row(
        comment=comment.id, index=-1, kind="claim", by=comment.author, at=comment.created_at, why=why, facts=(fact,)
    )


@dataclass
class Talk:
    """The comments of a tracking issue since the bot serves it, and the soaks that the issue tracks."""

    comments: Sequence[CommentText]
    others: Sequence[SoakPolicy] = ()
    soaks: "tuple[Soak, ...]" = field(default=())

    def alarms(self, soak: "Soak") -> tuple[str, ...]:
        """Return the newest claims that are ahead of a soak. One that names no soak is true if it is so for any soak.

        A comment whose own evidence waits for its run is left out until that has finished.
        """
        found: list[str] = []
        waiting = {row.comment for row in soak.rows if any(one.standing == "pending" for one in row.facts)}
        for comment in reversed(self.comments):
            claim = claims_of(comment, soak.inputs.soak, self.others)
            if claim is None or comment.id in waiting or not _ahead(claim, soak):
                continue
            if claim.named or all(_ahead(claim, one) for one in self.soaks):
                by = comment.author or "a deleted account"
                means = CLAIMS[claim.stage][1]
                found.append(ALARM.format(comment=comment.id, by=by, means=means, state=soak.name))
            if len(found) == MOST_ALARMS:
                break
        return tuple(reversed(found))


def _ahead(claim: CommentClaim, soak: "Soak") -> bool:
    """Return whether a soak never reached what a comment claims, from the time of the comment on.

    A claim that was true, and is not any more since the soak was reset, is history.
    """
    needed = ORDER.index(CLAIMS[claim.stage][0])
    reached = [soak.rank] if soak.name in ORDER else []
    then: StateName = "not-started"
    for made in soak.progress.transitions:
        if made.at <= claim.comment.created_at:
            then = made.to
        else:
            reached.append(_rank(made.to))
    return max([*reached, _rank(then)]) < needed


def _rank(state: StateName) -> int:
    return ORDER.index(state) if state in ORDER else -1
