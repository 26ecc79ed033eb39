"""The label lint: similar or unreadable colours, missing descriptions, and rules that use undeclared labels or decision
labels.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from bot.labels.catalog import LabelDef, LabelSet, LintFinding
from bot.labels.colours import HEX, distance, text_contrast
from bot.policy import LabelsPolicy

STEP = 8.0
"""Minimum CIEDE2000 between two labels of an exclusive group: they can be told apart without direct comparison."""

GROUPS_APART = 4.0
"""Minimum CIEDE2000 between labels of two groups: the difference is visible at a glance, side by side on a page."""

READABLE = 4.5
"""The minimum contrast of text in WCAG 2.2 (1.4.3, AA)."""

DESCRIPTION_LIMIT = 200
"""Characters; the limit of Forgejo's label form (services/forms, CreateLabelForm)."""


def lint_labels(labels: LabelSet, used_by_rules: Mapping[str, Sequence[str]]) -> tuple[LintFinding, ...]:
    """Gives all findings, errors first. `used_by_rules` maps each rule to the labels that it may set."""
    found = [finding for _, finding in labels.faults()]
    found += _undeclared(labels, used_by_rules)
    found += [finding for label in labels.labels for finding in _words(label)]
    coloured = [label for label in labels.labels if HEX.fullmatch(label.color)]
    found += [finding for label in coloured for finding in _unreadable(label)]
    found += _too_near(labels, coloured)
    return tuple(sorted(found, key=lambda finding: finding.level))


def rule_faults(labels: LabelSet, policy: LabelsPolicy) -> Iterator[tuple[tuple[str | int, ...], LintFinding]]:
    """Gives the errors of a repository's own label rules, each with its place in the policy file."""
    for number, rule in enumerate(policy.rules):
        place = ("labels", "rules", number, "labels")
        for index, name in enumerate(rule.labels):
            finding = _missing(labels, rule.name, name) or _deciding(labels, rule.name, name)
            if finding is not None:
                yield (*place, index), finding
            elif other := next((peer for peer in labels.exclusive_peers(name) if peer in rule.labels[:index]), ""):
                text = f'the rule "{rule.name}" sets "{other}" and "{name}", which exclude each other; keep one'
                yield (*place, index), LintFinding(level="error", rule="two-of-one-group", subject=name, text=text)


def _undeclared(labels: LabelSet, used_by_rules: Mapping[str, Sequence[str]]) -> Iterator[LintFinding]:
    for rule, used in sorted(used_by_rules.items()):
        for name in dict.fromkeys(used):
            if finding := _missing(labels, rule, name):
                yield finding


def _missing(labels: LabelSet, rule: str, name: str) -> LintFinding | None:
    if labels.get(name) is not None:
        return None
    near = difflib.get_close_matches(name, [label.name for label in labels.labels], n=1, cutoff=0.75)
    fix = f'did you mean "{near[0]}"?' if near else "declare it, or remove it from the rule"
    text = f'the rule "{rule}" uses the undeclared label "{name}"; {fix}'
    return LintFinding(level="error", rule="undeclared", subject=name, text=text)


def _deciding(labels: LabelSet, rule: str, name: str) -> LintFinding | None:
    if not labels.is_decision(name):
        return None
    text = f'the rule "{rule}" sets the decision label "{name}", which no rule may set; remove it from the rule'
    return LintFinding(level="error", rule="decision", subject=name, text=text)


def _words(label: LabelDef) -> Iterator[LintFinding]:
    text = label.description
    if not text.strip():
        yield _warning("no-description", label, f'"{label.name}" has no description; say when it is set')
    elif len(text) > DESCRIPTION_LIMIT:
        yield _warning(
            "long-description", label, f'description of "{label.name}": over {DESCRIPTION_LIMIT} characters; shorten it'
        )
    elif not text.isprintable():
        yield _warning("odd-description", label, f'description of "{label.name}": use one line of plain text')


def _unreadable(label: LabelDef) -> Iterator[LintFinding]:
    contrast = text_contrast(label.color)
    if contrast < READABLE:
        text = f'"{label.name}" in {label.color} has contrast {contrast:.1f} with its text, below {READABLE}'
        yield _warning("unreadable", label, f"{text}; use a darker or lighter colour")


def _too_near(labels: LabelSet, coloured: Sequence[LabelDef]) -> Iterator[LintFinding]:
    exclusive = {group.name for group in labels.groups if group.exclusive}
    # In a group whose labels may share a colour, one label for each colour is enough.
    apart: dict[tuple[str, ...], LabelDef] = {}
    for label in coloured:
        apart.setdefault((label.group, label.name if label.group in exclusive else label.color), label)
    for one, other in combinations(apart.values(), 2):
        same = one.group == other.group
        if same and one.group not in exclusive:
            continue
        needed = STEP if same else GROUPS_APART
        if (seen := distance(one.color, other.color)) < needed:
            pair = f'"{one.name}" {one.color} and "{other.name}" {other.color}'
            text = f"{pair} look alike (difference {seen:.1f}, required {needed:g}); change one"
            yield _warning("alike-colours", one, text)


def _warning(rule: str, label: LabelDef, text: str) -> LintFinding:
    return LintFinding(level="warning", rule=rule, subject=label.name, text=text)
