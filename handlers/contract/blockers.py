"""The author's merge blockers, each with an answer: clear, blocked, or only for the operator to say.

An item that speaks of several things is as bad as the worst of them. Where no check can tell, nothing is guessed.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.model import Finding, Inputs, Location, Snapshot, StatusSeen
from bot.policy import ContractPolicy
from bot.text import cut
from handlers.contract.announced_gates import Gate, phrases
from handlers.contract.canary import Real, real
from handlers.contract.files_touched import Touched
from handlers.contract.rules import finding, line, listed
from handlers.contract.secret_mounts import writable
from handlers.contract.soak_claims import soak_claims
from handlers.contract.sources import state
from handlers.facts.change import Facts
from handlers.facts.description import mentions as text
from handlers.facts.description.sections import Item, Pack, rows
from handlers.facts.statuses import self_reported
from handlers.facts.wording import quoted
from handlers.soak import Pull

Word = Literal["clear", "operator", "blocked"]
ORDER: Mapping[Word, int] = {"clear": 0, "operator": 1, "blocked": 2}
MAX_ITEMS = 60
SHOWN = 3
NOBODY = "no check can tell"

_NONE = re.compile(r"\W*(?:none|nothing|no(?: known| open)?(?: merge)? blockers?|n/?a|brak)\W*$")


@dataclass(frozen=True)
class Answer:
    """What a check says of one merge blocker, why, and where."""

    word: Word
    why: str
    at: Location | None = None


@dataclass(frozen=True)
class Answered:
    """One merge blocker with its answer."""

    item: Item
    answer: Answer

    @property
    def told(self) -> str:
        """Gives the blocker and its answer in a line."""
        return f"Merge blocker {quoted(self.item.text)}: {self.answer.word} ({self.answer.why})."


@dataclass(frozen=True)
class BlockerInputs:
    """All that merge blockers can be told by."""

    pack: Pack
    snapshot: Snapshot
    rules: ContractPolicy
    gates: tuple[Gate, ...]
    touched: Touched


@dataclass(frozen=True)
class Case:
    """One merge blocker, its words in small letters, and what it can be told by."""

    item: Item
    said: str
    inputs: BlockerInputs

    @property
    def seen(self) -> Inputs:
        """What was observed."""
        return self.inputs.snapshot.inputs


def answered(inputs: BlockerInputs) -> tuple[Answered, ...]:
    """Gives each merge blocker of a description with its answer; those beyond the first sixty are the operator's."""
    items = list(_items(inputs.pack))
    found = [Answered(item, _answer(Case(item, _said(item), inputs))) for item in items[:MAX_ITEMS]]
    more = [Answered(item, Answer("operator", f"only {MAX_ITEMS} are looked into")) for item in items[MAX_ITEMS:]]
    return (*found, *more)


def check(blockers: Sequence[Answered]) -> Iterator[Finding]:
    """Gives a finding for each merge blocker that is there."""
    for one in blockers:
        if one.answer.word == "blocked":
            yield finding(
                "merge-blocker",
                f"A merge blocker is there: {cut(one.answer.why, 200)}",
                f"{quoted(one.item.text)} under Merge blockers",
                "Mend that first; the item stays, and its answer follows.",
                one.answer.at or line(one.item.line),
            )


def _items(pack: Pack) -> Iterator[Item]:
    """List items and rows of tables; where there is no list, each line of text."""
    read = pack.items("merge-blockers")
    chosen = [item for item in read if item.form in {"item", "cell"}] or [
        row for item in read if item.form == "prose" for row in rows(item)
    ]
    return (item for item in chosen if not _NONE.match(item.text.casefold()))


def _said(item: Item) -> str:
    return " ".join(piece.text for piece in text.pieces(item.text.replace("\n", " "))).casefold()


def _answer(case: Case) -> Answer:
    answers = [told(case) for patterns, told in _TOPICS if all(pattern.search(case.said) for pattern in patterns)]
    if len(case.item.text) > text.LONGEST_LINE:
        answers.append(Answer("operator", "it is too long to be read whole"))
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
    waiting += [name for name in seen.required if name not in states and not name.startswith("assay/")]
    if red:
        return Answer("blocked", f"{listed(red, SHOWN)} {'is' if len(red) == 1 else 'are'} red")
    if waiting:
        return Answer("operator", f"{listed(waiting, SHOWN)} {'has' if len(waiting) == 1 else 'have'} not ended yet")
    if alone:
        return Answer("operator", f"only {alone[0].creator} says so of {listed([one.context for one in alone], SHOWN)}")
    if not states:
        return Answer("operator", "no check has reported on the head")
    return Answer("clear", f"none of {len(states)} contexts is red")


def _colour(status: StatusSeen, required: Sequence[str]) -> str:
    if status.state in {"failure", "error"} or (status.state == "warning" and status.context in required):
        return "red"
    return "green" if status.state in {"success", "warning", "skipped"} else "waiting"


def _canary(case: Case) -> Answer:
    canary = real(case.inputs.snapshot, case.inputs.rules)
    word: Word = {Real.FAILED: "blocked", Real.PASSED: "clear"}.get(canary.state, "operator")  # type: ignore[assignment]
    return Answer(word, canary.told)


def _leak(case: Case) -> Answer:
    leaks = Facts(case.inputs.snapshot).leaks
    if leaks:
        return Answer(
            "blocked", f"{len(leaks)} leaked: {listed([leak.rule for leak in leaks], SHOWN)}", leaks[0].location
        )
    if case.seen.gaps:
        return Answer("operator", "not all of it was searched for secrets")
    return Answer("clear", "no secret in commits, title, description or comments")


