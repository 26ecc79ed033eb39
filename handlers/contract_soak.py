"""Claims that a soak has begun or ended, in the description and in added lines."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.model import Location, Snapshot
from handlers.contract_rules import line
from handlers.contract_sections import Pack

MAX_CLAIMS = 5
LONGEST = 2_000

_CLAIM = re.compile(
    r"\bsoak(?:ing)?\b(?: \w+){0,2}? (?:has |have |is |was |now |already )*"
    r"(?:started|begun|began|running|under ?way|completed?|passed|finished|done|over|approved|ended|successful)\b"
    r"|\b(?:started|began|begun|completed|passed|finished|ended)(?: \w+){0,3} soak\b"
    r"|\bsoak (?:threshold|criteria) (?:is |are |was |were )?met\b"
)
_NOT = re.compile(
    r"\b(?:no|not|never|cannot|until|before|when|once|if|whether|any|would|will|should|must|can|may|after|unless"
    r"|claims? that|how)\b|n't\b"
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")


class Claim(NamedTuple):
    """A sentence that claims it, where in words, and where."""

    text: str
    where: str
    at: Location


def soak_claims(pack: Pack, snapshot: Snapshot) -> list[Claim]:
    """Gives the first claims; what is declared out of scope or a merge blocker claims nothing."""
    found: list[Claim] = []
    for claim in _all(pack, snapshot):
        found.append(claim)
        if len(found) == MAX_CLAIMS:
            break
    return found


def _all(pack: Pack, snapshot: Snapshot) -> Iterator[Claim]:
    seen = snapshot.inputs
    for text in _claims(seen.title):
        yield Claim(text, "the title", Location(where="title"))
    for name, part in pack.parts.items():
        for item in part.read if name not in {"out-of-scope", "merge-blockers"} else ():
            for text in _claims(item.text):
                yield Claim(text, "the description", line(item.line))
    for run in seen.added:
        for place, row in enumerate(run.text.split("\n")):
            for text in _claims(row):
                at = Location(where="diff", path=run.path, line=run.start + place)
                yield Claim(text, f"{run.path}:{run.start + place}", at)


def _claims(text: str) -> Iterator[str]:
    if "soak" not in text.casefold():
        return
    for sentence in _SENTENCE.split(text[:LONGEST]):
        said = " ".join(sentence.casefold().split())
        claim = _CLAIM.search(said)
        if claim and not _NOT.search(said[: claim.end()]):
            yield sentence.strip()
