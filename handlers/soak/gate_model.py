"""The gates that concern a target: of soaks, separate ones of the policy, and those that a description announces.

All that is said of a gate is read here: by the check `gates`, by `/gate`, and by the contract. A phrase counts where
the policy says: on a soak's tracking issue and on `gate_on`, or on a gate's `targets`. A phrase that only a description
announces counts on its own pull request, for the head, base branch and merge base of the moment when it was written: no
policy says what the gate is, so it is about what the operator saw.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.model import Kind, Snapshot
from bot.policy import GatePolicy, SoakPolicy
from handlers.facts.description.announced_phrases import announced_phrases
from handlers.facts.description.sections import read
from handlers.soak.state.inputs import Phrase, all_soak_inputs, phrases_in
from handlers.soak.state.machine import Soak

ANNOUNCED = "announced in the description"


@dataclass(frozen=True)
class Gate:
    """A gate: `on` names where its phrase counts, `here` says whether the target is among them."""

    phrase: str
    about: str
    on: tuple[str, ...]
    here: bool
    soak: Soak | None = None
    policy: GatePolicy | None = None

    @property
    def ruled(self) -> bool:
        """Whether the policy defines it; otherwise only a description announces it."""
        return self.about != ANNOUNCED


def announced_in(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the phrases that the description announces, if the contract is on."""
    rules = snapshot.policy.contract
    if rules.mode == "off" or snapshot.target.kind is not Kind.PULL:
        return ()
    return tuple(phrase for phrase, _ in announced_phrases(read(snapshot.inputs.body, rules), rules))


class Gates:
    """The gates of a snapshot, with the phrases that a description announces."""

    def __init__(self, snapshot: Snapshot, announced: Sequence[str] = ()) -> None:
        self._snapshot = snapshot
        self._announced = announced

    @cached_property
    def all(self) -> tuple[Gate, ...]:
        """All gates: those of the policy, then announced ones that the policy does not define."""
        ruled = tuple(self._ruled())
        known = {gate.phrase for gate in ruled}
        rest = (phrase for phrase in self._announced if phrase not in known)
        here = f"!{self._snapshot.target.number}"
        return (*ruled, *(Gate(phrase, ANNOUNCED, (here,), here=True) for phrase in rest))

    @cached_property
    def by_phrase(self) -> dict[str, Gate]:
        """The gates by their phrases."""
        return {gate.phrase: gate for gate in self.all}

    @property
    def here(self) -> tuple[Gate, ...]:
        """The gates whose phrases count on the target."""
        return tuple(gate for gate in self.all if gate.here)

    @cached_property
    def written(self) -> tuple[Phrase, ...]:
        """The valid phrases in the target's own thread, of gates that count here."""
        seen, operators = self._snapshot.inputs, self._snapshot.policy.operators or ()
        ruled = [gate.phrase for gate in self.here if gate.ruled]
        announced = [gate.phrase for gate in self.here if not gate.ruled]
        about_this = [comment for comment in seen.comments if seen.named_by(comment)] if announced else []
        return (*phrases_in(seen.comments, ruled, operators), *phrases_in(about_this, announced, operators))

    def opened(self, gate: Gate) -> Phrase | None:
        """Return the operator's phrase that opened a gate, on any of its targets; None if it is closed."""
        if gate.soak is not None:
            state = gate.soak.gate
            if state is None or not state.open or not state.by or state.at is None:
                return None
            return Phrase(phrase=gate.phrase, comment=state.comment, by=state.by, at=state.at)
        found = (*self.written, *(self._elsewhere(gate.policy) if gate.policy else ()))
        return next((one for one in found if one.phrase == gate.phrase), None)

    def _ruled(self) -> Iterator[Gate]:
        policy, number = self._snapshot.policy, self._snapshot.target.number
        soaks = {inputs.soak.name: Soak(inputs) for inputs in all_soak_inputs(self._snapshot)}
        for one in policy.soaks:
            if one.gate:
                about = f"the soak {one.name}"
                yield Gate(one.gate, about, _places(one), self._counts(one), soak=soaks.get(one.name))
        for gate in policy.gates:
            on = tuple(f"#{target}" for target in gate.targets)
            yield Gate(gate.phrase, gate.about, on, number in gate.targets, policy=gate)

    def _counts(self, soak: SoakPolicy) -> bool:
        target = self._snapshot.target
        return target.number in soak.gate_on if target.kind is Kind.PULL else target.number == soak.issue

    def _elsewhere(self, gate: GatePolicy) -> Iterator[Phrase]:
        for one in self._snapshot.inputs.phrases:
            if one.phrase == gate.phrase and one.number in gate.targets and one.number != self._snapshot.target.number:
                yield Phrase(phrase=one.phrase, comment=one.comment, by=one.by, at=one.at)


def _places(soak: SoakPolicy) -> tuple[str, ...]:
    return (f"#{soak.issue}", *(f"!{number}" for number in soak.gate_on))
