"""The state machine of soaks: a state is always computed from its inputs, never stored as truth.

If evidence is lost, the state steps back. The states `removed` and `closed` are never reverted, because the removal has
happened; there lost evidence raises an alarm.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from bot.model import RunSeen, Snapshot
from handlers.soak.payload import ORDER, GateState, Row, StateName, Transition
from handlers.soak.state.comment_claims import Talk
from handlers.soak.state.evidence_rows import rows
from handlers.soak.state.inputs import (
    MAX_KEPT,
    MAX_PHRASES,
    Item,
    Kept,
    KeptEvidence,
    Phrase,
    Reached,
    SoakInputs,
    all_soak_inputs,
    tracked,
)
from handlers.soak.state.progress import Progress, Seen, progress
from handlers.soak.state.verify import Verified, began, verify

STAYS: tuple[StateName, ...] = ("removed", "closed")
MAX_TRANSITIONS = 60
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Soak:
    """One computed soak: its state, and the data to store for it. `talk` is what the comments of its issue claim."""

    inputs: SoakInputs
    talk: Talk | None = None

    @cached_property
    def verified(self) -> Mapping[tuple[int, int], Verified]:
        """Each piece of evidence, compared with Forgejo's answers."""
        return {item.key: verify(item, self.inputs) for item in self.inputs.items}

    @cached_property
    def progress(self) -> Progress:
        """The progress by the evidence that is present."""
        return progress(self.inputs, self.verified, self.inputs.now, self._never)

    @cached_property
    def _never(self) -> frozenset[int]:
        """The comments whose phrases came too early by the evidence of their time, even if that was lost since."""
        stored = frozenset(self.inputs.kept.early)
        if not any(item.lost_at for item in self.inputs.items):
            return stored
        return stored | {
            phrase.comment
            for phrase in self.inputs.phrases
            if phrase.comment in progress(self.inputs, self.verified, phrase.at, stored).early
        }

    @cached_property
    def stays(self) -> Reached | None:
        """The state that is never reverted, if reached: from stored data, or computed just before evidence was lost."""
        found = [self.inputs.kept.reached] if self.inputs.kept.reached else []
        lost = [item.lost_at for item in self.inputs.items] + [phrase.lost_at for phrase in self.inputs.phrases]
        for moment in sorted({at for at in lost if at is not None}):
            then = progress(self.inputs, self.verified, moment - _TICK, self._never)
            if then.removal is not None and then.state in STAYS:
                found.append(Reached(state="removed", at=then.removal.at, comment=then.removal.comment))
        return min(found, key=lambda one: one.at, default=None)

    @property
    def name(self) -> StateName:
        """The current state."""
        now = self.progress.state
        if now in STAYS or self.stays is None:
            return now
        return "closed" if self._report_merged(self.stays.at) else "removed"

    @property
    def rank(self) -> int:
        """The rank of the state in `ORDER`; a blocked soak ranks as installed."""
        return ORDER.index(self.name) if self.name in ORDER else ORDER.index("installed")

    @property
    def open(self) -> bool:
        """Whether the protected content may be touched."""
        return self.name in STAYS or self.progress.open

    @cached_property
    def alarms(self) -> tuple[str, ...]:
        """Alarms for the operator: claims in comments that are ahead of the state, a gate that closed again, failures
        and lost evidence after the removal.

        If evidence of the removal was lost, alarms about a removal that came too early are dropped: it was in time.
        """
        fallen = tuple(self._fallen_after())
        ahead = self.talk.alarms(self) if self.talk else ()
        return (*ahead, *(() if fallen else self.progress.alarms), *fallen, *self._closed_again())

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All evidence of all authors, each piece with its result."""
        return tuple(rows(self.inputs, self.verified, self.said(), self.talk.others if self.talk else ()))

    @property
    def gate(self) -> GateState | None:
        """The operator's phrase, and whether it has opened the gate."""
        phrase, kept = self.inputs.soak.gate, self.inputs.kept.gate
        if phrase is None:
            return None
        by = self.progress.phrase or (kept if self.name in STAYS else None)
        if by is None:
            return GateState(phrase=phrase, open=self.open)
        return GateState(phrase=phrase, open=self.open, by=by.by, at=by.at, comment=by.comment)

    def kept(self) -> Kept:
        """Return the data to store for the next run."""
        made, before = self.progress, self.inputs.kept
        reached = self.stays
        if made.removal is not None and made.state in STAYS:
            reached = reached or Reached(state="removed", at=made.removal.at, comment=made.removal.comment)
        opened = made.phrase or before.gate
        return Kept(
            state=self.name,
            evidence=tuple(self._evidence()),
            phrases=self.inputs.phrases[-MAX_PHRASES:],
            gate=opened,
            early=self._early(opened),
            reached=reached,
        )

    def _evidence(self) -> Iterator[KeptEvidence]:
        """Return the evidence to store, up to a limit: failures first, then lost evidence, so that a flood of other
        evidence cannot push them out.
        """

        def weight(item: Item) -> tuple[bool, bool, datetime, tuple[int, int]]:
            return bool(self.verified[item.key].failed), bool(item.lost), item.at, item.key

        chosen = {item.key for item in sorted(self.inputs.items, key=weight, reverse=True)[:MAX_KEPT]}
        for item in self.inputs.items:
            if item.key in chosen:
                run = self.inputs.run(item.evidence.run)
                yield _kept(item, run)

    def _early(self, opened: Phrase | None) -> tuple[int, ...]:
        """Return the phrases that never count later. The phrase that opened the gate is not among them, so that it
        counts again after a temporary error.
        """
        found = {*self._never, *self.progress.early} - ({opened.comment} if opened else set())
        return tuple(sorted(found)[-MAX_PHRASES:])

    def said(self) -> dict[tuple[int, int], Seen]:
        """Return the result for each piece of evidence, including lost evidence."""
        said = dict(self.progress.said)
        for item in self.inputs.items:
            if item.lost and not self.verified[item.key].failed:
                said[item.key] = Seen(False, f"no longer counts: the comment was {item.lost}")
        return said

    @property
    def since(self) -> datetime | None:
        """When the current state was reached; None if the soak has not begun."""
        if self.name in STAYS and self.progress.state not in STAYS and self.stays:
            return self.stays.at
        return self.progress.transitions[-1].at if self.progress.transitions else None

    def transitions(self) -> tuple[Transition, ...]:
        """Return the newest transitions so far."""
        made = self.progress.transitions
        if self.name in STAYS and self.progress.state not in STAYS and self.stays:
            stayed = Transition(to="removed", at=self.stays.at, why="stays removed", comment=self.stays.comment)
            made = [*(one for one in made if one.at <= self.stays.at), stayed]
        return tuple(made[-MAX_TRANSITIONS:])

    def _fallen_after(self) -> Iterator[str]:
        if self.name in STAYS and self.progress.state not in STAYS:
            yield f"Evidence for the removal is lost: {self.what_fell()}. The state stays removed; please investigate."

    def _closed_again(self) -> Iterator[str]:
        kept = self.inputs.kept.gate
        if kept is not None and not self.open and self.progress.phrase is None:
            yield (
                f"The gate that {kept.by} opened with comment {kept.comment} is closed again: {self.what_fell()}. "
                "To reopen it, write the phrase again after the new evidence."
            )

    def what_fell(self) -> str:
        """Return in words why a gate closed again or a state was reverted."""
        lost = [item for item in self.inputs.items if item.lost]
        if self.progress.reset:
            return f"the soak was {self.progress.reset}"
        if lost:
            last = max(lost, key=lambda item: item.lost_at or item.at)
            return f"the {last.evidence.kind} evidence in comment {last.comment} was {last.lost}"
        return "the comment with the phrase is no longer valid" if self.progress.audit else "evidence changed"

    def _report_merged(self, since: datetime) -> bool:
        pulls = [one for one in self.inputs.seen.pulls if one.number == self.inputs.soak.report]
        return any(one.merged_at is not None and one.merged_at <= max(since, self.inputs.now) for one in pulls)


def tracked_soaks(snapshot: Snapshot) -> tuple[Soak, ...]:
    """Return the soaks whose tracking issue is the target, with the claims in its comments."""
    live = [one for one in snapshot.inputs.comments if snapshot.inputs.live(one)]
    talk = Talk(live, snapshot.policy.soaks)
    found = (inputs for inputs in all_soak_inputs(snapshot) if tracked(snapshot, inputs.soak))
    talk.soaks = tuple(Soak(inputs, talk) for inputs in found)
    return talk.soaks


def _kept(item: Item, run: RunSeen | None) -> KeptEvidence:
    return KeptEvidence(
        comment=item.comment,
        index=item.index,
        by=item.by,
        at=item.at,
        body_hash=item.body_hash,
        evidence=item.evidence.model_dump(mode="json", exclude_none=True),
        lost=item.lost,
        lost_at=item.lost_at,
        failed=item.failed or (run is not None and run.status == "failure"),
        began=began(item, run),
    )
