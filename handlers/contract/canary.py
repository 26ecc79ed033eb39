"""Compares the line `Canary status: ...` with the canary's statuses on the head."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.model import Finding, Snapshot, StatusSeen
from bot.policy import ContractPolicy, named
from handlers.contract.rules import finding, line, listed
from handlers.facts.description.phrases import wrote
from handlers.facts.description.sections import Pack, Said
from handlers.facts.patterns import text_fits
from handlers.facts.statuses import self_reported, was_skipped
from handlers.facts.wording import quoted

WAIVER = "canary-waived"
WORDS = ("missing", "pending", "running", "passed", "failed", "waived")
_WAIVED = re.compile(rf"{WAIVER} ([0-9a-f]{{40,64}})")


class Real(StrEnum):
    """The state of the canary on the head. A skipped canary has not run."""

    NONE = "has not run"
    WAITING = "waits"
    RUNNING = "is running"
    CANCELLED = "was cancelled"
    PASSED = "has passed"
    FAILED = "has failed"


AGREES = {
    "missing": {Real.NONE, Real.CANCELLED},
    "pending": {Real.NONE, Real.WAITING, Real.RUNNING, Real.CANCELLED},
    "running": {Real.WAITING, Real.RUNNING},
    "passed": {Real.PASSED},
    "failed": {Real.FAILED, Real.CANCELLED},
    "waived": set(Real),
}
_WORST = (Real.FAILED, Real.CANCELLED, Real.RUNNING, Real.WAITING, Real.PASSED)


@dataclass(frozen=True)
class Canary:
    """The canary's statuses on the head, and their combined state.

    `ignored` are successes that the author or an agent reported.
    """

    state: Real
    statuses: tuple[StatusSeen, ...]
    ignored: tuple[StatusSeen, ...] = ()

    def word(self, tier: str) -> str:
        """Gives the correct word for the line."""
        words = {Real.PASSED: "passed", Real.FAILED: "failed", Real.CANCELLED: "failed", Real.RUNNING: "running"}
        return words.get(self.state, "missing" if tier == "lite" and self.state is Real.NONE else "pending")

    @property
    def sentence(self) -> str:
        """Gives the statuses in words."""
        who = list(dict.fromkeys(one.creator for one in self.ignored))
        but = f"; a success reported by the author or an agent does not count: {listed(who, 3)}" if who else ""
        if not self.statuses:
            return f"no canary has reported on the head{but}"
        shown = [f"{one.context}: {one.description or one.state}" for one in self.statuses]
        return f"the canary {self.state} ({listed(shown, 3)}){but}"


def real(snapshot: Snapshot, rules: ContractPolicy) -> Canary:
    """Gives the canary's state, by the statuses of the policy's canary contexts."""
    every = snapshot.inputs.statuses
    chosen = tuple(one for one in every if any(text_fits(pattern, one.context) for pattern in rules.canary))
    counted = tuple(one for one in chosen if not self_reported(one, snapshot))
    states = {state_of(one) for one in counted}
    state = next((state for state in _WORST if state in states), Real.NONE)
    return Canary(state, counted, tuple(one for one in chosen if one not in counted))


def state_of(status: StatusSeen) -> Real:
    """Gives the state of a job. Forgejo Actions report a skipped job as a success, and a cancelled one as failed."""
    said = status.description.casefold()
    if was_skipped(status):
        return Real.NONE
    if status.state == "success":
        return Real.PASSED
    if status.state in {"failure", "error", "warning"}:
        return Real.CANCELLED if "cancelled" in said or "canceled" in said else Real.FAILED
    return Real.RUNNING if "started running" in said or status.state == "running" else Real.WAITING


def waived(snapshot: Snapshot) -> str:
    """Gives the operator who waived the canary of this head; empty if none did.

    A waiver is a comment by an operator other than the author, which the bot received when it was written and which is
    unedited. It has the phrase and the head on its own line, outside code and quotes: all digits of it, since anybody
    can make a commit whose first ones are the same. Base branch and merge base must be those of that moment.
    """
    seen = snapshot.inputs
    for comment in seen.comments:
        right = named(comment.author, snapshot.policy.operators or ()) and not named(comment.author, (seen.author,))
        sure = right and comment.witnessed and not comment.edited and seen.named_by(comment)
        if sure and wrote(comment.body, lambda row: _is_waiver(row, seen.head.sha)):
            return comment.author
    return ""


def _is_waiver(row: str, head: str) -> bool:
    said = _WAIVED.fullmatch(row)
    return said is not None and head == said[1]


def check(pack: Pack, snapshot: Snapshot, canary: Canary, tier: str) -> Iterator[Finding]:
    """Gives at most one finding about the line."""
    right = f"Canary status: {canary.word(tier)}"
    if not pack.canary:
        yield finding(
            "canary-line",
            "The line with the canary status is missing",
            f"no line starts with Canary status; {canary.sentence}",
            f"Add as the first line: {right}",
        )
        return
    said = pack.canary[0]
    others = [one for one in pack.canary if one.word != said.word]
    if others:
        yield finding(
            "canary-twice",
            "Two lines give different canary statuses",
            f"{quoted(said.text)} in line {said.line}, {quoted(others[0].text)} in line {others[0].line}",
            f"Keep one line: {right}",
            line(others[0].line),
        )
    elif said.word not in WORDS:
        yield finding(
            "canary-word",
            f"The canary status is none of {', '.join(WORDS)}",
            quoted(said.text),
            f"Write: {right}",
            line(said.line),
        )
    else:
        yield from _disagreement(said, snapshot, canary, tier)


def _disagreement(said: Said, snapshot: Snapshot, canary: Canary, tier: str) -> Iterator[Finding]:
    right = f"Canary status: {canary.word(tier)}"
    if canary.state not in AGREES[said.word]:
        yield finding(
            "canary-disagrees",
            f"The line says {said.word}, but {'the canary' if canary.statuses else 'no canary'} {_did(canary)}",
            f"{quoted(said.text)}; {canary.sentence}",
            f"Write: {right}",
            line(said.line),
        )
    elif said.word == "missing" and tier != "lite":
        yield finding(
            "canary-disagrees",
            f"Only tier lite may have no canary, but this change is tier {tier}",
            quoted(said.text),
            f"Write: {right}",
            line(said.line),
        )
    elif said.word == "waived" and not waived(snapshot):
        head = snapshot.inputs.head.sha
        yield finding(
            "canary-waiver",
            "The line says waived, but no operator waived the canary for this head",
            f"{quoted(said.text)}; {canary.sentence}",
            f"An operator other than the author writes on its own line in a comment: {WAIVER} {head}. "
            f"Or write: {right}",
            line(said.line),
        )


def _did(canary: Canary) -> str:
    return canary.state.value if canary.statuses else "has reported"
