"""The names of the contract's sections, and the headings that stand for them."""

import re
import unicodedata
from collections.abc import Mapping

from bot.policy import ContractPolicy, SectionName

MAX_HEADING = 200
WORDS = re.compile(r"[^\W_]+")

NAMES: Mapping[SectionName, tuple[str, ...]] = {
    "product-story": ("Product story", "Story", "User story", "Product context"),
    "what-changed": ("What changed", "What changes", "Changes", "What is changed"),
    "why-it-changed": ("Why it changed", "Why", "Why it changes", "Why is it changed"),
    "files-touched": ("Files touched", "Touched files", "Files changed", "Changed files", "Files"),
    "relevant-context": ("Relevant context", "Context", "Related context", "Related"),
    "runtime-evidence": ("Runtime evidence", "Evidence"),
    "known-constraints": ("Known constraints", "Constraints", "Known limits", "Known limitations"),
    "out-of-scope": ("Explicit out-of-scope", "Explicitly out of scope", "Out of scope", "Non-goals"),
    "requested-decision": ("Requested decision", "Decision requested", "Decision", "Ask"),
    "merge-blockers": ("Merge blockers", "Blockers", "What blocks the merge"),
    "spec-sources-read": ("Spec sources read", "Sources read", "Spec sources", "Sources"),
    "validation": ("Validation", "Tests", "Test plan"),
    "red-team": ("Red team", "Redteam", "Red-team review", "Hostile self-review"),
}
"""The sections in their usual order, each with its possible headings; the first heading is the displayed one."""

_TITLES = {name: headings[0] for name, headings in NAMES.items()}
_NUMBERED = re.compile(r"^(?:\d+ )+")
_ASIDE = re.compile(r"\([^()]*\)[\s:*_]*$")
_RED_TEAM = re.compile(r"\bred ?team")


def title(name: SectionName) -> str:
    """Gives the displayed heading of a section."""
    return _TITLES[name]


def key(heading: str) -> str:
    """Gives a heading in comparable form: lower-case words, without a number before and a bracketed remark after."""
    text = unicodedata.normalize("NFKC", heading[:MAX_HEADING]).casefold()
    return _NUMBERED.sub("", " ".join(WORDS.findall(_ASIDE.sub("", text))))


def lookup(rules: ContractPolicy) -> dict[str, SectionName]:
    """Gives the section names by heading. Headings in the policy override the usual ones."""
    usual = {key(heading): name for name, headings in NAMES.items() for heading in headings}
    return usual | {key(alias): name for name, aliases in rules.aliases.items() for alias in aliases}


def named(heading: str, known: Mapping[str, SectionName]) -> SectionName | None:
    """Gives the section that a heading begins."""
    return known.get(key(heading)) or ("red-team" if _RED_TEAM.search(key(heading)) else None)
