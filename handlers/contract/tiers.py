"""How much a description has to say: by what the change is, or more where its author asks for more, and never less."""

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
"""Documentation has no runtime to give evidence of, and its story is the reason why it changed."""
FULL: tuple[SectionName, ...] = tuple(name for name in NAMES if name not in OPTIONAL)
USUAL: Mapping[str, tuple[SectionName, ...]] = {"lite": LITE, "stacked": FULL, "full": FULL}
STRICT = {"lite": 0, "stacked": 1, "full": 1}
LABEL = "tier/"
MAX_HEADINGS = 200


@dataclass(frozen=True)
class Tier:
    """The tier that holds, the one that the change has by itself, the one that was asked for, and what is required.

    `looser` is a line that asks for less.
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
    """Gives the sections that a tier has to have, by the policy or as usual."""
    chosen = {"lite": rules.required.lite, "stacked": rules.required.stacked, "full": rules.required.full}[tier]
    return USUAL[tier] if chosen is None else chosen


def check(pack: Pack, tier: Tier) -> Iterator[Finding]:
    """Gives a finding for each required section that isn't there or says nothing, and for a tier that is too loose."""
    if tier.looser:
        yield finding(
            "tier-looser",
            f"A line asks for tier {tier.looser.word}, and this change is {tier.derived}",
            quoted(tier.looser.text),
            f"Take the line out, or write: Tier: {tier.derived}",
            line(tier.looser.line),
        )
    for name in tier.required:
        part = pack.parts.get(name)
        if part is None:
            yield _missing(name, pack)
        elif silent(part, name):
            yield finding(
                "section-empty",
                f"{title(name)} says nothing",
                quoted(pack.source(name)) if pack.source(name) else f"there is nothing under {quoted(part.heading)}",
                f"Write under {quoted(part.heading)} what holds for this change.",
                line(part.line),
            )


def _missing(name: SectionName, pack: Pack) -> Finding:
    """A heading that comes near was probably meant."""
    headings = dict(reversed([(key(text), (text, number)) for text, number in pack.headings[:MAX_HEADINGS]]))
    near = get_close_matches(key(title(name)), headings, n=1, cutoff=0.75)
    meant = headings[near[0]] if near else None
    return finding(
        "section-missing",
        f"There is no section {title(name)}",
        f"there is {quoted(meant[0])}" if meant else f"no heading says so; there are {len(pack.parts)} of the sections",
        f"Call that heading: {title(name)}" if meant else f"Add the heading {title(name)}, with what it is about.",
        line(meant[1] if meant else 0),
    )
