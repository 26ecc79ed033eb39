"""Signals of what a target is before it is work: a question, an idea, a fault that is told, a finding, a flaky test."""

from collections.abc import Iterator, Sequence

from bot.model import Kind, Snapshot
from handlers.judge.signals.structure_signals import place
from handlers.judge.signals.table import Signal, fired
from handlers.judge.signals.work_signals import LINTERS
from handlers.language.clauses import led, spoken, texts
from handlers.language.forms import singular
from handlers.language.text import UNSAID, Text
from handlers.language.words import Line, Part, word_set

ASKS = word_set("should could can do does is are what which how why would shall who when where")
MUSING = tuple(
    f" {phrase} "
    for phrase in (
        *("it would be nice", "it would be cool", "would be nice", "would be cool", "what if", "one could", "we could"),
        *("some day", "someday", "one day", "just an idea", "an idea", "idea for", "only a thought", "just thinking"),
        *("think about", "no plan yet", "not sure yet", "somebody should think", "maybe we should", "brainstorm"),
    )
)
IDEAS = word_set("idea ideas wish wishes wishlist thoughts brainstorm dream musings someday")
FAULTS = word_set(
    "400 404 409 413 422 500 502 503 "
    "fails fail failed failing crashes crash crashed wrong loses lose lost ignores ignored breaks broke broken hangs "
    "error errors raises throws exception missing cut cuts truncated blurry overlaps duplicate duplicates twice "
    "destroys destroy reset resets forgets swaps shifts jumps wrongly unexpectedly incorrect incorrectly double "
    "instead never returns shows panics leaks flickers freezes slow empty garbled misaligned stale unreadable"
)
FAILS = word_set("fail fails failed failing red breaks broken")
FLAKES = word_set("flaky flake flakes flakiness intermittent intermittently nondeterministic sporadic sporadically")
SOMETIMES = word_set("sometimes randomly occasionally")
TESTS = word_set("test tests ci job build spec suite")
TOOLS = word_set("scanner sast codeql sonar analyzer analyser renovate dependabot trivy semgrep bandit")
FOUND = word_set(
    "finding findings warning warnings flags flagged reports reported complains alerts complaint complaints"
)
LOOKS = word_set(
    "icon icons tooltip colour color colours colors font margin padding spacing alignment blurry pixel pixels wording "
    "typo typos capitalisation capitalization indent css style styling theme emoji label"
)
LEVEL = word_set("log debug level message")
TELLING = 12
"""Number of words of a description that tells a fault."""


def task(snapshot: Snapshot, text: Text, title: Line) -> Iterator[Signal]:
    """Return the signals of an issue that is no task yet, and of a fault, a finding or a flaky test that it tells."""
    kind = "pull" if snapshot.target.kind is Kind.PULL else "issue"
    said = texts(title.words)
    if said & LOOKS or ({"log"} & said and said & (LEVEL - {"log"})):
        yield fired("cosmetic", f"{kind}-title")
    if kind == "pull":
        return
    lines = [
        line for line in (title, *text.lines) if line.form not in {"heading", *UNSAID} and line.part is not Part.ASIDE
    ]
    if _asks(snapshot.inputs.title, title):
        yield fired("question", "issue-title")
    if said & IDEAS or any(phrase in spoken(line.words) for line in lines[:3] for phrase in MUSING):
        yield fired("idea", "issue-title")
    flaky = next((line for line in lines if _flaky(line)), None)
    if flaky is not None:
        yield fired("flaky-test", place(flaky, kind), flaky.number)
    told = next((line for line in lines if _found(line)), None)
    if told is not None:
        yield fired("finding-told", place(told, kind), told.number)
    bugged = any(label.casefold() in {"kind/bug", "type:bug", "bug"} for label in snapshot.inputs.labels)
    faults = FAULTS | (LINTERS if said & LINTERS else frozenset())
    fault = next((line for line in lines if _faulty(line, faults)), None)
    fault = fault or (title if bugged else None)
    if fault is not None and _tells(lines[1:], text):
        yield fired("fault-told", place(fault, kind), fault.number)


def _asks(raw: str, title: Line) -> bool:
    return raw.rstrip().endswith("?") or (led(title.words) in ASKS and "?" in {word.text for word in title.words})


def _faulty(line: Line, faults: frozenset[str]) -> bool:
    said = texts(line.words)
    raised = any(text.endswith(("error", "exception")) for text in said)
    return bool(said & faults or raised) and led(line.words) not in IDEAS


def _found(line: Line) -> bool:
    said = texts(line.words)
    return led(line.words) in TOOLS or bool(said & TOOLS and said & FOUND)


def _flaky(line: Line) -> bool:
    said = texts(line.words)
    return bool({singular(word) for word in said} & TESTS and (said & FLAKES or (said & SOMETIMES and said & FAILS)))


def _tells(lines: Sequence[Line], text: Text) -> bool:
    """Return whether a description has enough words, and names something exactly: in code, as a path, by a number."""
    exact = text.names or text.fences or any(word.text.isdecimal() for line in lines for word in line.words)
    return bool(exact) and sum(line.size for line in lines) >= TELLING
