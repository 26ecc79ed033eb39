"""The gates that a description announces, and their state: the same that `/gate` shows."""

from dataclasses import dataclass

from bot.model import Snapshot
from bot.policy import ContractPolicy
from handlers.facts.description.announced_phrases import announced_phrases
from handlers.facts.description.sections import Pack
from handlers.facts.modes import listed
from handlers.soak import Gates


@dataclass(frozen=True)
class Gate:
    """A phrase, the line that announces it, the operator who opened the gate, if any, and where the phrase counts if
    not here.
    """

    phrase: str
    line: int
    by: str = ""
    elsewhere: tuple[str, ...] = ()
    soak: str = ""

    @property
    def sentence(self) -> str:
        """Gives the state of the gate in a sentence."""
        if self.by:
            return f"Gate {self.phrase}: opened by {self.by}."
        where = f" on {listed(self.elsewhere)}" if self.elsewhere else ""
        state = f"closed; the soak is {self.soak}" if self.soak else "closed"
        how = f"an operator writes the phrase on its own line in a comment{where}"
        return f"Gate {self.phrase}: {state}. To open it, {how}."


def announced(pack: Pack, snapshot: Snapshot, rules: ContractPolicy) -> tuple[Gate, ...]:
    """Gives the gates that the sections announce, in order."""
    gates = Gates(snapshot, [phrase for phrase, _ in announced_phrases(pack, rules)])
    return tuple(_gate(phrase, line, gates) for phrase, line in announced_phrases(pack, rules))


def _gate(phrase: str, line: int, gates: Gates) -> Gate:
    gate = gates.by_phrase[phrase]
    opened = gates.opened(gate)
    soak = gate.soak.name if gate.soak and opened is None else ""
    return Gate(phrase, line, opened.by if opened else "", () if gate.here else gate.on, soak)
