"""Labels by rule: the repository's own rules, then the built-in ones, and what people said with `/label`.

Runs on every pull request and issue. It wants labels and says why of each; setting and taking them off, and leaving
alone what people changed, is the machine's. It has no status and blocks nothing, since a label is a help for sorting;
but where it couldn't look, nothing that rests on labels may pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import Check, Decision, Kind, KnownLabels, Report, Snapshot, Tools, Verdict
from bot.policy import LabelRule
from bot.text import code, plain
from handlers.commands import names_in
from handlers.facts.change import Facts, measured
from handlers.labels.builtin_rules import DEFAULTS, LABELS, defaults_table
from handlers.labels.match import Fit, fit

NAME = "labels"
SECRET = "safety:secret-touch"  # noqa: S105 - a label
JUDGED = "judge/"
"""What is said of these labels the judge weighs itself: it holds until there is a new judgment."""
OFF = "switched off by the policy: nothing is labelled by rule"
NOTHING = "no rule fits"
UNASKED = "the rules couldn't be asked of all its files"
TOO_MUCH = (
    "Its files, with the rules' patterns, are more than is looked at; labels may be lacking. Split it into smaller "
    "pull requests; or an operator makes the patterns of `.forgejo/assay.yml` fewer."
)
STAYS = f'The label "{SECRET}" stays while there are secrets that nobody accepted.'
SHOWN = 6
MAX_WHY = 300


@dataclass(frozen=True)
class Choice:
    """One label with what decided about it; `why` is for people, `ground` stays while the facts do.

    `at` is when somebody commanded it, None for what a rule gives.
    """

    label: str
    on: bool
    rule: str
    why: str
    ground: str
    at: datetime | None = None


@dataclass
class Choices:
    """The labels that were decided on, and of each exclusive group whether anybody has decided already.

    `whole` is false where rules couldn't be asked of all files: then a label may be lacking.
    """

    known: KnownLabels
    made: dict[str, Choice] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    whole: bool = True
    _decided: set[str] = field(default_factory=set)

    def close(self, label: str) -> None:
        """Keeps rules from the whole exclusive group of a label."""
        self._decided.update((label, *self.known.exclusive_peers(label)))

    def take(self, choice: Choice) -> None:
        """Takes a choice that a person or a rule made; the rest of its exclusive group goes off."""
        self.made[choice.label] = choice
        if choice.on:
            for peer in self.known.exclusive_peers(choice.label):
                self.made.setdefault(peer, Choice(peer, False, choice.rule, choice.why, choice.ground, choice.at))

    def by_rule(self, rule: LabelRule, label: str, found: Fit, why: str) -> None:
        """Takes a label of a rule that fits, where it is the rule's to give."""
        if fault := self._fault(rule, label):
            self.notes.append(fault)
            return
        if label not in self.made and self._decided.isdisjoint((label, *self.known.exclusive_peers(label))):
            self.take(Choice(label, True, rule.name, why, found.ground(rule.name, label)))

    def _fault(self, rule: LabelRule, label: str) -> str:
        where = f'The rule "{rule.name}" names the label "{label}"'
        if label not in self.known.names:
            return f"{where}, which isn't declared: declare it in labels.yaml, or mend the rule."
        if self.known.is_decision(label):
            return f"{where}, by which somebody decides; no rule may set it: take it out of the rule."
        return ""


async def assess(snapshot: Snapshot, tools: Tools) -> Report:
    """Gives the labels that should be on and, of their exclusive groups, those that should be off.

    `error`, with a status, where the rules couldn't be asked of all files.
    """
    if snapshot.policy.labels.mode == "off":
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, shown=False, status=False)
    made = choices(snapshot, tools.labels)
    labels = {choice.label: choice.on for choice in made.made.values()}
    return Report(
        check=NAME,
        verdict=Verdict.PASS if made.whole else Verdict.ERROR,
        summary=_summary(made) if made.whole else UNASKED,
        notes=tuple(dict.fromkeys(made.notes if made.whole else (TOO_MUCH, *made.notes))),
        labels=labels,
        grounds={choice.label: choice.ground for choice in made.made.values()},
        commanded={choice.label: choice.at for choice in made.made.values() if choice.at is not None},
        explanation=_explanation(made),
        shown=bool(labels or made.notes) or not made.whole,
        status=not made.whole,
    )


def choices(snapshot: Snapshot, known: KnownLabels) -> Choices:
    """Gives what commands and rules say of a snapshot's labels."""
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
    """The latest word on a label counts, and of an exclusive group the latest label; they come latest first."""
    on = decision.command == "label"
    judging = facts.snapshot.policy.judge.mode == "on"
    if label in made.made or (judging and label.startswith(JUDGED)):
        return
    if label == SECRET and not on and _searched(facts):
        made.notes.append(STAYS)
        return
    why = f"{decision.by} wrote /{decision.command}"
    ground = f"/{decision.command} in comment {decision.comment_id}, line {decision.line}"
    made.take(Choice(label, on, f"/{decision.command}", why, ground, decision.at))
    made.close(label)


def _searched(facts: Facts) -> bool:
    """Whether the label of secrets is another check's, which says what it rests on."""
    return bool(facts.leaks) and facts.snapshot.policy.secret_leak.mode != "off"


def _why(found: Fit, facts: Facts) -> str:
    figures = f" ({measured(facts.snapshot.inputs.files)})" if "size" in found.entries else ""
    places = f" in {', '.join(found.places[:3])}" if found.places else ""
    more = f" and {len(found.places) - 3} more" if len(found.places) > 3 else ""  # noqa: PLR2004 - three are enough to see what is meant
    return f"{found.why()}{figures}{places}{more}"


def _summary(made: Choices) -> str:
    on = [choice.label for choice in made.made.values() if choice.on]
    if not on:
        return NOTHING
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
            yield code(choice.label) + ("" if choice.on else " off"), _rule(choice), plain(choice.why, MAX_WHY)


def _rule(choice: Choice) -> str:
    return code(choice.rule) if choice.at is not None else plain(choice.rule)


CHECK = Check(
    name=NAME,
    on=frozenset(Kind),
    assess=assess,
    labels=LABELS,
    guards=False,
    tables={"label-defaults": defaults_table()},
)
