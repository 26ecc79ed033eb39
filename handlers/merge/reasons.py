"""Why a pull request isn't merged by a machine: the reasons in the order in which they decide, as data.

The first that holds gives the label; all that hold are told, and the strictest of their modes counts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.model import Severity, Verdict
from bot.text import code
from handlers.facts.modes import listed
from handlers.facts.reviews import approvals, objections
from handlers.guards import red_paths
from handlers.judge import binding
from handlers.merge.facts import SCOPE, SECRETS, SPECIAL, Facts
from handlers.merge.overrides import AUTO, MANUAL, last_word

OPERATOR_ONLY = "mode:operator-only"
AGREED = "mode:patchwarden-iskra-approved"
SAFE = "mode:safe-auto"
MODES = (OPERATOR_ONLY, AGREED, SAFE)
"""The strictest first."""

SECURITY = ("class/security-sensitive", "safety:secret-touch")
BLOCKED = ("dependency/blocked", "dependency/needs-confirmation", "status:blocked")
OPERATORS = (
    "needs-operator-decision", "cutover-gate", "status:operator-needed", "owner-attention", "operator-emotional",
)  # fmt: skip
"""Labels that are a reason: who set one had something in mind."""

PREFERENCE = "operator-preference"
SHOWN = 20

Finder = Callable[[Facts], Iterator[str]]


@dataclass(frozen=True)
class Reason:
    """A reason that may hold. `find` says in words what of it does; `waits`: it may end without anybody's doing."""

    name: str
    label: str
    mode: str
    severity: Severity
    what: str
    ends: str
    find: Finder
    waits: bool = False


@dataclass(frozen=True)
class Held:
    """One thing that a reason rests on here, in words."""

    reason: Reason
    says: str


def _secret(facts: Facts) -> Iterator[str]:
    if SECRETS in facts.checks(Verdict.BLOCK, Verdict.ADVISE):
        yield "a secret was found that nobody accepted"
    yield from _carried(facts, SECURITY)


def _red_zone(facts: Facts) -> Iterator[str]:
    if zone := red_paths(facts.snapshot):
        yield f"it touches {listed(list(zone))}"


def _conflict(facts: Facts) -> Iterator[str]:
    if facts.snapshot.inputs.conflict:
        yield f"it conflicts with {facts.snapshot.inputs.base.ref}"


def _failing(facts: Facts) -> Iterator[str]:
    own = [f"assay/{check}" for check in facts.checks(Verdict.BLOCK) if check not in SPECIAL]
    if red := list(dict.fromkeys((*facts.contexts.red, *own))):
        yield f"failed: {listed(red, SHOWN)}"


def _missing(facts: Facts) -> Iterator[str]:
    own = [f"assay/{check}" for check in facts.checks(Verdict.PENDING) if check not in SPECIAL]
    if waiting := list(dict.fromkeys((*facts.contexts.waiting, *own))):
        own_word = listed(facts.self_reported, SHOWN)
        but = f"; what an author or agent reports himself doesn't count: {own_word}" if own_word else ""
        yield f"not there yet: {listed(waiting, SHOWN)}{but}"


def _review(facts: Facts) -> Iterator[str]:
    count, needed = len(approvals(facts.snapshot)), facts.policy.approvals
    if count < needed:
        yield f"{count} of {needed} approving reviews on this head"
    if against := objections(facts.snapshot):
        yield f"changes are asked for by {listed(against, SHOWN)}"


def _dependency(facts: Facts) -> Iterator[str]:
    if facts.dependencies:
        yield f"it depends on {listed(facts.dependencies, SHOWN)}"
    yield from _carried(facts, BLOCKED)


def _scope(facts: Facts) -> Iterator[str]:
    if SCOPE in facts.checks(Verdict.BLOCK, Verdict.ADVISE):
        yield "it touches what no machine may apply alone, or what belongs to no module"
    if not facts.snapshot.inputs.files and not facts.unseen:
        yield "it changes no file"


def _preference(facts: Facts) -> Iterator[str]:
    if facts.held_by:
        yield f"{facts.held_by} put it on hold"
    yield from (f"{one.by} parked it" for one in binding(facts.snapshot) if one.command == "park")
    word = last_word(facts.snapshot)
    if word is not None and word.against_auto:
        yield f"{word.by} wrote {word}"
    yield from _carried(facts, OPERATORS)


def _unsure(facts: Facts) -> Iterator[str]:
    if unseen := [one.title.removeprefix("Not looked at: ") for one in facts.unseen]:
        yield f"not looked at: {listed(unseen)}"
    if errors := facts.checks(Verdict.ERROR):
        yield f"couldn't be judged: {listed([f'assay/{check}' for check in errors], SHOWN)}"
    if SECRETS not in facts.checks(*Verdict):
        yield "whether there are secrets in it wasn't judged"
    if facts.snapshot.policy_problems:
        yield "the policy on the default branch can't be used"


