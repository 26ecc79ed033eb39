"""The rules judge: forms an opinion on an issue or pull request from its words, paths, labels, size and age.

Pure and deterministic. The next step is decided in this order: operator matters, missing goal or criteria, reasons to
park, the best candidate to do the work. Operator matters are found line by line, so added text cannot remove one.
"""

from collections.abc import Iterable, Iterator, Sequence

from bot.model import Kind, Snapshot, Value
from bot.text import cut
from handlers.facts.accepted import open_leaks
from handlers.judge.inputs import called
from handlers.judge.names import work_for
from handlers.judge.payload import Effort, Escalation, EvidenceRef, Opinion, Priority, Step
from handlers.judge.signals.blocking_signals import awaited
from handlers.judge.signals.operator_matters import awoken, commanded, world
from handlers.judge.signals.path_signals import of_labels, of_paths
from handlers.judge.signals.prompt_injection import attempts
from handlers.judge.signals.quotes import noted, quoted, row_of, rows_of
from handlers.judge.signals.structure_signals import age, place, structure, unclear, whole
from handlers.judge.signals.table import BY_NAME, Sign, Signal, fired
from handlers.judge.signals.task_signals import task
from handlers.judge.signals.urgency_signals import Reading, word_signals
from handlers.judge.signals.work_signals import CODE_TYPES, talk, title_type, work
from handlers.language.text import UNSAID, Text, read, resolves, title_line
from handlers.language.words import Line, folded
from handlers.soak import asks, tracked_soaks

STEERING = frozenset({"steers", "forged"})
PRESSING = frozenset({"outage", "data-loss", "security", "label-urgent"})
START = {"reach": 2, "impact": 2, "confidence": 3}
WAITING = frozenset({"needs_refinement", "hermes_candidate"})
CODE_FIRST = 2
"""Bonus for code: texts or checks have to score higher than this to win."""
EVIDENCE = 12
CALLS = 240
COMMENTS = 20
"""Number of newest comments that are searched for a gate."""

CAVEATS = {
    "leak": "Revoke the secret first, and do not repeat its value anywhere.",
    "credential": (
        "Keep secret values out of logs, comments and commits. Keep the rollback to the old credential available until "
        "the new one is proven."
    ),
    "destructive": "Deletion cannot be undone: restore a backup as a test first.",
    "production": "This can interrupt a live service: document and test the rollback first.",
    "legal": "This has legal effect beyond the repository: only the operator may accept terms.",
    "personal": "What is pushed is copied: check who may have it before it is merged.",
    "spending": "Spent money cannot be recovered: check price, contract term and notice period.",
    "outside": "This has effects beyond the repository: find out who must act before work starts.",
    "trust": "Anyone who gets access by this change may approve their own changes from then on.",
    "access": "What is open is found within hours: check who can reach it, and close it again if in doubt.",
    "protection": "Until it works again, nothing protects: check the last good state by hand.",
    "outage": "People are stopped now: restore first, find the cause afterwards.",
    "gate": "Work must not start before the operator's own written approval.",
    "steering": "Part of the text tries to lower the judgment: read all of it before you trust any of it.",
    "unread": "The unread part may contain anything: read it before you assign the work.",
}
STEP_CAVEATS = {
    "needs_refinement": "The goal is not clear enough to start: ask for outcome and criteria first.",
    "park": "Parked work goes stale: review it when the reason to wait is gone.",
    "codex_candidate": "Criteria without a test may be met only formally: review the change against each of them.",
    "hermes_candidate": "Statements need sources: check the facts before publication.",
    "patchwarden_candidate": "Fix the cause, not just the finding: a recurring finding needs its own fix.",
}


class Ruled(Value):
    """The opinion of the rules, and the signals that fired, strongest first."""

    opinion: Opinion
    signals: tuple[Signal, ...]


def judge(snapshot: Snapshot) -> Ruled:
    """Return the opinion of the rules; every snapshot has one."""
    signals = _gathered(snapshot)
    matters = [signal for signal in signals if BY_NAME[signal.name].matter]
    step = _step(snapshot, signals, escalated=bool(matters))
    reach, impact = (_score(score, signals, lowered=not matters) for score in ("reach", "impact"))
    priority = _priority(reach, impact, _sum("urgency", signals), step)
    ordered = _speaking(step, signals)
    opinion = Opinion(
        priority=priority,
        reach=reach,
        impact=impact,
        confidence=_score("confidence", signals),
        piotr_fit="high" if matters else "medium" if step == "needs_refinement" else "low",
        effort_hint=_effort(signals),
        recommended_next_action=step,
        escalation=_escalation(matters),
        evidence_refs=tuple(_evidence(ordered)),
        rationale_summary=_rationale(priority, work_for(step, snapshot.policy.judge.candidates), ordered),
        top_caveat=_caveat(matters, ordered, step),
    )
    return Ruled(opinion=opinion, signals=tuple(ordered))


