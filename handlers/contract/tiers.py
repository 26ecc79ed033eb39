"""The tier of a description: the required sections, by the kind of change, or stricter if the author asks for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot.model import Finding, Snapshot
from bot.policy import ContractPolicy, SectionName
from handlers.contract.rules import finding, line
from handlers.facts.change import Facts
from handlers.facts.description.emptiness import silent
from handlers.facts.description.sections import NAMES, Pack, Said, key, title
from handlers.facts.wording import quoted

OPTIONAL = ("validation", "red-team")
LITE: tuple[SectionName, ...] = (
    "what-changed", "why-it-changed", "files-touched", "requested-decision", "merge-blockers", "spec-sources-read",
)  # fmt: skip
"""Documentation needs no runtime evidence, and no product story beyond the reason for the change."""
FULL: tuple[SectionName, ...] = tuple(name for name in NAMES if name not in OPTIONAL)
USUAL: Mapping[str, tuple[SectionName, ...]] = {"lite": LITE, "stacked": FULL, "full": FULL}
STRICT = {"lite": 0, "stacked": 1, "full": 1}
LABEL = "tier/"
MAX_HEADINGS = 200


@dataclass(frozen=True)
class Tier:
    """The effective tier, the one derived from the change, the requested one, and the required sections.

    `looser` is a line that requests a less strict tier.
    """

    name: str
    derived: str
    asked: str
    required: tuple[SectionName, ...]
    looser: Said | None = None


def of(snapshot: Snapshot, pack: Pack, rules: ContractPolicy) -> Tier:
    """Gives the tier of a pull request: by its files and base, or a stricter one by a line or a label."""
    derived = Facts(snapshot).tier
    labels = [name.removeprefix(LABEL) for name in snapshot.inputs.labels if name.startswith(LABEL)]
    asked = [name for name in (*(said.word for said in pack.tiers), *labels) if name in STRICT]
    strictest = max(asked, key=lambda name: STRICT[name], default="")
    name = strictest if strictest and STRICT[strictest] > STRICT[derived] else derived
    looser = next((said for said in pack.tiers if STRICT[said.word] < STRICT[derived]), None)
    return Tier(name, derived, strictest, required(name, rules), looser)


def required(tier: str, rules: ContractPolicy) -> tuple[SectionName, ...]:
    """Gives the required sections of a tier, by the policy or by default."""
    chosen = {"lite": rules.required.lite, "stacked": rules.required.stacked, "full": rules.required.full}[tier]
    return USUAL[tier] if chosen is None else chosen


def check(pack: Pack, tier: Tier) -> Iterator[Finding]:
    """Gives a finding for each required section that is missing or empty, and for a line with a less strict tier."""
    if tier.looser:
        yield finding(
            "tier-looser",
            f"A line asks for tier {tier.looser.word}, but this change is tier {tier.derived}",
            quoted(tier.looser.text),
            f"Remove the line, or write: Tier: {tier.derived}",
            line(tier.looser.line),
        )
    for name in tier.required:
        part = pack.parts.get(name)
        if part is None:
            yield _missing(name, pack)
        elif silent(part, name):
            yield finding(
                "section-empty",
                f"Section {title(name)} has no content",
                quoted(pack.source(name)) if pack.source(name) else f"no text under {quoted(part.heading)}",
                f"Describe this change under {quoted(part.heading)}.",
                line(part.line),
            )


def _missing(name: SectionName, pack: Pack) -> Finding:
    """The finding for a missing section. A similar heading was probably meant."""
    headings = dict(reversed([(key(text), (text, number)) for text, number in pack.headings[:MAX_HEADINGS]]))
    near = get_close_matches(key(title(name)), headings, n=1, cutoff=0.75)
    meant = headings[near[0]] if near else None
    return finding(
        "section-missing",
        f"Section {title(name)} is missing",
        f"similar heading: {quoted(meant[0])}" if meant else f"no such heading; {len(pack.parts)} other sections found",
        f"Rename the heading to: {title(name)}" if meant else f"Add the heading {title(name)} and its text.",
        line(meant[1] if meant else 0),
    )
