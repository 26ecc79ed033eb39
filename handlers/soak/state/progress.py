"""Processes a soak's evidence in the order of time: the core of the state machine.

Lost evidence (edited or deleted) is ignored from the moment it was lost. Evidence of a failure is never ignored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.model import Decision
from handlers.soak.payload import ORDER, StateName, Transition
from handlers.soak.state.inputs import Item, Phrase, SoakInputs
from handlers.soak.state.verify import Verified

RESTART = "soak-restart"
"""The command with which an operator restarts a soak."""
Event = Item | Phrase | Decision


class Seen(NamedTuple):
    """The result for one piece of evidence: whether it counts, and as what or why not."""

    counts: bool
    why: str


@dataclass
class Progress:
    """The progress of a soak: the `counted` evidence, the numbers of its runs (`known`), and their `modules`.

    `never` are the comments whose phrases never count, `early` those that came too early, with the state then.
    `said` has the result for each piece of evidence; `alarms` are for the operator.
    """

    inputs: SoakInputs
    verified: Mapping[tuple[int, int], Verified]
    never: frozenset[int] = frozenset()
    installed: Item | None = None
    counted: list[Item] = field(default_factory=list)
    known: set[int] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    first: datetime | None = None
    audit: Item | None = None
    phrase: Phrase | None = None
    removal: Item | None = None
    blocked: str = ""
    blocked_by: int = 0
    closed_at: datetime | None = None
    reset: str = ""
    transitions: list[Transition] = field(default_factory=list)
    said: dict[tuple[int, int], Seen] = field(default_factory=dict)
    early: dict[int, str] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)

    @property
    def threshold(self) -> bool:
        """Whether enough runs count, with every module among them."""
        return len(self.counted) >= self.inputs.soak.smokes and not self.lacking

    @property
    def runs(self) -> Sequence[int]:
        """The numbers of the runs that count, in their order."""
        return [self.verified[item.key].run for item in self.counted]

    @property
    def lacking(self) -> tuple[str, ...]:
        """The modules without a run that counts."""
        return tuple(name for name in self.inputs.soak.modules if name not in self.modules)

    @property
    def earliest(self) -> datetime | None:
        """The earliest time for the audit; None before the first run that counts."""
        return self.first + timedelta(days=self.inputs.soak.days) if self.first else None

    @property
    def state(self) -> StateName:
        """The state that follows from the evidence."""
        if self.removal is None and self.blocked:
            return "blocked"
        if self.installed is None:
            return "not-started"
        if not self.counted:
            return "installed"
        if not self.threshold:
            return "soaking"
        if self.audit is None:
            return "threshold-met"
        return self._audited()

    def _audited(self) -> StateName:
        if self.inputs.soak.gate and self.phrase is None:
            return "awaiting-operator"
        if self.removal is None:
            return "approved" if self.phrase else "audited"
        return "closed" if self.closed_at else "removed"

    @property
    def open(self) -> bool:
        """Whether the gate is open: by the phrase, or by the audit if the policy has no phrase."""
        return self.state in {"approved", "removed", "closed"} or (
            self.state == "audited" and not self.inputs.soak.gate
        )


def progress(
    inputs: SoakInputs,
    verified: Mapping[tuple[int, int], Verified],
    until: datetime,
    never: frozenset[int] = frozenset(),
) -> Progress:
    """Return the progress of a soak at a moment. `never` are the comments whose phrases came too early."""
    made = Progress(inputs, verified, never=never)
    for event in _events(inputs, verified, until):
        before = made.state
        if isinstance(event, Item):
            _take(made, event)
        elif isinstance(event, Phrase):
            _heed(made, event)
        else:
            _restart(made, event)
        number = event.comment_id if isinstance(event, Decision) else event.comment
        _note(made, before, event.at, number)
    _close(made, until)
    return made


def _events(inputs: SoakInputs, verified: Mapping[tuple[int, int], Verified], until: datetime) -> Sequence[Event]:
    def standing(item: Item) -> bool:
        return bool(verified[item.key].failed) or item.lost_at is None or item.lost_at > until

    items: list[tuple[datetime, int, int, Event]] = [
        (item.at, item.comment, item.index, item) for item in inputs.items if item.at <= until and standing(item)
    ]
    spoken = (one for one in inputs.phrases if one.at <= until and (one.lost_at is None or one.lost_at > until))
    items += [(one.at, one.comment, 0, one) for one in spoken]
    taken = (one for one in inputs.decisions if one.command == RESTART and not one.refused and one.at <= until)
    items += [(one.at, one.comment_id, one.line, one) for one in taken if one.argument == inputs.soak.name]
    return [event for *_, event in sorted(items, key=lambda entry: entry[:3])]


def _note(made: Progress, before: StateName, at: datetime, comment: int) -> None:
    """Record the transitions from one state to the next, each with its reason."""
    after = made.state
    if after == before:
        return
    if after == "blocked" or before == "blocked" or ORDER.index(after) < ORDER.index(before):
        why = made.blocked or made.reset or "its evidence was lost"
        made.transitions.append(Transition(to=after, at=at, why=why, comment=comment))
        return
    for state in ORDER[ORDER.index(before) + 1 : ORDER.index(after) + 1]:
        if state == "approved" and made.phrase is None:
            continue
        made.transitions.append(Transition(to=state, at=at, why=_because(made, state), comment=comment))


def _because(made: Progress, state: StateName) -> str:
    soak = made.inputs.soak
    return {
        "installed": "the token file is installed",
        "soaking": f"the first run counts: #{made.runs[0]}" if made.counted else "",
        "threshold-met": f"{len(made.counted)} of {soak.smokes} runs count",
        "audited": "the audit passed",
        "awaiting-operator": "an operator must decide",
        "approved": f"{made.phrase.by} wrote the phrase" if made.phrase else "",
        "removed": "the removal is proven",
        "closed": f"#{soak.report} is merged",
    }.get(state, "")


def _take(made: Progress, item: Item) -> None:
    seen = made.verified[item.key]
    if failed := _failing(made, item, seen):
        made.said[item.key] = failed
        return
    kinds = {"install": _install, "smoke": _smoke, "audit": _audit, "removal": _removal, "approval": _approval}
    made.said[item.key] = kinds[item.evidence.kind](made, item, seen)


def _failing(made: Progress, item: Item, seen: Verified) -> Seen | None:
    """Apply a failure: it restarts or blocks the soak if runs already count. Return None if there is no failure."""
    if not seen.failed:
        return None
    failure = f"run #{seen.run}: {seen.failed}" if seen.run and "run #" not in seen.failed else seen.failed
    if made.removal is not None:
        made.alarms.append(f"Failure after the removal: {failure} (comment {item.comment}).")
        return Seen(False, f"not counted: {failure}, after the removal")
    early = seen.started_at is not None and made.first is not None and seen.started_at < made.first
    if not made.counted or early:
        return Seen(False, f"not counted: {failure}")
    if made.inputs.soak.on_failure == "block":
        made.blocked, made.blocked_by = failure, item.comment
        return Seen(True, f"blocks the soak: {failure}")
    made.reset = f"restarted ({failure})"
    _start_over(made, f"no longer counts: comment {item.comment} restarted the soak")
    return Seen(True, f"restarts the soak: {failure}")


def _start_over(made: Progress, why: str) -> None:
    for item in (*made.counted, *filter(None, (made.audit,))):
        made.said[item.key] = Seen(False, why)
    made.counted, made.known, made.modules = [], set(), set()
    made.first, made.audit, made.phrase = None, None, None


def _install(made: Progress, item: Item, seen: Verified) -> Seen:
    if seen.faults:
        return Seen(False, f"not counted: {seen.faults[0]}")
    made.installed = made.installed or item
    return Seen(True, "counts as the installation")


def _smoke(made: Progress, item: Item, seen: Verified) -> Seen:
    soak, run = made.inputs.soak, seen.run
    if made.blocked:
        return Seen(False, "not counted: the soak is blocked")
    if seen.faults:
        return Seen(
            False, f"{'not counted yet' if seen.pending and len(seen.faults) == 1 else 'not counted'}: {seen.faults[0]}"
        )
    if soak.modules and item.evidence.module not in soak.modules:
        given = f"module {item.evidence.module}" if item.evidence.module else "no module"
        return Seen(False, f"not counted: expected one of the modules {', '.join(soak.modules)}, got {given}")
    if other := made.inputs.elsewhere(run):
        return Seen(False, f"not counted: run #{run} is already used for the soak {other}")
    if run in made.known:
        return Seen(False, f"not counted: run #{run} already counts")
    made.counted.append(item)
    made.known.add(run)
    made.modules.add(item.evidence.module)
    made.first = min(filter(None, (made.first, seen.started_at)), default=item.at)
    return Seen(True, f"run #{run} counts as {len(made.counted)} of {soak.smokes}")


def _audit(made: Progress, item: Item, seen: Verified) -> Seen:
    if made.blocked:
        return Seen(False, "not counted: the soak is blocked")
    if seen.faults:
        return Seen(False, f"not counted: {seen.faults[0]}")
    if not made.threshold or made.earliest is None:
        lacking = f"; missing modules: {', '.join(made.lacking)}" if made.lacking else ""
        return Seen(False, f"not counted: {len(made.counted)} of {made.inputs.soak.smokes} runs count so far{lacking}")
    taken = min(item.at, item.evidence.observed_at or item.at)
    if taken < made.earliest:
        return Seen(False, f"not counted: too early, not before {made.earliest:%Y-%m-%d %H:%M} UTC")
    if made.audit is None:
        made.audit = item
    return Seen(True, "counts as the audit")


def _removal(made: Progress, item: Item, seen: Verified) -> Seen:
    if made.removal is not None:
        return Seen(False, f"not counted: comment {made.removal.comment} already proves the removal")
    if not made.open:
        made.alarms.append(f"Comment {item.comment} reports a removal, but the gate was closed (state: {made.state}).")
        return Seen(False, f"not counted: the gate was closed (state: {made.state})")
    if seen.faults:
        return Seen(False, f"not counted: {seen.faults[0]}")
    opened = made.phrase.at if made.phrase else made.audit.at if made.audit else item.at
    if seen.started_at is None or seen.started_at < opened:
        return Seen(False, f"not counted: run #{seen.run} did not start after the gate was opened")
    made.removal = item
    return Seen(True, "counts as the removal")


def _approval(made: Progress, item: Item, seen: Verified) -> Seen:  # noqa: ARG001 - as the others
    return Seen(False, f"not counted: {seen.faults[0]}")


def _heed(made: Progress, phrase: Phrase) -> None:
    if made.phrase is not None or made.removal is not None:
        return
    # A phrase that came too early stays invalid, even if a run that finished later would make it valid in hindsight.
    if made.state == "awaiting-operator" and phrase.comment not in made.never:
        made.phrase = phrase
    else:
        made.early[phrase.comment] = made.state


def _restart(made: Progress, decision: Decision) -> None:
    if made.removal is None:
        made.blocked, made.blocked_by = "", 0
        made.reset = f"restarted by {decision.by}"
        _start_over(made, f"no longer counts: {decision.by} restarted the soak")


def _close(made: Progress, until: datetime) -> None:
    """Close a removed soak if its report is merged, before or after the removal."""
    number = made.inputs.soak.report
    pull = next((one for one in made.inputs.seen.pulls if one.number == number), None) if number else None
    if made.removal is None or pull is None or pull.merged_at is None or pull.merged_at > until:
        return
    before = made.state
    made.closed_at = max(made.removal.at, pull.merged_at)
    _note(made, before, made.closed_at, 0)
