"""The inputs of a soak's state: its policy, the thread of its issue, Forgejo's answers, and stored data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from bot.model import (
    CommentText,
    Decision,
    Evidence,
    EvidenceRun,
    Kind,
    RunSeen,
    Snapshot,
    SoakSeen,
    Value,
    blocks,
)
from bot.policy import SoakPolicy, named
from handlers.facts.description.phrases import wrote
from handlers.soak.payload import StateName

CHECK = "soak-evidence"
PHRASES = "gates"
"""The check that stores where phrases were written."""
MAX_KEPT = 300
"""Maximum number of pieces of evidence that are stored for a soak."""
MAX_PHRASES = 30
"""Maximum number of places of its phrase that are stored."""


class Phrase(Value):
    """A valid phrase of an operator: witnessed, not edited, on a line of its own.

    `lost_at` is when the bot found that it is no longer valid.
    """

    phrase: str
    comment: int
    by: str
    at: datetime
    lost_at: datetime | None = None


class KeptEvidence(Value):
    """A stored piece of evidence. `lost` says whether it was edited or deleted, `lost_at` when that was found.

    `failed`: its run failed, and no rerun changes that. `began`: the start of its run, which Forgejo reports only for
    the newest runs.
    """

    comment: int
    index: int
    by: str
    at: datetime
    body_hash: str
    evidence: dict[str, Any]
    lost: str = ""
    lost_at: datetime | None = None
    failed: bool = False
    began: datetime | None = None


class Reached(Value):
    """A state that is never reverted, when it was reached, and by which comment."""

    state: StateName
    at: datetime
    comment: int = 0


class Kept(Value):
    """The stored data of a soak between runs: evidence, phrases, the phrase that opened its gate, phrases that came too
    early, and the state that is never reverted.
    """

    state: StateName = "not-started"
    evidence: tuple[KeptEvidence, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    gate: Phrase | None = None
    early: tuple[int, ...] = ()
    reached: Reached | None = None

    @classmethod
    def of(cls, content: object) -> "Kept":
        """Return the stored data; empty if it was written by an incompatible version of the program."""
        try:
            return cls.model_validate(content)
        except ValidationError:
            return cls()


@dataclass(frozen=True)
class Item:
    """A piece of evidence by an account whose evidence counts. `lost` and `lost_at` say whether it was edited or
    deleted, and when; `failed`: its run failed once; `began`: the start of its run.
    """

    comment: int
    index: int
    by: str
    at: datetime
    evidence: Evidence
    body_hash: str
    lost: str = ""
    lost_at: datetime | None = None
    failed: bool = False
    began: datetime | None = None

    @property
    def key(self) -> tuple[int, int]:
        """The comment's id, and the index of the payload in it."""
        return self.comment, self.index


@dataclass(frozen=True)
class SoakInputs:
    """All inputs of a soak's state."""

    soak: SoakPolicy
    seen: SoakSeen
    comments: tuple[CommentText, ...]
    decisions: tuple[Decision, ...]
    kept: Kept
    written: tuple[Phrase, ...]
    operators: tuple[str, ...]
    now: datetime

    def counts_from(self, login: str) -> bool:
        """Return whether an account's evidence counts."""
        return named(login, self.soak.evidence_from or (*self.seen.writers, *self.operators))

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Evidence of this soak, oldest first: present evidence, and evidence that was edited or deleted."""
        kept = {(one.comment, one.index): one for one in self.kept.evidence}
        there = {comment.id: comment for comment in self.comments}
        standing = [item for item in self._written() if self._unchanged(item, kept)]
        keys = {item.key for item in standing}
        fallen = [self._fallen(one, there) for key, one in kept.items() if key not in keys]
        found = [_recalled(item, kept.get(item.key)) for item in (*standing, *filter(None, fallen))]
        return tuple(sorted(found, key=lambda item: (item.at, item.key)))

    @cached_property
    def phrases(self) -> tuple[Phrase, ...]:
        """The places of the soak's phrase: present ones, and ones that were edited or deleted."""
        there = {one.comment for one in self.written}
        lost = (one for one in self.kept.phrases if one.comment not in there and one.phrase == self.soak.gate)
        fallen = [one.model_copy(update={"lost_at": one.lost_at or self.now}) for one in lost]
        return tuple(sorted((*self.written, *fallen), key=lambda one: (one.at, one.comment)))

    def run(self, named: EvidenceRun | None) -> RunSeen | None:
        """Return the run that evidence names by number or id, as reported by Forgejo."""
        if named is None:
            return None
        by_number, by_id = self._runs
        return by_number.get(named.number) if named.number else by_id.get(named.id)

    @cached_property
    def _runs(self) -> tuple[dict[int, RunSeen], dict[int, RunSeen]]:
        """The runs by number and by id; the first one wins if two are equal."""
        runs = self.seen.runs[::-1]
        return {run.number: run for run in runs if run.number}, {run.id: run for run in runs if run.id}

    def number(self, evidence: Evidence) -> int:
        """Return the number of the run that evidence is about, also if it names only the id; 0 if there is none."""
        named, run = evidence.run, self.run(evidence.run)
        return run.number if run and run.number else named.number if named else 0

    def elsewhere(self, number: int) -> str:
        """Return the soak that a run was already used for, in this thread or another; empty if none."""
        return self.seen.elsewhere.get(number, "") or self._used.get(number, "")

    @cached_property
    def _used(self) -> dict[int, str]:
        """Runs that were named in this thread for another soak before they were named for this one."""
        first: dict[int, str] = {}
        for comment in sorted(self.comments, key=lambda one: (one.created_at, one.id)):
            named = () if comment.edited or not self.counts_from(comment.author) else blocks(comment.body)
            for block in named:
                if block.evidence is not None and block.evidence.run and block.evidence.kind == "smoke":
                    first.setdefault(self.number(block.evidence), block.evidence.soak)
        return {run: name for run, name in first.items() if name != self.soak.name}

    def _written(self) -> Iterator[Item]:
        for comment in self.comments:
            if comment.edited or not self.counts_from(comment.author):
                continue
            for block in blocks(comment.body):
                if block.evidence is not None and block.evidence.soak == self.soak.name:
                    at = comment.created_at
                    yield Item(comment.id, block.index, comment.author, at, block.evidence, comment.body_hash)

    def _unchanged(self, item: Item, kept: dict[tuple[int, int], KeptEvidence]) -> bool:
        """Return whether a comment is as stored. Its hash is compared: times hide an edit within a second."""
        known = [one for key, one in kept.items() if key[0] == item.comment]
        return all(one.body_hash == item.body_hash and not one.lost for one in known)

    def _fallen(self, one: KeptEvidence, there: dict[int, CommentText]) -> Item | None:
        try:
            evidence = Evidence.model_validate(one.evidence)
        except ValidationError:
            return None
        lost = one.lost or ("edited" if one.comment in there else "deleted")
        return Item(one.comment, one.index, one.by, one.at, evidence, one.body_hash, lost, one.lost_at or self.now)


