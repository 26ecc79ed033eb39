"""Adds to reviews and to operators' comments what the pull request was when they were given, and binds gaps to it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.forgejo.types import PullRequest, TimelineEvent
from bot.model import ChangeState, Gap, Inputs, Review, Target
from bot.policy import named
from bot.store import Acts, Submitted
from bot.thread import Thread

DISMISSED = "dismiss_review"
SCHEDULED, CANCELLED = "pull_scheduled_merge", "pull_cancel_scheduled_merge"
MOVED = ("pull_push", "change_target_branch")
"""Types of events in the timeline."""


class ActReader:
    """Reads what acts named. `mask` is applied to names of branches, as in all inputs."""

    def __init__(self, acts: Acts, mask: Callable[[str], str], clock: Callable[[], datetime]) -> None:
        self._acts = acts
        self._mask = mask
        self._clock = clock

    async def read(
        self, target: Target, inputs: Inputs, given: tuple[Thread, Sequence[Submitted], tuple[str, ...]]
    ) -> Inputs:
        """Return the inputs with the acts' states. `given` are the thread, all decisions, and the operators."""
        thread, decisions, operators = given
        reviews = await self._acts.reviews(target, decisions, self._clock())
        ids = [
            (one.id, one.user.id)
            for one in thread.comments
            if inputs.state == "open" and inputs.head.sha and named(one.user.login, operators)
        ]
        comments = await self._acts.comments(target, ids, self._clock())
        by = {event.review_id: event.user.login for event in thread.timeline if event.type == DISMISSED}
        return inputs.model_copy(
            update={
                "scheduled_by": _scheduled_by(thread.timeline) if inputs.state == "open" else "",
                "reviews": tuple(self._review(one, reviews, by) for one in inputs.reviews),
                "comments": tuple(
                    one.model_copy(update={"about": self._masked(comments[one.id])}) if one.id in comments else one
                    for one in inputs.comments
                ),
            }
        )

    def _review(self, one: Review, states: dict[int, ChangeState], by: dict[int, str]) -> Review:
        about = self._masked(states[one.id]) if one.id in states else None
        return one.model_copy(update={"about": about, "dismissed_by": by.get(one.id, "") if one.dismissed else ""})

    def _masked(self, state: ChangeState) -> ChangeState:
        return state.model_copy(update={"base": self._mask(state.base)})


def _scheduled_by(timeline: Sequence[TimelineEvent]) -> str:
    """Return who scheduled a merge of which Forgejo keeps the schedule, though something moved since."""
    by = moved = ""
    for event in sorted(timeline, key=lambda one: (one.created_at, one.id)):
        if event.type in {SCHEDULED, CANCELLED}:
            by, moved = event.user.login if event.type == SCHEDULED else "", ""
        elif event.type in MOVED:
            moved = by
    return moved


def operator_approval(
    inputs: Inputs, decisions: Sequence[Submitted], operators: Sequence[str]
) -> tuple[str, datetime] | None:
    """Return which operator approved exactly this head against this merge base, and when; the last one of several."""
    times = {one.id: one.at for one in decisions}
    found = [
        (times[one.id], one.author)
        for one in inputs.reviews
        if one.state == "approved" and not one.dismissed and named(one.author, operators) and inputs.named_by(one)
    ]
    return max(found)[::-1] if found else None


def bound(inputs: Inputs, thread: Thread) -> Inputs:
    """Return the inputs; their gaps about the head as a whole are bound to base branch and merge base, too.

    What lies between base and head is another part after a retarget or a rewritten base branch: who accepted one part
    as unread hasn't accepted the other.
    """
    head, pull = inputs.head.sha, thread.head
    if not head or not isinstance(pull, PullRequest):
        return inputs
    of = f"{head} {pull.base.ref} {inputs.merge_base or pull.merge_base}"

    def rebound(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
        return tuple(gap.model_copy(update={"of": of}) if gap.of == head else gap for gap in gaps)

    return inputs.model_copy(update={"gaps": rebound(inputs.gaps), "unseen": rebound(inputs.unseen)})