def _undecided(facts: Facts) -> Iterator[str]:
    if facts.snapshot.inputs.conflict is None:
        yield "whether it conflicts with its base isn't known yet"


def _draft(facts: Facts) -> Iterator[str]:
    if facts.snapshot.inputs.draft:
        yield "it is a draft"


def _by_hand(facts: Facts) -> Iterator[str]:
    if facts.policy.auto == "off":
        yield "the policy has a human merge everything"


def _carried(facts: Facts, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name in facts.labels:
            rule = facts.labels[name]
            yield f"the label {name} is on it" + (f', by the rule "{rule}"' if rule and rule != "/label" else "")


HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW

REASONS = (
    Reason(
        "security-sensitive", f"{MANUAL}-security-sensitive", OPERATOR_ONLY, HIGH,
        "a secret that nobody accepted, or a label that says security: " + ", ".join(map(code, SECURITY)),
        "An operator looks at it.", _secret,
    ),
    Reason(
        "red-zone", f"{MANUAL}-red-zone", OPERATOR_ONLY, HIGH,
        "it touches a path of `guards.red-zone`, approved or not",
        "An operator merges it.", _red_zone,
    ),
    Reason(
        "merge-conflict", f"{MANUAL}-merge-conflict", AGREED, MEDIUM,
        "head and base conflict",
        "Merge the base branch into this one, or rebase it.", _conflict,
    ),
    Reason(
        "failing-checks", f"{MANUAL}-failing-tests", AGREED, MEDIUM,
        "a required context isn't green, or a check of the bot's own blocks",
        "Mend what the checks say, and push again.", _failing,
    ),
    Reason(
        "missing-checks", f"{MANUAL}-failing-tests", AGREED, LOW,
        "a required context is pending, was skipped, or hasn't reported",
        "Wait for it; where it never comes, look why it doesn't run.", _missing, waits=True,
    ),
    Reason(
        "missing-review", f"{MANUAL}-missing-review", AGREED, LOW,
        "fewer approvals than `merge.approvals`, or somebody asks for changes",
        "Somebody who may write here and didn't open it reviews the head as it is now.", _review,
    ),
    Reason(
        "dependency", f"{MANUAL}-dependency-conflict", AGREED, MEDIUM,
        "what it depends on or is blocked by isn't merged or closed, or a label says so: "
        + ", ".join(map(code, BLOCKED)),
        "Merge or close the other one first, or take the line out of the description.", _dependency, waits=True,
    ),
    Reason(
        "unclear-scope", f"{MANUAL}-unclear-scope", OPERATOR_ONLY, MEDIUM,
        "the check `scope` found a blocked module or paths of none, or nothing is changed",
        "Take what it names out of this pull request, or an operator merges it.", _scope,
    ),
    Reason(
        PREFERENCE, f"{MANUAL}-{PREFERENCE}", OPERATOR_ONLY, MEDIUM,
        "it is on hold or parked, an operator commanded a label against `merge/auto`, or a label asks for him: "
        + ", ".join(map(code, OPERATORS)),
        "The operator takes back what he said, or merges it.", _preference,
    ),
    Reason(
        "unknown", f"{MANUAL}-unknown", OPERATOR_ONLY, MEDIUM,
        "something wasn't looked at, a check ended in an error, or the policy can't be used",
        "An operator looks at what the other checks say.", _unsure,
    ),
    Reason(
        "conflict-unknown", f"{MANUAL}-unknown", OPERATOR_ONLY, LOW,
        "Forgejo hasn't said yet whether head and base conflict",
        "Wait a moment.", _undecided, waits=True,
    ),
    Reason(
        "draft", MANUAL, AGREED, LOW,
        "it is a draft",
        "Its author says that it is ready, by its title.", _draft,
    ),
    Reason(
        "by-hand", MANUAL, AGREED, LOW,
        "the policy says `auto: off`",
        "A human merges it.", _by_hand,
    ),
)  # fmt: skip
"""All reasons, the one that decides first."""


def held(facts: Facts) -> tuple[Held, ...]:
    """Gives all that stands against a merge by a machine, in the order of the reasons."""
    return tuple(Held(reason, says) for reason in REASONS for says in reason.find(facts))


def reasons_table() -> str:
    """Gives the reasons in their order, with label and mode, as a Markdown table."""
    rows = (
        f"| {place} | `{one.name}` | {one.what} | `{one.label}` | `{one.mode}` |"
        for place, one in enumerate(REASONS, start=1)
    )
    last = f"|  | none of them |  | `{AUTO}` | `{SAFE}` |"
    return "\n".join(["|  | reason | when | label | mode |", "| --- | --- | --- | --- | --- |", *rows, last])
