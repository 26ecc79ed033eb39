"""Goes through a soak's evidence in the order of time, and counts what counts: the heart of the state machine.

What fell (edited or deleted evidence) is left out from the moment it fell; what spoke against the soak never falls.
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
"""The command by which an operator starts a soak over."""
Event = Item | Phrase | Decision


class Seen(NamedTuple):
    """What became of one piece of evidence: whether it counts, and as what or why not."""

    counts: bool
    why: str


@dataclass
class Progress:
    """How far a soak has come: `counted` evidence, the runs `known` from it, and the `modules` that they are of.

    `said` has what became of each piece of evidence, `alarms` what nobody may pass over.
    """

    inputs: SoakInputs
    verified: Mapping[tuple[int, int], Verified]
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
        """Says whether enough runs count, and every module is among them."""
        return len(self.counted) >= self.inputs.soak.smokes and not self.lacking

    @property
    def runs(self) -> Sequence[int]:
        """Gives the numbers of the runs that count, in their order."""
        return [self.verified[item.key].run for item in self.counted]

    @property
    def lacking(self) -> tuple[str, ...]:
        """Gives the modules of which no run counts yet."""
        return tuple(name for name in self.inputs.soak.modules if name not in self.modules)

    @property
    def earliest(self) -> datetime | None:
        """Gives when the audit may be, None before the first run that counts."""
        return self.first + timedelta(days=self.inputs.soak.days) if self.first else None

    @property
    def state(self) -> StateName:
        """Gives the state that the evidence bears."""
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
        """Says whether the gate is open: by the phrase or, where there is none, by the audit."""
        return self.state in {"approved", "removed", "closed"} or (
            self.state == "audited" and not self.inputs.soak.gate
        )


def progress(inputs: SoakInputs, verified: Mapping[tuple[int, int], Verified], until: datetime) -> Progress:
    """Gives how far a soak had come at a moment."""
    made = Progress(inputs, verified)
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
    """Records the way from one state to the next, each state on it with the evidence that it rests on."""
    after = made.state
    if after == before:
        return
    if after == "blocked" or before == "blocked" or ORDER.index(after) < ORDER.index(before):
        why = made.blocked or made.reset or "what it rested on fell"
        made.transitions.append(Transition(to=after, at=at, why=why, comment=comment))
        return
    for state in ORDER[ORDER.index(before) + 1 : ORDER.index(after) + 1]:
        if state == "approved" and made.phrase is None:
            continue
        made.transitions.append(Transition(to=state, at=at, why=_because(made, state), comment=comment))


def _because(made: Progress, state: StateName) -> str:
    soak = made.inputs.soak
    return {
        "installed": "the token's file is there",
        "soaking": f"the first run counts: #{made.runs[0]}" if made.counted else "",
        "threshold-met": f"{len(made.counted)} of {soak.smokes} runs count",
        "audited": "the audit found what it has to",
        "awaiting-operator": "all evidence is there but the operator's word",
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
    """What speaks against the soak starts it over or blocks it, once something counted."""
    if not seen.failed:
        return None
    told = f"run #{seen.run}: {seen.failed}" if seen.run and "run #" not in seen.failed else seen.failed
    if made.removal is not None:
        made.alarms.append(f"After the removal, {told} (comment {item.comment}).")
        return Seen(False, f"{told}; it came after the removal")
    early = seen.started_at is not None and made.first is not None and seen.started_at < made.first
    if not made.counted or early:
        return Seen(False, f"not counted: {told}")
    if made.inputs.soak.on_failure == "block":
        made.blocked, made.blocked_by = told, item.comment
        return Seen(True, f"it blocks the soak: {told}")
    made.reset = f"started over: {told}"
    _start_over(made, f"counted until the soak was started over by comment {item.comment}")
    return Seen(True, f"it starts the soak over: {told}")


def _start_over(made: Progress, why: str) -> None:
    for item in (*made.counted, *filter(None, (made.audit,))):
        made.said[item.key] = Seen(False, why)
    made.counted, made.known, made.modules = [], set(), set()
    made.first, made.audit, made.phrase = None, None, None


def _install(made: Progress, item: Item, seen: Verified) -> Seen:
    if seen.faults:
        return Seen(False, f"not counted: {seen.faults[0]}")
    made.installed = made.installed or item
    return Seen(True, "counted as the installation")


def _smoke(made: Progress, item: Item, seen: Verified) -> Seen:
    soak, run = made.inputs.soak, seen.run
    if made.blocked:
        return Seen(False, "not counted: the soak is blocked")
    if seen.faults:
        return Seen(
            False, f"{'not counted yet' if seen.pending and len(seen.faults) == 1 else 'not counted'}: {seen.faults[0]}"
        )
    if soak.modules and item.evidence.module not in soak.modules:
        return Seen(False, f"not counted: {item.evidence.module or 'no module'} is none of the soak's modules")
    if other := made.inputs.elsewhere(run):
        return Seen(False, f"not counted: run #{run} was used for the soak {other}")
    if run in made.known:
        return Seen(False, f"not counted: run #{run} counts already")
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
        lacking = f", and none of {', '.join(made.lacking)}" if made.lacking else ""
        return Seen(False, f"not counted: {len(made.counted)} of {made.inputs.soak.smokes} runs count so far{lacking}")
    taken = min(item.at, item.evidence.observed_at or item.at)
    if taken < made.earliest:
        return Seen(False, f"not counted: too early, not before {made.earliest:%Y-%m-%d %H:%M} UTC")
    if made.audit is None:
        made.audit = item
    return Seen(True, "counted as the audit")


def _removal(made: Progress, item: Item, seen: Verified) -> Seen:
    if made.removal is not None:
        return Seen(False, f"the removal is proven already by comment {made.removal.comment}")
    if not made.open:
        made.alarms.append(f"Comment {item.comment} tells of a removal, and the gate wasn't open ({made.state}).")
        return Seen(False, f"not counted: the gate wasn't open, the soak was {made.state}")
    if seen.faults:
        return Seen(False, f"not counted: {seen.faults[0]}")
    opened = made.phrase.at if made.phrase else made.audit.at if made.audit else item.at
    if seen.started_at is None or seen.started_at < opened:
        return Seen(False, f"not counted: run #{seen.run} didn't begin after the gate was opened")
    made.removal = item
    return Seen(True, "counted as the removal")


def _approval(made: Progress, item: Item, seen: Verified) -> Seen:  # noqa: ARG001 - as the others
    return Seen(False, f"not counted: {seen.faults[0]}")


def _heed(made: Progress, phrase: Phrase) -> None:
    if made.phrase is not None or made.removal is not None:
        return
    # A run that ends or is run again later proves nothing for the time when the operator was told that it's too early.
    if made.state == "awaiting-operator" and phrase.comment not in made.inputs.kept.early:
        made.phrase = phrase
    else:
        made.early[phrase.comment] = made.state


def _restart(made: Progress, decision: Decision) -> None:
    if made.removal is None:
        made.blocked, made.blocked_by = "", 0
        made.reset = f"started over by {decision.by}"
        _start_over(made, f"counted until {decision.by} started the soak over")


def _close(made: Progress, until: datetime) -> None:
    """The report's merge closes what is removed, whichever came first."""
    number = made.inputs.soak.report
    pull = next((one for one in made.inputs.seen.pulls if one.number == number), None) if number else None
    if made.removal is None or pull is None or pull.merged_at is None or pull.merged_at > until:
        return
    before = made.state
    made.closed_at = max(made.removal.at, pull.merged_at)
    _note(made, before, made.closed_at, 0)
