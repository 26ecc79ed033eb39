"""Labels by rule: the repository's own rules, then the built-in ones, and `/label` commands.

Runs on every pull request and issue. It decides which labels are wanted, with the reason for each; `bot.plan` merges
them with changes by people. It sets no status and blocks nothing, because labels only help with sorting. If the rules
could not be applied to all files, it is an error, so that no check that depends on labels passes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import (
    Actor,
    Check,
    Decision,
    Finding,
    Kind,
    KnownLabels,
    Location,
    Report,
    Severity,
    Snapshot,
    Tools,
    Verdict,
)
from bot.policy import LabelRule, LabelsPolicy, label_wanted
from bot.text import cell, plain
from handlers.commands import names_in
from handlers.facts.change import Facts, measured
from handlers.labels.builtin_rules import DEFAULTS, LABELS, defaults_table
from handlers.labels.match import Fit, fit

NAME = "labels"
SECRET = "safety:secret-touch"  # noqa: S105 - a label
JUDGED = "judge/"
"""The judge itself handles commands for these labels: they stay in effect until there is a new judgment."""
OFF = "off in the policy (labels.mode: off)"
NOTHING = "no rule matches"
OUTSIDE = "no label of the profile {profile}"
UNASKED = "the rules could not be applied to all changed files"
TOO_MUCH = (
    "There are too many changed files for the patterns of the label rules. Split this into smaller "
    "pull requests, or ask an operator to reduce the patterns in .forgejo/assay.yml."
)
UNAPPLIED = Finding(
    rule="rules-not-applied",
    severity=Severity.MEDIUM,
    title="Labels may be missing: the label rules could not be applied to all changed files",
    location=Location(where="target"),
    next_step=TOO_MUCH,
    actor=Actor.AUTHOR,
    action="split this into smaller pull requests",
)
STAYS = f'The label "{SECRET}" cannot be removed while there are unaccepted secrets.'
SHOWN = 6
MAX_WHY = 300


@dataclass(frozen=True)
class Choice:
    """One label with the rule or command that decided it. `why` is for people; `basis` changes only with the facts.

    `at` is the time of the command, None for a rule.
    """

    label: str
    on: bool
    rule: str
    why: str
    basis: str
    at: datetime | None = None


@dataclass
class Choices:
    """The decided labels, and the exclusive groups that a command has decided already.

    `whole` is false if the rules could not be applied to all files, so that labels may be missing.
    """

    known: KnownLabels
    made: dict[str, Choice] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    whole: bool = True
    _decided: set[str] = field(default_factory=set)

    def close(self, label: str) -> None:
        """Excludes the exclusive group of a label from rules."""
        self._decided.update((label, *self.known.exclusive_peers(label)))

    def take(self, choice: Choice) -> None:
        """Records a choice by a person or a rule; the other labels of its exclusive group are off."""
        self.made[choice.label] = choice
        if choice.on:
            for peer in self.known.exclusive_peers(choice.label):
                self.made.setdefault(peer, Choice(peer, False, choice.rule, choice.why, choice.basis, choice.at))

    def by_rule(self, rule: LabelRule, label: str, found: Fit, why: str) -> None:
        """Records a label of a matching rule, if the rule may set it."""
        if fault := self._fault(rule, label):
            self.notes.append(fault)
            return
        if label not in self.made and self._decided.isdisjoint((label, *self.known.exclusive_peers(label))):
            self.take(Choice(label, True, rule.name, why, found.basis(rule.name, label)))

    def _fault(self, rule: LabelRule, label: str) -> str:
        where = f'The rule "{rule.name}" uses the'
        if label not in self.known.names:
            return f'{where} undeclared label "{label}". Declare it in labels.yaml, or correct the rule.'
        if self.known.is_decision(label):
            return f'{where} decision label "{label}", which no rule may set. Remove it from the rule.'
        return ""


async def assess(snapshot: Snapshot, tools: Tools) -> Report:
    """Gives the labels that should be on and, of their exclusive groups, those that should be off.

    `error`, with a status, if the rules could not be applied to all files.
    """
    if snapshot.policy.labels.mode == "off":
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, shown=False, status=False)
    made = choices(snapshot, tools.labels)
    labels = {choice.label: choice.on for choice in made.made.values()}
    return Report(
        check=NAME,
        verdict=Verdict.PASS if made.whole else Verdict.ERROR,
        summary=_summary(made, snapshot.policy.labels) if made.whole else UNASKED,
        findings=() if made.whole else (UNAPPLIED,),
        notes=tuple(dict.fromkeys(made.notes)),
        labels=labels,
        label_bases={choice.label: choice.basis for choice in made.made.values()},
        commanded={choice.label: choice.at for choice in made.made.values() if choice.at is not None},
        explanation=_explanation(made),
        shown=bool(labels or made.notes) or not made.whole,
        status=not made.whole,
    )


def choices(snapshot: Snapshot, known: KnownLabels) -> Choices:
    """Gives the labels by commands and rules for a snapshot."""
    facts, policy = Facts(snapshot), snapshot.policy.labels
    made = Choices(known)
    for decision in reversed(snapshot.inputs.decisions):
        if decision.command in {"label", "unlabel"} and not decision.refused:
            for label in reversed(names_in(decision.argument)):
                _command(made, decision, label, facts)
    for rule in (*policy.rules, *(DEFAULTS if policy.defaults == "on" else ())):
        found = fit(rule.when, facts)
        for label in rule.labels if found else ():
            if label != SECRET or not _searched(facts):
                made.by_rule(rule, label, found or Fit({}), _why(found or Fit({}), facts))
    made.whole = facts.answered
    return made


def _command(made: Choices, decision: Decision, label: str, facts: Facts) -> None:
    """Applies a command. Commands come latest first, so the first one for a label or exclusive group counts."""
    on = decision.command == "label"
    judging = facts.snapshot.policy.judge.mode == "on"
    if label in made.made or (judging and label.startswith(JUDGED)):
        return
    if label == SECRET and not on and _searched(facts):
        made.notes.append(STAYS)
        return
    why = f"{decision.by} wrote /{decision.command}"
    basis = f"/{decision.command} in comment {decision.comment_id}, line {decision.line}"
    made.take(Choice(label, on, f"/{decision.command}", why, basis, decision.at))
    made.close(label)


def _searched(facts: Facts) -> bool:
    """Says whether the check `secret-leak` decides the label for secrets."""
    return bool(facts.leaks) and facts.snapshot.policy.secret_leak.mode != "off"


def _why(found: Fit, facts: Facts) -> str:
    figures = f" ({measured(facts.snapshot.inputs.files)})" if "size" in found.entries else ""
    places = f" in {', '.join(found.places[:3])}" if found.places else ""
    more = f" and {len(found.places) - 3} more" if len(found.places) > 3 else ""  # noqa: PLR2004 - three are enough to see what is meant
    return f"{found.why()}{figures}{places}{more}"


def _summary(made: Choices, policy: LabelsPolicy) -> str:
    commanded = {choice.label for choice in made.made.values() if choice.at is not None}
    found = [choice.label for choice in made.made.values() if choice.on]
    on = [name for name in found if label_wanted(name, policy, commanded)]
    if not on:
        return NOTHING if not found else OUTSIDE.format(profile=policy.profile)
    rest = f" and {len(on) - SHOWN} more" if len(on) > SHOWN else ""
    return f"{len(on)} label{'' if len(on) == 1 else 's'}: {', '.join(on[:SHOWN])}{rest}"


def _explanation(made: Choices) -> str:
    rows = list(_rows(made))
    if not rows:
        return ""
    return "\n".join(["| Label | Rule | Why |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in rows)])


def _rows(made: Choices) -> Iterator[Sequence[str]]:
    for choice in made.made.values():
        if choice.on or choice.rule == "/unlabel":
            yield cell(choice.label) + ("" if choice.on else " off"), _rule(choice), plain(choice.why, MAX_WHY)


def _rule(choice: Choice) -> str:
    return cell(choice.rule) if choice.at is not None else plain(choice.rule)


CHECK = Check(
    name=NAME,
    on=frozenset(Kind),
    assess=assess,
    labels=LABELS,
    guards=False,
    tables={"label-defaults": defaults_table()},
)
