"""The gate phrases that a description announces: words by which an operator approves a step."""

import re
from collections.abc import Iterator

from bot.policy import ContractPolicy
from handlers.facts.description.mentions import words
from handlers.facts.description.sections import Pack
from handlers.facts.patterns import text_fits

MAX_GATES = 20
_PHRASE = re.compile(r"(?<![\w.-])[\w.]{1,40}(?:-[\w.]{1,40}){2,20}")
"""At least three parts, because "pre-approved" is an ordinary word."""


def announced_phrases(pack: Pack, rules: ContractPolicy) -> Iterator[tuple[str, int]]:
    """Gives the phrases in the sections of a description, each once with its line, at most MAX_GATES."""
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