def _gathered(snapshot: Snapshot) -> list[Signal]:
    """Return all signals, strongest first; a signal with several pieces of evidence appears once, with the first."""
    inputs = snapshot.inputs
    kind = "pull" if snapshot.target.kind is Kind.PULL else "issue"
    text, title = read(inputs.body), title_line(inputs.title)
    found: dict[str, Signal] = {}
    rows, steering = rows_of(inputs), tuple(attempts(inputs.title, text))
    pressed = bool(STEERING & set(steering))
    for signal in (
        *_leaks(snapshot, kind),
        *_soaks(snapshot, kind),
        *_called(snapshot),
        *of_paths(inputs),
        *of_labels(inputs),
        *_words(snapshot, text, title, rows, pressed=pressed),
        *(fired(name, whole(snapshot, kind)) for name in steering),
        *structure(snapshot, text, title),
        *task(snapshot, text, title),
        *age(snapshot, text),
    ):
        if signal.name not in found:
            found[signal.name] = quoted(signal, inputs, rows)
    return sorted(found.values(), key=lambda signal: (-signal.weight, signal.name))


def _leaks(snapshot: Snapshot, kind: str) -> Iterator[Signal]:
    paths = {file.path for file in snapshot.inputs.files}
    for leak in open_leaks(snapshot):
        where = leak.location
        changed = f"diff:{where.path}" if where.path in paths else f"commit:{where.commit}"
        places = {
            "title": f"{kind}-title",
            "comment": f"comment:{where.comment_id}",
            "message": f"commit:{where.commit}",
        }
        ref = places.get(where.where, changed if where.path else f"{kind}-body")
        yield fired("leak-found", ref if resolves(ref, snapshot) else f"{kind}-title")


def _soaks(snapshot: Snapshot, kind: str) -> Iterator[Signal]:
    """An issue whose soak waits for the operator's phrase, or is blocked, is always an operator matter."""
    if any(asks(soak) for soak in tracked_soaks(snapshot)):
        yield fired("soak-waits", f"{kind}-title")


def _called(snapshot: Snapshot) -> Iterator[Signal]:
    """What the checks before this one ask the operator for."""
    if calls := called(snapshot):
        says = "; ".join(f"{one.check}: {one.action}" for one in calls)
        signal = fired("called", f"check:{calls[0].check}")
        yield signal.model_copy(update={"says": cut(f"another check needs the operator ({says})", CALLS)})


def _words(snapshot: Snapshot, text: Text, title: Line, rows: Sequence[str], *, pressed: bool) -> Iterator[Signal]:
    kind, code = "pull" if snapshot.target.kind is Kind.PULL else "issue", _about_code(snapshot)
    operators = frozenset(folded(name) for name in snapshot.policy.operators or ())
    named = tuple(work(title, typed=title_type(folded(snapshot.inputs.title))))
    lines = awoken(line for line in text.lines if pressed or line.form != "quoted")
    reading = Reading(title, lines, code=code, operators=operators, pull=kind == "pull")
    told = [line for line in text.lines if line.form not in UNSAID]
    for name, line in (*word_signals(reading), *((name, title) for name in named), *talk(told)):
        yield fired(name, place(line, kind), row_of(line, rows))
    for line in text.commands:
        yield from (
            fired(f"asks-{matter.value}", place(line, kind), row_of(line, rows)) for matter in commanded(line.words)
        )
    about = (
        world((title, *told), worked=bool(named)) if kind == "issue" and not code and "text-work" not in named else None
    )
    yield from [fired("outside", place(about, kind), row_of(about, rows))] if about else []
    for comment in snapshot.inputs.comments[-COMMENTS:]:
        if any(awaited(line, code=code, operators=operators) for line in read(comment.body).lines):
            yield fired("gate-comment", f"comment:{comment.id}")


def _about_code(snapshot: Snapshot) -> bool:
    """Return whether the title announces a code change; the description cannot change the answer."""
    announced = title_type(folded(snapshot.inputs.title))
    return announced in CODE_TYPES or (snapshot.target.kind is Kind.PULL and not announced)


