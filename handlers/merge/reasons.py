"""The reasons against an automatic merge, in their order of priority, as data.

The first one that applies determines the label. All that apply are reported, and the strictest of their modes counts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.model import CONTEXT, Actor, Severity, Verdict, is_ours
from bot.text import code
from handlers.facts.modes import listed
from handlers.facts.reviews import approvals, objections, void_approvals
from handlers.facts.wording import NOT_CHECKED
from handlers.guards import red_paths
from handlers.judge import binding
from handlers.merge.facts import SCOPE, SECRETS, SPECIAL, Facts
from handlers.merge.overrides import AUTO, MANUAL, last_word

OPERATOR_ONLY = "mode:operator-only"
AGREED = "mode:agents-approved"
SAFE = "mode:safe-auto"
MODES = (OPERATOR_ONLY, AGREED, SAFE)
"""The modes, the strictest first. A policy gives the second one its team's name."""

SECURITY = ("class/security-sensitive", "safety:secret-touch")
BLOCKED = ("dependency/blocked", "dependency/needs-confirmation", "status:blocked")
OPERATORS = (
    "needs-operator-decision", "cutover-gate", "status:operator-needed", "owner-attention", "operator-emotional",
)  # fmt: skip
"""Labels that ask for an operator."""

POLICY = "policy"
PREFERENCE = "operator-preference"
SHOWN = 20

Finder = Callable[[Facts], Iterator[str]]


@dataclass(frozen=True)
class Reason:
    """A possible reason. `find` describes each case that applies; `waits`: it may end without action.

    `actor` has to do `action`; nobody has to for what another check asks for already.
    """

    name: str
    label: str
    mode: str
    severity: Severity
    what: str
    ends: str
    find: Finder
    waits: bool = False
    actor: Actor = Actor.NOBODY
    action: str = ""


@dataclass(frozen=True)
class Held:
    """One case of a reason that applies here, in words."""

    reason: Reason
    says: str


def _secret(facts: Facts) -> Iterator[str]:
    if SECRETS in facts.checks(Verdict.BLOCK, Verdict.ADVISE):
        yield "leaked secret found and not accepted"
    yield from _carried(facts, SECURITY)


def _red_zone(facts: Facts) -> Iterator[str]:
    if zone := red_paths(facts.snapshot):
        yield f"touches the red zone: {listed(list(zone))}"


def _conflict(facts: Facts) -> Iterator[str]:
    if facts.snapshot.inputs.conflict:
        yield f"conflicts with {facts.snapshot.inputs.base.ref}"


def _failing(facts: Facts) -> Iterator[str]:
    if red := [name for name in facts.contexts.red if not is_ours(name)]:
        yield f"failed status: {listed(red, SHOWN)}"


def _blocking(facts: Facts) -> Iterator[str]:
    own = [f"{CONTEXT}{check}" for check in facts.checks(Verdict.BLOCK) if check not in SPECIAL]
    ours = [name for name in facts.contexts.red if is_ours(name)]
    if red := list(dict.fromkeys((*ours, *own))):
        yield f"failed status: {listed(red, SHOWN)}"


def _missing(facts: Facts) -> Iterator[str]:
    own = [f"{CONTEXT}{check}" for check in facts.checks(Verdict.PENDING) if check not in SPECIAL]
    if waiting := list(dict.fromkeys((*facts.contexts.waiting, *own))):
        ignored = listed(facts.self_reported, SHOWN)
        but = f"; not counted, because the author or an agent reported it: {ignored}" if ignored else ""
        yield f"missing or pending status: {listed(waiting, SHOWN)}{but}"


def _review(facts: Facts) -> Iterator[str]:
    count, needed = len(approvals(facts.snapshot)), facts.policy.approvals
    if count < needed:
        void = "".join(f"; {one}" for one in void_approvals(facts.snapshot))
        yield f"{count} of {needed} required approvals on this head{void}"


def _objections(facts: Facts) -> Iterator[str]:
    if against := objections(facts.snapshot):
        yield f"changes requested by {listed(against, SHOWN)}"


def _dependency(facts: Facts) -> Iterator[str]:
    if facts.dependencies:
        yield f"depends on {listed(facts.dependencies, SHOWN)}"
    yield from _carried(facts, BLOCKED)


def _scope(facts: Facts) -> Iterator[str]:
    if SCOPE in facts.checks(Verdict.BLOCK, Verdict.ADVISE):
        yield "touches blocked modules, or paths outside all modules"
    if not facts.snapshot.inputs.files and not facts.unseen:
        yield "no file changed"


def _preference(facts: Facts) -> Iterator[str]:
    if facts.held_by:
        yield f"{facts.held_by} put it on hold"
    yield from (f"{one.by} parked it" for one in binding(facts.snapshot) if one.command == "park")
    word = last_word(facts.snapshot)
    if word is not None and word.against_auto:
        yield f"{word.by} wrote {word}"
    yield from _carried(facts, OPERATORS)


def _called(facts: Facts) -> Iterator[str]:
    yield from (f"{call.check}: {call.action}" for call in facts.snapshot.memory.calls)


def _unsure(facts: Facts) -> Iterator[str]:
    if unseen := [one.title.removeprefix(NOT_CHECKED) for one in facts.unseen]:
        yield f"not checked: {listed(unseen)}"
    broken = bool(facts.snapshot.policy_problems)
    if broken:
        yield "invalid policy on the default branch"
    if errors := [check for check in facts.checks(Verdict.ERROR) if not (broken and check == POLICY)]:
        yield f"ended in an error: {listed([f'{CONTEXT}{check}' for check in errors], SHOWN)}"
    if SECRETS not in facts.checks(*Verdict):
        yield "not checked for secrets"


