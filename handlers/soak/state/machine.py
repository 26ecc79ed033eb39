"""The state machine of soaks: where one stands, computed from its ground and never stored as truth.

Evidence that falls takes the state back, but not from removed and closed: what is removed is removed, so there it is an
alarm.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from bot.model import RunSeen, Snapshot
from handlers.soak.payload import ORDER, GateState, Row, StateName, Transition
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
    """One soak, computed: its state, and what is to be kept of it."""

    inputs: SoakInputs

    @cached_property
    def verified(self) -> Mapping[tuple[int, int], Verified]:
        """Each piece of evidence, held against what Forgejo tells."""
        return {item.key: verify(item, self.inputs) for item in self.inputs.items}

    @cached_property
    def progress(self) -> Progress:
        """How far it has come by the evidence that stands."""
        return progress(self.inputs, self.verified, self.inputs.now)

    @cached_property
    def stays(self) -> Reached | None:
        """What it reached and isn't taken back: by what is kept, or as it was just before some evidence fell."""
        found = [self.inputs.kept.reached] if self.inputs.kept.reached else []
        lost = [item.lost_at for item in self.inputs.items] + [phrase.lost_at for phrase in self.inputs.phrases]
        for moment in sorted({at for at in lost if at is not None}):
            then = progress(self.inputs, self.verified, moment - _TICK)
            if then.removal is not None and then.state in STAYS:
                found.append(Reached(state="removed", at=then.removal.at, comment=then.removal.comment))
        return min(found, key=lambda one: one.at, default=None)

    @property
    def name(self) -> StateName:
        """Where it stands."""
        now = self.progress.state
        if now in STAYS or self.stays is None:
            return now
        return "closed" if self._report_merged(self.stays.at) else "removed"

    @property
    def rank(self) -> int:
        """Gives how far it is on its way; a blocked soak is no further than installed."""
        return ORDER.index(self.name) if self.name in ORDER else ORDER.index("installed")

    @property
    def open(self) -> bool:
        """Says whether what it protects may be touched."""
        return self.name in STAYS or self.progress.open

    @cached_property
    def alarms(self) -> tuple[str, ...]:
        """What nobody may pass over: a gate that closed again, and what fell after the removal.

        Where the removal's ground fell, what seems early by what is left was in time.
        """
        fallen = tuple(self._fallen_after())
        return (*(() if fallen else self.progress.alarms), *fallen, *self._closed_again())

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All evidence there is, of whomever, and what became of each piece."""
        return tuple(rows(self.inputs, self.verified, self.said()))

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
        """Gives what the next look has to know: what stood, what fell, what opened the gate, what stays."""
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
        """Of too much evidence, what speaks against the soak is kept first, then what fell: nobody floods it out."""

        def weight(item: Item) -> tuple[bool, bool, datetime, tuple[int, int]]:
            return bool(self.verified[item.key].failed), bool(item.lost), item.at, item.key

        chosen = {item.key for item in sorted(self.inputs.items, key=weight, reverse=True)[:MAX_KEPT]}
        for item in self.inputs.items:
            if item.key in chosen:
                run = self.inputs.run(item.evidence.run)
                yield _kept(item, run)

    def _early(self, opened: Phrase | None) -> tuple[int, ...]:
        """Phrases that don't count later; the one that opened the gate does again when a passing fault is over."""
        found = {*self.inputs.kept.early, *self.progress.early} - ({opened.comment} if opened else set())
        return tuple(sorted(found)[-MAX_PHRASES:])

    def said(self) -> dict[tuple[int, int], Seen]:
        """What became of each piece of evidence, those that fell included."""
        said = dict(self.progress.said)
        for item in self.inputs.items:
            if item.lost and not self.verified[item.key].failed:
                said[item.key] = Seen(False, f"it was {item.lost}, so it no longer counts")
        return said

    @property
    def since(self) -> datetime | None:
        """When it came to stand where it does; None where it never began."""
        if self.name in STAYS and self.progress.state not in STAYS and self.stays:
            return self.stays.at
        return self.progress.transitions[-1].at if self.progress.transitions else None

    def transitions(self) -> tuple[Transition, ...]:
        """The way so far, the newest steps of it."""
        made = self.progress.transitions
        if self.name in STAYS and self.progress.state not in STAYS and self.stays:
            stayed = Transition(to="removed", at=self.stays.at, why="it stays removed", comment=self.stays.comment)
            made = [*(one for one in made if one.at <= self.stays.at), stayed]
        return tuple(made[-MAX_TRANSITIONS:])

    def _fallen_after(self) -> Iterator[str]:
        if self.name in STAYS and self.progress.state not in STAYS:
            yield f"What the removal rested on no longer stands: {self.what_fell()}. It stays removed; look into it."

    def _closed_again(self) -> Iterator[str]:
        kept = self.inputs.kept.gate
        if kept is not None and not self.open and self.progress.phrase is None:
            yield (
                f"The gate that {kept.by} opened by comment {kept.comment} is closed again: {self.what_fell()}. "
                "It opens by the phrase once more, written after the new evidence."
            )

    def what_fell(self) -> str:
        """Why a gate closed again or a state was taken back, in words."""
        lost = [item for item in self.inputs.items if item.lost]
        if self.progress.reset:
            return self.progress.reset
        if lost:
            last = max(lost, key=lambda item: item.lost_at or item.at)
            return f"the {last.evidence.kind} of comment {last.comment} was {last.lost}"
        return "the phrase isn't there any more as it was written" if self.progress.audit else "evidence changed"

    def _report_merged(self, since: datetime) -> bool:
        pulls = [one for one in self.inputs.seen.pulls if one.number == self.inputs.soak.report]
        return any(one.merged_at is not None and one.merged_at <= max(since, self.inputs.now) for one in pulls)


def tracked_soaks(snapshot: Snapshot) -> tuple[Soak, ...]:
    """Gives the soaks that a target is the tracking issue of."""
    return tuple(Soak(inputs) for inputs in all_soak_inputs(snapshot) if tracked(snapshot, inputs.soak))


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
