"""The gates that a description announces: phrases by which an operator approves a step, and their state."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.model import Snapshot
from bot.policy import ContractPolicy, named
from handlers.facts.description.mentions import words
from handlers.facts.description.phrases import wrote
from handlers.facts.description.sections import Pack
from handlers.facts.patterns import text_fits

MAX_GATES = 20
_PHRASE = re.compile(r"(?<![\w.-])[\w.]{1,40}(?:-[\w.]{1,40}){2,20}")
"""At least three parts, because "pre-approved" is an ordinary word."""


@dataclass(frozen=True)
class Gate:
    """A phrase, the line that announces it, and the operator who wrote it, if any."""

    phrase: str
    line: int
    by: str = ""

    @property
    def sentence(self) -> str:
        """Gives the state of the gate in a sentence."""
        if self.by:
            return f"Gate {self.phrase}: opened by {self.by}."
        return f"Gate {self.phrase}: closed. To open it, an operator writes the phrase on its own line in a comment."


def announced(pack: Pack, snapshot: Snapshot, rules: ContractPolicy) -> tuple[Gate, ...]:
    """Gives the gates that the sections announce, in order."""
    return tuple(Gate(phrase, line, opened_by(phrase, snapshot)) for phrase, line in _phrases(pack, rules))


def opened_by(phrase: str, snapshot: Snapshot) -> str:
    """Gives the operator who wrote a phrase on its own line; empty if none did.

    The bot must have received the comment when it was written, and it must be unedited. Code and quotes do not count.
    """
    for comment in snapshot.inputs.comments:
        right = comment.witnessed and not comment.edited and named(comment.author, snapshot.policy.operators or ())
        if right and wrote(comment.body, phrase.__eq__):
            return comment.author
    return ""


def _phrases(pack: Pack, rules: ContractPolicy) -> Iterator[tuple[str, int]]:
    known: set[str] = set()
    for part in pack.parts.values():
        for item in part.read:
            for name in words(item):
                if len(known) < MAX_GATES and name not in known and _is_phrase(name, rules):
                    known.add(name)
                    yield name, item.line


def phrases(text: str, rules: ContractPolicy) -> Iterator[str]:
    """Gives the gate phrases in a text."""
    return (match[0] for match in _PHRASE.finditer(text) if _is_phrase(match[0], rules))


def _is_phrase(name: str, rules: ContractPolicy) -> bool:
    return _PHRASE.fullmatch(name) is not None and any(text_fits(pattern, name) for pattern in rules.gates)
