"""Signals from the structure of a title and description: how clear the request is, its size and its age."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from bot.model import Kind, Snapshot
from handlers.facts.accepted import open_gaps
from handlers.judge.signals.table import Signal, fired
from handlers.judge.signals.urgency_signals import vague
from handlers.judge.signals.work_signals import CHECK_NOUNS, CHECK_VERBS, CODE_VERBS, TEXT_VERBS, title_type
from handlers.language.clauses import led
from handlers.language.text import UNSAID, Text
from handlers.language.words import Line, Part, folded, word_set

OLD = timedelta(days=180)
ENOUGH = 20
"""Number of words with which a description is enough without criteria, if its wording is not vague."""
LARGE, MEDIUM = 12, 6
"""An issue with more criteria than these is large, or medium."""

_HOLLOW = word_set(
    "a actual again always an and any app application as at be before behaves behavior behaviour broken bug "
    "button can cannot cant click correct correctly crash crashes current do does doesnt doing error errors "
    "everything expected fail fails fine for from get go goes good had happen happens has have i in is isnt it "
    "its just like look looks must my no normal normally not nothing of ok on one open or page please press "
    "problem properly right run screen see seen should some something sometimes start step steps still that the "
    "then there thing things this to try use used using usual usually version want was we when will with without "
    "wont work worked working works would wrong you"
)
"""Words that carry no information in a bug report."""
TELLING = 3
"""Number of other words with which a report is informative."""
_PLACEHOLDERS = word_set("tbd todo tba na none later fill describe n a see comments")
_OUTCOME = word_set(
    "should must shall needs need want wants wish like so instead expected goal result ends returns shows so"
)
_BIG = frozenset({"epic", "rewrite", "redesign", "rearchitect", "overhaul"})
_TRIFLES = word_set("typo typos spelling misspelling misspelt misspelled whitespace")
_SAYING_NOTHING = word_set(
    "try trying experiment experimental fix fixes update updates changes change wip misc various tweak tweaks "
    "stuff cleanup edits tmp"
)
_PULL_NAMED = re.compile(r"![1-9]\d{0,8}\b|\bprs?\b|\bpull requests?\b")
_FAULT = re.compile(r"\b(?:reproduc\w{1,4}|repro|actual|observed|expected|traceback|odtworzeni\w|oczekiwan\w)\b")
_DONE_WHEN = {("done", "when"), ("finished", "when"), ("ready", "when"), ("done", "if")}
_STARTS = CODE_VERBS | TEXT_VERBS | CHECK_VERBS


def place(line: Line, kind: str) -> str:
    """Return the reference of the place of a line."""
    if line.form == "title":
        return f"{kind}-title"
    return f"{kind}-body-{line.slug}" if line.slug else f"{kind}-body"


def whole(snapshot: Snapshot, kind: str) -> str:
    """Return the reference of the whole description, or of the title if there is none."""
    return f"{kind}-body" if snapshot.inputs.body.strip() else f"{kind}-title"


def structure(snapshot: Snapshot, text: Text, title: Line) -> Iterator[Signal]:
    """Return the signals of what a title and description contain and lack."""
    kind = "pull" if snapshot.target.kind is Kind.PULL else "issue"
    body = [line for line in text.lines if line.form not in {"heading", *UNSAID} and not _placeholder(line)]
    first = next((word.text for word in title.words), "")
    if title_type(folded(snapshot.inputs.title)) or first in _STARTS:
        yield fired("conventional", f"{kind}-title")
    if title_type(folded(snapshot.inputs.title)) in {"docs", "doc", "test", "tests", "style", "i18n", "typo"}:
        yield fired("minor", f"{kind}-title")
    yield from _size(body, title, kind)
    found = bool({word.text for word in title.words} & CHECK_NOUNS) and _PULL_NAMED.search(text.source)
    named = first not in CODE_VERBS and _PULL_NAMED.search(folded(snapshot.inputs.title))
    if kind == "issue" and (found or named):
        yield fired("check-work", "issue-title")
    if {word.text for word in title.words} & _TRIFLES:
        yield fired("trifle", f"{kind}-title")
    yield from (_pull if kind == "pull" else _issue)(snapshot, text, title, body)
    if text.references:
        yield fired("references", f"{kind}-body")
    if open_gaps(snapshot) or snapshot.inputs.added_cut:
        yield fired("gaps", f"{kind}-title")


def age(snapshot: Snapshot, text: Text) -> Iterator[Signal]:
    """Return the signal of an old target."""
    created = snapshot.inputs.created_at
    if created is None:
        return
    kind = "pull" if snapshot.target.kind is Kind.PULL else "issue"
    if snapshot.taken_at - created > OLD and not text.references and not snapshot.inputs.comments:
        yield fired("old", f"{kind}-created-at")


def unclear(names: frozenset[str], kind: Kind, text: Text) -> bool:
    """Return whether work cannot start: an issue without an outcome or a way to measure it; a pull request whose title
    and description are both vague.
    """
    if kind is Kind.PULL:
        return "vague" in names
    if names & {"question", "idea"} and "criteria" not in names:
        return True
    if names & {"flaky-test", "finding-told"} or ("fault-told" in names and "vague" not in names):
        return False
    if "goal" not in names and "bug-report" not in names:
        return "criteria" not in names or "vague" in names
    worded = "conventional" in names and sum(line.size for line in text.lines) >= ENOUGH
    return "criteria" not in names and ("vague" in names or not (text.names or text.fences or worded))


def _issue(snapshot: Snapshot, text: Text, title: Line, body: Sequence[Line]) -> Iterator[Signal]:
    yield from [] if body else [fired("empty", "issue-title")]
    goal = next((line for line in body if _states(line)), None)
    yield fired("goal", place(goal, "issue")) if goal else fired("no-goal", whole(snapshot, "issue"))
    criteria = next((line for line in body if _measures(line)), None)
    yield fired("criteria", place(criteria, "issue")) if criteria else fired("no-criteria", whole(snapshot, "issue"))
    steps = [line for line in text.lines if line.part in {Part.STEPS, Part.EXPECTED} and line.form != "heading"]
    if steps and _FAULT.search(text.source) and (text.fences or _tells(steps)):
        yield fired("bug-report", place(steps[0], "issue"))
    if vague([title, *body]) and not text.fences:
        yield fired("vague", whole(snapshot, "issue"))


def _pull(snapshot: Snapshot, text: Text, title: Line, body: Sequence[Line]) -> Iterator[Signal]:
    inputs = snapshot.inputs
    described = sum(line.size for line in body) >= 5  # noqa: PLR2004 - fewer words are no sentence
    yield from [] if described else [fired("empty", "pull-title")]
    loose = (
        (vague([title, *body]) or {word.text for word in title.words} <= _SAYING_NOTHING)
        and not text.slugs
        and not title_type(folded(inputs.title))
    )
    if loose or (not described and (title.size < 3 or not inputs.files)):  # noqa: PLR2004 - `Fix it` says nothing
        yield fired("vague", "pull-title")
    if described:
        line = next(line for line in text.lines if line.form != "heading")
        yield fired("goal", place(line, "pull"))
    if inputs.draft:
        yield fired("draft", "pull-title")
    elif inputs.files or inputs.commits:
        yield fired("open-pull", f"diff:{inputs.files[0].path}" if inputs.files else f"commit:{inputs.commits[0].sha}")


def _placeholder(line: Line) -> bool:
    said = [word.text for word in line.words if word.text[0].isalnum()]
    return not said or (len(said) <= 3 and set(said) <= _PLACEHOLDERS)  # noqa: PLR2004 - `see comments`, `n/a`


def _tells(lines: Iterable[Line], least: int = TELLING) -> bool:
    """Return whether lines name something exactly, or contain enough informative words."""
    said = [word for line in lines for word in line.words if word.text[0].isalnum()]
    return (
        any(word.name or word.text.isdecimal() for word in said) or len({word.text for word in said} - _HOLLOW) >= least
    )


def _states(line: Line) -> bool:
    """Return whether a line states an outcome: in a section for it, or by `should`, `so that` or an imperative."""
    if line.part in {Part.ASIDE, Part.STEPS, Part.CRITERIA} or line.form in {"cell", "task"} or vague([line]):
        return False
    if not _tells([line], 2):
        return False
    texts = [word.text for word in line.words]
    if line.part is Part.GOAL and line.size >= 4:  # noqa: PLR2004 - fewer are a caption
        return True
    return line.size >= 5 and (bool(_OUTCOME & set(texts)) or led(line.words) in _STARTS)  # noqa: PLR2004 - as above


def _measures(line: Line) -> bool:
    if not _tells([line], 2 if line.part is Part.EXPECTED else 1):
        return False
    if line.part is Part.EXPECTED:
        return not vague([line])
    said = tuple(word.text for word in line.words[:2])
    listed = line.form == "task" or line.part is Part.CRITERIA or said in _DONE_WHEN
    return listed and line.size >= 2 and not vague([line])  # noqa: PLR2004 - `it works` measures nothing


def _size(body: Sequence[Line], title: Line, kind: str) -> Iterator[Signal]:
    """Return the size of an issue by its number of criteria; the size of a pull request is that of its diff."""
    if kind == "pull":
        return
    measured = [line for line in body if _measures(line)]
    if {word.text for word in title.words} & _BIG or len(measured) > LARGE:
        yield fired("size-large", "issue-title" if len(measured) <= LARGE else place(measured[0], kind))
    elif measured:
        yield fired("size-medium" if len(measured) > MEDIUM else "size-small", place(measured[0], kind))
