"""Holds sections against what they must hold: sources, evidence, conditions; and not one sentence for all of them."""

import re
from collections.abc import Iterator

from bot.model import Finding, Snapshot
from bot.policy import SectionName
from handlers.contract.rules import finding, line, listed
from handlers.contract.runtime_claims import sentences
from handlers.contract.sources import SECTIONS as SOURCES
from handlers.contract.tiers import Tier
from handlers.facts.description import mentions as text
from handlers.facts.description.emptiness import silent
from handlers.facts.description.sections import Pack, Part, title
from handlers.facts.wording import quoted

EVIDENCE: SectionName = "runtime-evidence"
BLOCKERS: SectionName = "merge-blockers"
MUST = {
    **dict.fromkeys(SOURCES, "a path, a number such as #12, an address, or the word none"),
    EVIDENCE: "a run, a hash, an exit code or a figure, or that nothing ran",
    BLOCKERS: "a condition under which it must not be merged, or the word none",
}
"""What a section must hold, in words."""
LONG, LONGER = 5, 8
"""Words of a sentence that may not stand in three sections, and of one that may not stand in two."""
MAX_SENTENCES = 500
MAX_TEXT = 20_000
SHOWN = 4

_NONE = re.compile(
    r"\b(?:none|nothing|n/a|not applicable|brak|nie dotyczy)\b"
    r"|\bno (?:\w+ ){0,3}(?:specs?|sources?|context|blockers?)\b"
)
_ADDRESS = re.compile(r"https?://\S")
_PROOF = re.compile(
    r"\d|\b(?:re)?(?:start|deploy|load|boot)\w*|\broll\w* out\b|\b(?:runtime|run|runs|ran|executed|applied)\b"
    r"|\b(?:pass(?:ed|es)?|fail(?:ed|s)?|green|red|skipped|validated)\b"
    r"|\b(?:not|never|nothing|none|no)\b.{0,60}\b(?:run|ran|runtime|deployed|applied|executed|mutation|change|changed)"
    r"|\b(?:docs|documentation)[- ]only\b|\bn/a\b|\bnot applicable\b|\bbrak\b"
)
_CONDITION = re.compile(
    r"\b(?:if|until|unless|any|without|before|after|when|missing|failing|failed|fails?|red|evidence|claims?|conflicts?"
    r"|secrets?|approvals?|reviews?|pending|must|requires?|required|needs?|not|no|never|blocked|unresolved|open|gdy|jesli"
    r"|jeśli|dopóki)\b"
)


def check(pack: Pack, tier: Tier, snapshot: Snapshot, *, told: bool) -> Iterator[Finding]:
    """Gives a finding for each required section that does not hold what it must, and one for a repeated sentence.

    `told`: what is wrong with the runtime evidence is told already.
    """
    for name in tier.required:
        part = pack.parts.get(name)
        if told and name == EVIDENCE:
            continue
        if part is None or silent(part, name) or name not in MUST or _holds(name, part, snapshot):
            continue
        yield finding(
            "section-hollow",
            f"Section {title(name)} does not hold what it must",
            quoted(pack.source(name)),
            f"Write there {MUST[name]}.",
            line(part.line),
        )
    yield from _repeated(pack, tier)


def _holds(name: SectionName, part: Part, snapshot: Snapshot) -> bool:
    said = "\n".join(item.text for item in part.read)[:MAX_TEXT].casefold()
    if name == EVIDENCE:
        return _PROOF.search(said) is not None
    if _NONE.search(said):
        return True
    if name == BLOCKERS:
        return _CONDITION.search(said) is not None
    named = any(
        next(iter(text.entries(item)), None) or next(iter(text.references(item, snapshot.target.repository)), None)
        for item in part.read
    )
    return named or _ADDRESS.search(said) is not None


def _repeated(pack: Pack, tier: Tier) -> Iterator[Finding]:
    """One finding for the sentence that stands in most sections: a text that fits everywhere says nothing."""
    places: dict[str, dict[SectionName, int]] = {}
    for name in tier.required:
        part = pack.parts.get(name)
        items = part.read[:MAX_SENTENCES] if part else ()
        for sentence, item in sentences(item for item in items if item.form in {"prose", "item"}):
            places.setdefault(sentence, {}).setdefault(name, item.line)
    repeated = [(said, where) for said, where in places.items() if _too_often(said, len(where))]
    if repeated:
        said, where = max(repeated, key=lambda pair: len(pair[1]))
        yield finding(
            "section-repeated",
            f"One sentence stands in {len(where)} sections: {listed(list(map(title, where)), SHOWN)}",
            quoted(said),
            "Write in each section what it is for; a section that has nothing to say holds the word none.",
            line(list(where.values())[1]),
        )


def _too_often(said: str, times: int) -> bool:
    size = len(said.split())
    return (times >= 2 and size >= LONGER) or (times >= 3 and size >= LONG)  # noqa: PLR2004 - see LONG, LONGER
