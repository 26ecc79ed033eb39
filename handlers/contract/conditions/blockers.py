"""The author's merge blockers, each with an answer: clear, blocked, or operator (an operator must decide).

An item with several topics gets the worst of their answers. If no check covers an item, the answer is operator.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.model import Finding, Inputs, Location, Snapshot, StatusSeen, is_ours
from bot.policy import ContractPolicy
from bot.text import cut
from handlers.contract.announced_gates import Gate
from handlers.contract.canary import Real, real
from handlers.contract.conditions.secret_mounts import writable
from handlers.contract.conditions.soak_claims import soak_claims
from handlers.contract.files_touched import Touched
from handlers.contract.rules import finding, line, listed
from handlers.contract.sources import state
from handlers.facts.accepted import open_gaps
from handlers.facts.change import Facts
from handlers.facts.description import mentions as text
from handlers.facts.description.announced_phrases import phrases
from handlers.facts.description.sections import Item, Pack, rows
from handlers.facts.statuses import self_reported
from handlers.facts.wording import quoted, some
from handlers.soak import Pull

Word = Literal["clear", "operator", "blocked"]
ORDER: Mapping[Word, int] = {"clear": 0, "operator": 1, "blocked": 2}
MAX_ITEMS = 60
SHOWN = 3
UNCOVERED = "no check covers this"

_NONE = re.compile(r"\W*(?:none|nothing|no(?: known| open)?(?: merge)? blockers?|n/?a|brak)\W*$")


@dataclass(frozen=True)
class Answer:
    """The answer to one merge blocker, with its reason and location."""

    word: Word
    why: str
    at: Location | None = None


@dataclass(frozen=True)
class Answered:
    """One merge blocker with its answer."""

    item: Item
    answer: Answer

    @property
    def sentence(self) -> str:
        """Gives the blocker and its answer in a line."""
        return f"Merge blocker {quoted(self.item.text)}: {self.answer.word} ({self.answer.why})."


@dataclass(frozen=True)
class BlockerInputs:
    """The data from which merge blockers are answered."""

    pack: Pack
    snapshot: Snapshot
    rules: ContractPolicy
    gates: tuple[Gate, ...]
    touched: Touched


@dataclass(frozen=True)
class Case:
    """One merge blocker, its text in lower case, and the data to answer it."""

    item: Item
    said: str
    inputs: BlockerInputs

    @property
    def seen(self) -> Inputs:
        """The observed inputs."""
        return self.inputs.snapshot.inputs


def answered(inputs: BlockerInputs) -> tuple[Answered, ...]:
    """Gives each merge blocker of a description with its answer; after the first sixty, the answer is operator."""
    items = list(_items(inputs.pack))
    found = [Answered(item, _answer(Case(item, _said(item), inputs))) for item in items[:MAX_ITEMS]]
    more = [Answered(item, Answer("operator", f"only the first {MAX_ITEMS} are checked")) for item in items[MAX_ITEMS:]]
    return (*found, *more)


def check(blockers: Sequence[Answered]) -> Iterator[Finding]:
    """Gives a finding for each merge blocker with the answer blocked."""
    for one in blockers:
        if one.answer.word == "blocked":
            yield finding(
                "merge-blocker",
                f"Merge blocker applies: {cut(one.answer.why, 200)}",
                f"{quoted(one.item.text)} under Merge blockers",
                "Fix this first. Keep the item; its answer is updated automatically.",
                one.answer.at or line(one.item.line),
            )


def _items(pack: Pack) -> Iterator[Item]:
    """The items: list items and table rows, or, without a list, each line of text."""
    read = pack.items("merge-blockers")
    chosen = [item for item in read if item.form in {"item", "cell"}] or [
        row for item in read if item.form == "prose" for row in rows(item)
    ]
    return (item for item in chosen if not _NONE.match(item.text.casefold()))


def _said(item: Item) -> str:
    return " ".join(piece.text for piece in text.pieces(item.text.replace("\n", " "))).casefold()


def _answer(case: Case) -> Answer:
    answers = [answer(case) for patterns, answer in _TOPICS if all(pattern.search(case.said) for pattern in patterns)]
    if len(case.item.text) > text.LONGEST_LINE:
        answers.append(Answer("operator", "the item is too long to be read in full"))
    if not answers:
        return _paths(case)
    worst = max(answers, key=lambda answer: ORDER[answer.word])
    same = [answer.why for answer in answers if answer.word == worst.word]
    return Answer(worst.word, "; ".join(dict.fromkeys(same)), worst.at)


def _red(case: Case) -> Answer:
    seen = case.seen
    if "canary" in case.said:
        return _canary(case)
    states = {one.context: _colour(one, seen.required) for one in seen.statuses}
    red = [name for name, colour in states.items() if colour == "red"]
    waiting = [name for name, colour in states.items() if colour == "waiting"]
    alone = [one for one in seen.statuses if self_reported(one, case.inputs.snapshot)]
    waiting += [name for name in seen.required if name not in states and not is_ours(name)]
    if red:
        return Answer("blocked", f"{listed(red, SHOWN)} failed")
    if waiting:
        return Answer("operator", f"{listed(waiting, SHOWN)} {'has' if len(waiting) == 1 else 'have'} not finished yet")
    if alone:
        return Answer(
            "operator", f"{listed([one.context for one in alone], SHOWN)} was reported only by {alone[0].creator}"
        )
    if not states:
        return Answer("operator", "no status was reported on the head")
    return Answer("clear", f"none of the {len(states)} reported statuses failed")


def _colour(status: StatusSeen, required: Sequence[str]) -> str:
    if status.state in {"failure", "error"} or (status.state == "warning" and status.context in required):
        return "red"
    return "green" if status.state in {"success", "warning", "skipped"} else "waiting"


def _canary(case: Case) -> Answer:
    canary = real(case.inputs.snapshot, case.inputs.rules)
    word: Word = {Real.FAILED: "blocked", Real.PASSED: "clear"}.get(canary.state, "operator")  # type: ignore[assignment]
    return Answer(word, canary.sentence)


def _leak(case: Case) -> Answer:
    leaks = Facts(case.inputs.snapshot).leaks
    if leaks:
        return Answer(
            "blocked",
            f"{some(len(leaks), 'leaked secret')}: {listed([leak.rule for leak in leaks], SHOWN)}",
            leaks[0].location,
        )
    if open_gaps(case.inputs.snapshot):
        return Answer("operator", "some parts were not searched for secrets")
    return Answer("clear", "no secret in commits, title, description, comments or names")


def _mount(case: Case) -> Answer:
    seen = case.seen
    found = list(writable(seen.added, seen.files))
    sure = next((one for one in found if one.sure), None)
    if sure:
        at = Location(where="diff", path=sure.path, line=sure.line)
        return Answer("blocked", f"{sure.path}:{sure.line} mounts {quoted(sure.text, 100)} as writable", at)
    if found:
        return Answer("operator", f"{found[0].path}:{found[0].line} may be writable; the diff does not show all of it")
    if seen.added_cut:
        return Answer("operator", "the change is too long to be read in full")
    return Answer("clear", "no added line mounts a secret as writable")


def _soak(case: Case) -> Answer:
    if case.inputs.snapshot.policy.soaks:
        return _soak_states(case.inputs.snapshot)
    claims = soak_claims(case.inputs.pack, case.inputs.snapshot)
    if not claims:
        cut_off = case.seen.added_cut
        return (
            Answer("operator", "the change is too long to be read in full")
            if cut_off
            else Answer("clear", "no soak claim")
        )
    first = claims[0]
    claim = f"{quoted(first.text, 100)} in {first.where}"
    numbers = [one.number for one in text.references(case.item, case.inputs.snapshot.target.repository)]
    known = {number: state(number, case.inputs.snapshot) for number in numbers}
    early = [f"#{number} is {one.state}" for number, one in known.items() if one and one.state in {"open", "missing"}]
    if early:
        return Answer("blocked", f"{claim}, but {listed(early, SHOWN)}", first.at)
    return Answer("operator", f"{claim}: no check can verify this")


def _soak_states(snapshot: Snapshot) -> Answer:
    """The answer from the states of the soaks in the policy."""
    findings = tuple(Pull.of(snapshot).findings())
    if findings:
        return Answer("blocked", findings[0].title, findings[0].location)
    if snapshot.inputs.added_cut or any(one.unseen for one in snapshot.inputs.soaks):
        return Answer("operator", "some parts could not be checked")
    return Answer("clear", "no unproven soak claims; no gated files touched")


def _gate(case: Case) -> Answer:
    seen = case.seen
    if not case.inputs.gates:
        return _unannounced(case)
    absent = [gate.phrase for gate in case.inputs.gates if not any(gate.phrase in run.text for run in seen.added)]
    if absent:
        return Answer("operator", f"no added line contains {listed(absent, SHOWN)}")
    return Answer("clear", f"added lines contain {listed([gate.phrase for gate in case.inputs.gates], SHOWN)}")


def _unannounced(case: Case) -> Answer:
    """The answer for a description without gate phrases. The change itself may contain one."""
    seen = case.seen
    name = next(phrases("\n".join(run.text for run in seen.added), case.inputs.rules), "")
    if name:
        return Answer("operator", f"{name} is in an added line, but not in the description")
    if seen.added_cut:
        return Answer("operator", "the change is too long to be read in full")
    return Answer("blocked", "neither the description nor the change contains a gate phrase")


def _conflict(case: Case) -> Answer:
    conflict = case.seen.conflict
    if conflict is None:
        return Answer("operator", "merge conflicts not known yet")
    return (
        Answer("blocked", "head and base have merge conflicts") if conflict else Answer("clear", "no merge conflicts")
    )


def _paths(case: Case) -> Answer:
    """The answer for an item that names paths. What it forbids about them is unknown, unless the change leaves them
    alone.
    """
    named = [path.name for path in text.mentioned(case.item)]
    hit = next(filter(None, map(case.inputs.touched.by, named)), "")
    if hit:
        return Answer("operator", f"the change touches {hit}; no check can tell whether that is allowed")
    if named and _CHANGED.search(case.said) and not _OUTSIDE.search(case.said):
        return Answer("clear", f"the change does not touch {listed(named, SHOWN)}")
    return Answer("operator", UNCOVERED)


_OUTSIDE = re.compile(r"\b(?:outside|beyond|except|other than|besides)\b")
_CHANGED = re.compile(r"\b(?:chang\w+|edit\w*|modif\w+|touch\w*|diff)\b")
_BAD = r"\b(?:red|failing|failed|fails?|failures?|broken|unsuccessful|not (?:green|pass\w*)|non-green)\b"
_CHECKS = r"\b(?:checks?|ci|actions?|status(?:es)?|tests?|pipelines?|workflows?|builds?|jobs?|canary)\b"
_SECRETS = r"\b(?:secrets?|tokens?|passwords?|passphrases?|credentials?|pats?|keys?)\b"
_LEAKS = (
    r"\b(?:leak\w*|values?|bod(?:y|ies)|expos\w+|print\w*|plain ?text|material|disclos\w+|committed|any secrets?)\b"
)


def _topic(
    answer: Callable[[Case], Answer], *patterns: str
) -> tuple[tuple[re.Pattern[str], ...], Callable[[Case], Answer]]:
    return tuple(map(re.compile, patterns)), answer


_TOPICS = (
    _topic(_red, _BAD, _CHECKS),
    _topic(_mount, r"\b(?:writ(?:e)?able|read[-/ ]write|rw|not read-only)\b", r"\b(?:mount\w*|volumes?|binds?)\b"),
    _topic(_soak, r"\bsoak\w*"),
    _topic(_gate, r"\bgates?\b|\b(?:approval|operator|gate) phrases?\b"),
    _topic(_leak, _SECRETS, _LEAKS),
    _topic(_conflict, r"\bmerge conflicts?\b|\bconflicts? with (?:the )?(?:base|main)\b"),
)
"""The topics of items: the patterns that must all match, and the function that answers."""