def _undecided(facts: Facts) -> Iterator[str]:
    if facts.snapshot.inputs.conflict is None:
        yield "merge conflicts not known yet"


def _draft(facts: Facts) -> Iterator[str]:
    if facts.snapshot.inputs.draft:
        yield "draft pull request"


def _by_hand(facts: Facts) -> Iterator[str]:
    if facts.policy.auto == "off":
        yield "auto-merge is off in the policy"


def _carried(facts: Facts, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name in facts.labels:
            rule = facts.labels[name]
            yield f"label {name}" + (f' (set by rule "{rule}")' if rule and rule != "/label" else "")


HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW

REASONS = (
    Reason(
        "security-sensitive", f"{MANUAL}-security-sensitive", OPERATOR_ONLY, HIGH,
        "an unaccepted secret was found, or a security label is set: " + ", ".join(map(code, SECURITY)),
        "An operator must review it.", _secret,
    ),
    Reason(
        "red-zone", f"{MANUAL}-red-zone", OPERATOR_ONLY, HIGH,
        "a path of `guards.red-zone` is touched, approved or not",
        "An operator must merge it.", _red_zone,
    ),
    Reason(
        "merge-conflict", f"{MANUAL}-merge-conflict", AGREED, MEDIUM,
        "head and base have merge conflicts",
        "Merge the base branch into this branch, or rebase this branch.", _conflict,
        actor=Actor.AUTHOR, action="resolve the merge conflict",
    ),
    Reason(
        "failing-checks", f"{MANUAL}-failing-tests", AGREED, MEDIUM,
        "a required status failed that is not the bot's",
        "Fix what the status reports, and push again.", _failing,
        actor=Actor.AUTHOR, action="fix the failed status",
    ),
    Reason(
        "blocked-by-check", f"{MANUAL}-failing-tests", AGREED, MEDIUM,
        "one of the bot's checks blocks",
        "See the check: it says who has to act.", _blocking,
    ),
    Reason(
        "missing-checks", f"{MANUAL}-failing-tests", AGREED, LOW,
        "a required status is pending, skipped or not reported",
        "Wait for it. If it does not arrive, find out why its job does not run.", _missing, waits=True,
    ),
    Reason(
        "changes-requested", f"{MANUAL}-missing-review", AGREED, MEDIUM,
        "a reviewer requested changes, and has not approved since",
        "Answer the review with a push, and ask for another look.", _objections,
        actor=Actor.AUTHOR, action="answer the requested changes",
    ),
    Reason(
        "missing-review", f"{MANUAL}-missing-review", AGREED, LOW,
        "fewer approvals than `merge.approvals`",
        "A reviewer with write permission, other than the author, must approve the current head.", _review,
        actor=Actor.REVIEWER, action="review and approve this head",
    ),
    Reason(
        "dependency", f"{MANUAL}-dependency-conflict", AGREED, MEDIUM,
        "a dependency is not merged or closed, or a label says that it is blocked: "
        + ", ".join(map(code, BLOCKED)),
        "Merge or close the dependency first, or remove the line from the description.", _dependency, waits=True,
    ),
    Reason(
        "unclear-scope", f"{MANUAL}-unclear-scope", OPERATOR_ONLY, MEDIUM,
        "the check `scope` found a blocked module or paths outside all modules, or no file is changed",
        "Remove the named files from this pull request, or ask an operator to merge it.", _scope,
    ),
    Reason(
        PREFERENCE, f"{MANUAL}-{PREFERENCE}", OPERATOR_ONLY, MEDIUM,
        "it is on hold or parked, an operator's command is against `merge/auto`, or a label asks for an operator: "
        + ", ".join(map(code, OPERATORS)),
        "The operator must withdraw the command or label, or merge it.", _preference,
    ),
    Reason(
        "unknown", f"{MANUAL}-unknown", OPERATOR_ONLY, MEDIUM,
        "some parts were not checked, a check ended in an error, or the policy is invalid",
        "An operator must review the results of the other checks.", _unsure,
    ),
    Reason(
        "operator-called", f"{MANUAL}-{PREFERENCE}", OPERATOR_ONLY, MEDIUM,
        "a check asks an operator to act",
        "The operator must do what the check asks for.", _called,
    ),
    Reason(
        "conflict-unknown", f"{MANUAL}-unknown", OPERATOR_ONLY, LOW,
        "Forgejo has not yet computed whether head and base conflict",
        "Wait. The bot checks again.", _undecided, waits=True,
    ),
    Reason(
        "draft", MANUAL, AGREED, LOW,
        "it is a draft",
        "The author must mark it as ready: remove the draft prefix from the title.", _draft,
    ),
    Reason(
        "by-hand", MANUAL, AGREED, LOW,
        "the policy says `auto: off`",
        "A human must merge it.", _by_hand,
    ),
)  # fmt: skip
"""All reasons, in order of priority."""


def held(facts: Facts) -> tuple[Held, ...]:
    """Gives all reasons against an automatic merge that apply, in order of priority."""
    return tuple(Held(reason, says) for reason in REASONS for says in reason.find(facts))


def reasons_table() -> str:
    """Gives the reasons in their order, with label and mode, as a Markdown table."""
    rows = (
        f"| {place} | `{one.name}` | {one.what} | `{one.label}` | `{one.mode}` |"
        for place, one in enumerate(REASONS, start=1)
    )
    last = f"|  | none of them |  | `{AUTO}` | `{SAFE}` |"
    return "\n".join(["|  | reason | when | label | mode |", "| --- | --- | --- | --- | --- |", *rows, last])
