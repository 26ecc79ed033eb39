"""The policy of the labels: rules that set labels, and the profiles that say how many are shown.

A label outside the profile is not wanted: the bot takes it off where it put it on itself, and touches no other. What
somebody commands, and what the repository's own rules set, is in every profile.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.policy.parts import Section, Switch

MAX_PATTERN = 200
MAX_ENTRIES = 100
MAX_RULES = 200
MAX_IN_ALL = 1000
"""Maximum entries of all rules: each one is matched against up to some thousand files, or a long text."""


PathPattern = Annotated[str, Field(min_length=1, max_length=MAX_PATTERN, title="path pattern")]
"""A pattern as in `.gitignore`; what is wrong with one, `bot.policy.lint` says."""
TextPattern = Annotated[str, Field(min_length=1, max_length=MAX_PATTERN)]
Size = Literal["tiny", "small", "medium", "large", "unknown"]
Tier = Literal["lite", "full", "stacked"]
State = Literal["open", "draft", "closed", "merged", "held", "new"]


class When(Section):
    """Conditions, all of which must hold; of each list one entry is enough. An omitted condition always holds."""

    paths: tuple[PathPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Patterns as in `.gitignore`; at least one changed file must match.",
    )
    only: tuple[PathPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Patterns as in `.gitignore`; every changed file must match."
    )
    adds: tuple[TextPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Words or phrases in added lines, except in documentation and tests; case is ignored.",
    )
    title: tuple[TextPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Patterns with `*` and `?` for the whole title; case is ignored.",
    )
    type: tuple[TextPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Types of a conventional title, such as `fix` in `fix(ui): …`; `breaking` matches titles with `!`.",
    )
    scope: tuple[TextPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Scopes of a conventional title, such as `ui` in `fix(ui): …`."
    )
    words: tuple[TextPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Words or phrases in title or description; case is ignored."
    )
    sections: tuple[TextPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Patterns with `*` and `?` for headings of non-empty sections of the description; case is ignored.",
    )
    author: tuple[TextPattern, ...] = Field(default=(), max_length=MAX_ENTRIES, description="Logins.")
    by: tuple[Literal["agent", "other"], ...] = Field(
        default=(),
        description="`agent` for accounts under `agents` and well-known agent accounts, `other` for all others.",
    )
    kind: tuple[Literal["issue", "pull"], ...] = Field(default=(), description="Issues, pull requests, or both.")
    state: tuple[State, ...] = Field(
        default=(),
        description="States; `held` is open and on hold, `new` is an open issue that was opened after `assay setup`.",
    )
    base: tuple[TextPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Patterns with `*` and `?` for the base branch."
    )
    size: tuple[Size, ...] = Field(default=(), description="Sizes, as in `size/*`.")
    tier: tuple[Tier, ...] = Field(default=(), description="Tiers, as in `tier/*`.")
    secrets: tuple[Literal["low", "medium", "high", "critical"], ...] = Field(
        default=(), description="Severities of found secrets that nobody accepted."
    )


class LabelRule(Section):
    """One rule: labels and their conditions."""

    name: str = Field(min_length=1, max_length=60, description="The rule's name in `assay policy explain`.")
    when: When = Field(description="The conditions; all must hold.")
    labels: tuple[str, ...] = Field(
        min_length=1,
        max_length=MAX_ENTRIES,
        description="The labels to set; they must be declared and not in a decision group.",
    )


class LabelsPolicy(Section):
    """Labels by rule: the built-in rules are enabled by default."""

    mode: Switch = Field(default="on", description="Whether labels are set by rule.")
    profile: Literal["minimal", "standard", "full"] = Field(
        default="minimal",
        description="How many labels the bot sets: see [the profiles](labels.md#profiles).",
    )
    defaults: Switch = Field(default="on", description="Whether the built-in rules apply in addition to `rules`.")
    rules: tuple[LabelRule, ...] = Field(default=(), max_length=MAX_RULES, description="The repository's own rules.")

    @model_validator(mode="after")
    def _few(self) -> Self:
        entries = sum(len(getattr(rule.when, name)) for rule in self.rules for name in When.model_fields)
        if entries > MAX_IN_ALL:
            raise ValueError(f"too many entries in the rules' conditions: {entries}, maximum {MAX_IN_ALL}; remove some")
        return self


MINIMAL = ("judge/", "merge/", "agent/", "safety:secret-touch")
"""The labels of `minimal`, by the beginnings of their names: what to do with a target, and who works on it."""
OPERATOR = "judge/operator-needed"
PERMITTING = ("mode:", "automerge-candidate")
DOUBLES: Mapping[str, str] = {
    "type:": "kind/",
    "source/": "agent/",
    "mode:": "merge/",
    "automerge-candidate": "merge/auto",
    "flow/": "Forgejo's own states: open, draft, closed, merged",
    "review:needs-human": OPERATOR,
    "status:operator-needed": OPERATOR,
    "needs-operator-decision": OPERATOR,
    "cutover-gate": OPERATOR,
}
"""Labels of `full` alone, by the beginnings of their names, and what says the same in the other profiles."""
PROFILES = ("minimal", "standard", "full")


def within(name: str, profile: str) -> bool:
    """Say whether a profile has a label."""
    if profile == "minimal":
        return name.startswith(MINIMAL)
    return profile == "full" or not name.startswith(tuple(DOUBLES))


def label_wanted(name: str, policy: LabelsPolicy, commanded: Collection[str], *, judged: bool = True) -> bool:
    """Say whether a label is wanted by the profile, by a command, or by a rule of the repository's own.

    Where nothing is `judged`, the other labels that call the operator stand for the judge's.
    """
    ruled = any(name in rule.labels for rule in policy.rules)
    instead = not judged and DOUBLES.get(name) == OPERATOR
    return ruled or instead or name in commanded or within(name, policy.profile)


def permits(name: str) -> bool:
    """Say whether a label permits a merge by a machine, so that nobody but an operator may set it."""
    return name.startswith(PERMITTING)


def profiles_table() -> str:
    """Return the profiles as a Markdown table, for the documentation."""
    rows = (
        ("`minimal` (default)", _patterns(MINIMAL)),
        ("`standard`", f"all except {_patterns(DOUBLES)}, which say what another label says"),
        ("`full`", "all, with those pairs"),
    )
    return "\n".join(["| profile | labels |", "| --- | --- |", *(f"| {' | '.join(row)} |" for row in rows)])


def _patterns(names: Iterable[str]) -> str:
    """Return names as code; the name of a family, which ends in its separator, as a pattern."""
    return ", ".join(f"`{name}{'*' if name.endswith(('/', ':')) else ''}`" for name in names)