def _mount(case: Case) -> Answer:
    seen = case.seen
    found = list(writable(seen.added, seen.files))
    sure = next((one for one in found if one.sure), None)
    if sure:
        at = Location(where="diff", path=sure.path, line=sure.line)
        return Answer(
            "blocked", f"{sure.path}:{sure.line} mounts {quoted(sure.text, 100)} so that it can be written", at
        )
    if found:
        return Answer("operator", f"{found[0].path}:{found[0].line} may be writable; not all of it is in the diff")
    if seen.added_cut:
        return Answer("operator", "the change is too long to be read whole")
    return Answer("clear", "no added line mounts a secret that can be written")


def _soak(case: Case) -> Answer:
    if case.inputs.snapshot.policy.soaks:
        return _soak_states(case.inputs.snapshot)
    claims = soak_claims(case.inputs.pack, case.inputs.snapshot)
    if not claims:
        cut_off = case.seen.added_cut
        return (
            Answer("operator", "the change is too long to be read whole")
            if cut_off
            else Answer("clear", "nothing claims it")
        )
    first = claims[0]
    said = f"{quoted(first.text, 100)} in {first.where}"
    numbers = [one.number for one in text.references(case.item, case.inputs.snapshot.target.repository)]
    known = {number: state(number, case.inputs.snapshot) for number in numbers}
    early = [f"#{number} is {one.state}" for number, one in known.items() if one and one.state in {"open", "missing"}]
    if early:
        return Answer("blocked", f"{said}, while {listed(early, SHOWN)}", first.at)
    return Answer("operator", f"{said}: {NOBODY} whether that is so")


def _soak_states(snapshot: Snapshot) -> Answer:
    """Where the policy names soaks their states tell what may be claimed and touched."""
    findings = tuple(Pull.of(snapshot).findings())
    if findings:
        return Answer("blocked", findings[0].title, findings[0].location)
    if snapshot.inputs.added_cut or any(one.unseen for one in snapshot.inputs.soaks):
        return Answer("operator", "not all of it could be looked at")
    return Answer("clear", "nothing is claimed of a soak that isn't so, and nothing is touched that waits for one")


def _gate(case: Case) -> Answer:
    seen = case.seen
    if not case.inputs.gates:
        return _unannounced(case)
    absent = [gate.phrase for gate in case.inputs.gates if not any(gate.phrase in run.text for run in seen.added)]
    if absent:
        return Answer("operator", f"no added line names {listed(absent, SHOWN)}")
    return Answer("clear", f"added lines name {listed([gate.phrase for gate in case.inputs.gates], SHOWN)}")


def _unannounced(case: Case) -> Answer:
    """A change may name a gate that its description keeps to itself."""
    seen = case.seen
    name = next(phrases("\n".join(run.text for run in seen.added), case.inputs.rules), "")
    if name:
        return Answer("operator", f"only an added line names {name}, and not the description")
    if seen.added_cut:
        return Answer("operator", "the change is too long to be read whole")
    return Answer("blocked", "neither description nor change names a phrase by which an operator opens a gate")


def _conflict(case: Case) -> Answer:
    conflict = case.seen.conflict
    if conflict is None:
        return Answer("operator", "not known whether head and base conflict")
    return Answer("blocked", "head and base conflict") if conflict else Answer("clear", "head and base don't conflict")


def _paths(case: Case) -> Answer:
    """What an item forbids about a path isn't known; that the change leaves the path alone is."""
    named = [path.name for path in text.mentioned(case.item)]
    hit = next(filter(None, map(case.inputs.touched.by, named)), "")
    if hit:
        return Answer("operator", f"the change touches {hit}; {NOBODY} whether it may")
    if named and _CHANGED.search(case.said) and not _OUTSIDE.search(case.said):
        return Answer("clear", f"the change leaves {listed(named, SHOWN)} alone")
    return Answer("operator", NOBODY)


_OUTSIDE = re.compile(r"\b(?:outside|beyond|except|other than|besides)\b")
_CHANGED = re.compile(r"\b(?:chang\w+|edit\w*|modif\w+|touch\w*|diff)\b")
_BAD = r"\b(?:red|failing|failed|fails?|failures?|broken|unsuccessful|not (?:green|pass\w*)|non-green)\b"
_CHECKS = r"\b(?:checks?|ci|actions?|status(?:es)?|tests?|pipelines?|workflows?|builds?|jobs?|canary)\b"
_SECRETS = r"\b(?:secrets?|tokens?|passwords?|passphrases?|credentials?|pats?|keys?)\b"
_LEAKS = (
    r"\b(?:leak\w*|values?|bod(?:y|ies)|expos\w+|print\w*|plain ?text|material|disclos\w+|committed|any secrets?)\b"
)


def _topic(
    told: Callable[[Case], Answer], *patterns: str
) -> tuple[tuple[re.Pattern[str], ...], Callable[[Case], Answer]]:
    return tuple(map(re.compile, patterns)), told


_TOPICS = (
    _topic(_red, _BAD, _CHECKS),
    _topic(_mount, r"\b(?:writ(?:e)?able|read[-/ ]write|rw|not read-only)\b", r"\b(?:mount\w*|volumes?|binds?)\b"),
    _topic(_soak, r"\bsoak\w*"),
    _topic(_gate, r"\bgates?\b|\b(?:approval|operator|gate) phrases?\b"),
    _topic(_leak, _SECRETS, _LEAKS),
    _topic(_conflict, r"\bmerge conflicts?\b|\bconflicts? with (?:the )?(?:base|main)\b"),
)
"""What an item may speak of, by what all has to be said, and what tells of it."""
