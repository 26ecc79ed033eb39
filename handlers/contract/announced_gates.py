"""Gates that a description announces: phrases by which an operator allows a step, and whether he has."""

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
"""Three parts at least: "pre-approved" is a word."""


@dataclass(frozen=True)
class Gate:
    """A phrase, the line that announces it, and the operator who wrote it, if one has."""

    phrase: str
    line: int
    by: str = ""

    @property
    def told(self) -> str:
        """Gives in a sentence how the gate stands."""
        if self.by:
            return f"Gate {self.phrase}: opened by {self.by}."
        return f"Gate {self.phrase}: closed; an operator opens it by that phrase on a line of its own in a comment."


def announced(pack: Pack, snapshot: Snapshot, rules: ContractPolicy) -> tuple[Gate, ...]:
    """Gives the gates that the sections announce, in their order."""
    return tuple(Gate(phrase, line, opened_by(phrase, snapshot)) for phrase, line in _phrases(pack, rules))


def opened_by(phrase: str, snapshot: Snapshot) -> str:
    """Gives the operator who wrote a phrase on a line of its own; empty where none did.

    The bot must have seen the comment come, and nobody may have edited it. Code and quotations don't count.
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
    """Gives the phrases that stand in a text."""
    return (match[0] for match in _PHRASE.finditer(text) if _is_phrase(match[0], rules))


def _is_phrase(name: str, rules: ContractPolicy) -> bool:
    return _PHRASE.fullmatch(name) is not None and any(text_fits(pattern, name) for pattern in rules.gates)