def _step(snapshot: Snapshot, signals: Sequence[Signal], *, escalated: bool) -> Step:
    names = frozenset(signal.name for signal in signals)
    if escalated:
        return "operator_needed"
    believed = signals if not names & STEERING else [signal for signal in signals if signal.group == "label"]
    parked = _sum("park", believed) and not names & PRESSING
    if unclear(names, snapshot.target.kind, read(snapshot.inputs.body)):
        return "park" if parked and "vague" not in names else "needs_refinement"
    if parked:
        return "park"
    candidates: dict[Step, int] = {
        "codex_candidate": _sum("codex", signals) + CODE_FIRST,
        "patchwarden_candidate": _sum("patchwarden", signals),
        "hermes_candidate": _sum("hermes", signals),
    }
    return max(candidates, key=candidates.__getitem__)


def _sum(score: str, signals: Iterable[Signal]) -> int:
    return sum(BY_NAME[signal.name].moves.get(score, 0) for signal in signals)


def _score(score: str, signals: Iterable[Signal], *, lowered: bool = True) -> int:
    """Return a score from 1 to 5; unless `lowered`, only signals that raise the score count."""
    steps = [BY_NAME[signal.name].moves.get(score, 0) for signal in signals]
    return max(1, min(5, START[score] + sum(step for step in steps if lowered or step > 0)))


def _priority(reach: int, impact: int, urgency: int, step: Step) -> Priority:
    """Return the priority. An operator matter is never below p1; what is unclear or only text waits, if it can."""
    if step == "park" or (step in WAITING and not urgency and impact <= START["impact"]):
        return "p3"
    if urgency >= 2 and impact >= 4:  # noqa: PLR2004 - the scale is explained in the documentation
        return "p0"
    if step == "operator_needed" or impact == 5 or reach + impact >= 8 or urgency >= 2 or (urgency and impact >= 4):  # noqa: PLR2004 - as above
        return "p1"
    return "p2" if reach + impact >= 4 else "p3"  # noqa: PLR2004 - as above


def _effort(signals: Iterable[Signal]) -> Effort:
    """Return the largest size of all signals; a typo is always tiny."""
    sizes: tuple[Effort, ...] = ("unknown", "tiny", "small", "medium", "large")
    steps = {signal.name: BY_NAME[signal.name].moves.get("effort", 0) for signal in signals}
    return "tiny" if "trifle" in steps else sizes[max(steps.values(), default=0)]


def _caveat(matters: Sequence[Signal], signals: Sequence[Signal], step: Step) -> str:
    if matters:
        return CAVEATS[BY_NAME[matters[0].name].matter]
    return CAVEATS["steering"] if STEERING & {signal.name for signal in signals} else STEP_CAVEATS[step]


def _escalation(matters: Sequence[Signal]) -> Escalation | None:
    if not matters:
        return None
    says = "; ".join(signal.says for signal in matters[:3])
    return Escalation(kind="operator", reason=f"{says[0].upper()}{says[1:]}.")


def _evidence(signals: Iterable[Signal]) -> Iterator[EvidenceRef]:
    """Return one reference for each place, with its strongest signals; the place of the strongest comes first."""
    places: dict[str, list[Signal]] = {}
    for signal in signals:
        places.setdefault(signal.ref, []).append(signal)
    for ref, given in list(places.items())[:EVIDENCE]:
        yield EvidenceRef(value=ref, note="; ".join(map(noted, given[:4])))


def _rationale(priority: Priority, step: str, signals: Sequence[Signal]) -> str:
    """Return one sentence with the two strongest signals for the step, which is given in words."""
    first, *rest = [one for one in signals if BY_NAME[one.name].matter] or signals
    second = f", and {rest[0].says}" if rest else ""
    return f"{priority.upper()}, {step}: {first.says}{second}."


def _speaking(step: Step, signals: Sequence[Signal]) -> list[Signal]:
    """Return the signals that support the step, then the others, each group strongest first."""
    return sorted(signals, key=lambda signal: not _speaks(BY_NAME[signal.name], step))


def _speaks(sign: Sign, step: Step) -> bool:
    if step == "operator_needed":
        return bool(sign.matter)
    if step == "needs_refinement":
        return sign.name in {"empty", "no-goal", "no-criteria", "vague"}
    return sign.moves.get(step.removesuffix("_candidate"), 0) > 0