def all_soak_inputs(snapshot: Snapshot) -> Iterator[SoakInputs]:
    """Return the inputs of each soak that was observed for a target."""
    policies = {soak.name: soak for soak in snapshot.policy.soaks}
    for seen in snapshot.inputs.soaks:
        soak = policies.get(seen.name)
        if soak is not None and not seen.unseen:
            yield soak_inputs(snapshot, soak, seen)


def tracked(snapshot: Snapshot, soak: SoakPolicy) -> bool:
    """Return whether a target is the soak's tracking issue."""
    return snapshot.target.kind is Kind.ISSUE and snapshot.target.number == soak.issue


def soak_inputs(snapshot: Snapshot, soak: SoakPolicy, seen: SoakSeen) -> SoakInputs:
    """Return the inputs of one soak: from the target's own thread if tracked there, otherwise from stored data."""
    own, inputs = tracked(snapshot, soak), snapshot.inputs
    operators = snapshot.policy.operators or ()
    comments = inputs.comments if own else seen.comments
    written = phrases_in(comments, (soak.gate,) if soak.gate else (), operators)
    return SoakInputs(
        soak=soak,
        seen=seen,
        comments=comments,
        decisions=inputs.decisions if own else seen.decisions,
        kept=Kept.of(_memory(snapshot).get(soak.name, {}) if own else seen.kept),
        written=(*written, *_elsewhere(seen, soak)),
        operators=operators,
        # Forgejo's clock may be ahead: comments with a later time count now, since no event would trigger a new run.
        now=max([snapshot.taken_at, *(one.created_at for one in comments)]),
    )


def phrases_in(comments: Sequence[CommentText], phrases: Sequence[str], operators: Sequence[str]) -> tuple[Phrase, ...]:
    """Return the valid phrases of operators, in the order of the comments."""
    return tuple(
        Phrase(phrase=phrase, comment=comment.id, by=comment.author, at=comment.created_at)
        for comment in sorted(comments, key=lambda one: one.id)
        for phrase in phrases
        if comment.witnessed and not comment.edited and named(comment.author, operators) and phrase in comment.body
        if wrote(comment.body, phrase.__eq__)
    )


def _recalled(item: Item, known: KeptEvidence | None) -> Item:
    return replace(item, failed=known.failed, began=known.began) if known else item


def _memory(snapshot: Snapshot) -> dict[str, Any]:
    newest = [one.content for one in snapshot.memory.judgments if one.check == CHECK]
    found = newest[-1].get("soaks") if newest else None
    return found if isinstance(found, dict) else {}


def _elsewhere(seen: SoakSeen, soak: SoakPolicy) -> tuple[Phrase, ...]:
    """Return the soak's phrases on pull requests that the policy lists under `gate_on`."""
    return tuple(
        Phrase(phrase=one.phrase, comment=one.comment, by=one.by, at=one.at)
        for one in seen.phrases
        if soak.gate == one.phrase and one.number in soak.gate_on
    )
