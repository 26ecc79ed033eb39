"""The rules judge: an opinion on an issue or pull request from what its words, paths, labels, size and age say.

Pure and deterministic. Operator matters come first and nothing said beside them lowers them: they are found line by
line, so text that is added can't take one away. Then comes whether it says what is wanted, then whether it can wait,
then who could take it.
"""

from collections.abc import Iterable, Iterator, Sequence

from bot.model import Kind, Snapshot, Value
from handlers.judge.payload import Effort, Escalation, EvidenceRef, Opinion, Priority, Step
from handlers.judge.signals.blocking_signals import awaited
from handlers.judge.signals.operator_matters import commanded, world
from handlers.judge.signals.path_signals import of_labels, of_paths
from handlers.judge.signals.prompt_injection import attempts
from handlers.judge.signals.structure_signals import age, place, structure, unclear, whole
from handlers.judge.signals.table import BY_NAME, Sign, Signal, fired
from handlers.judge.signals.urgency_signals import Reading, told
from handlers.judge.signals.work_signals import CODE_TYPES, talk, title_type, work
from handlers.language.text import Text, read, resolves, title_line
from handlers.language.words import Line, folded
from handlers.soak import asks, tracked_soaks

STEERING = frozenset({"steers", "forged"})
PRESSING = frozenset({"outage", "data-loss", "security", "label-urgent"})
START = {"reach": 2, "impact": 2, "confidence": 3}
CODE_FIRST = 2
"""How much more has to speak for texts or checks than for code."""
EVIDENCE = 12
COMMENTS = 20
"""Newest comments in which a gate is looked for."""

CAVEATS = {
    "leak": "Revoke the secret before anything else, and repeat its value nowhere.",
    "credential": (
        "Keep values out of logs, comments and commits, and the way back to the old credential open until the new one "
        "is proven."
    ),
    "destructive": "What is deleted is gone: prove a backup by restoring it first.",
    "production": "It can stop what people use: have the way back written down and tried before.",
    "legal": "It binds beyond the repository: nobody but the operator may accept terms.",
    "spending": "Money once spent doesn't come back: check price, term and notice period.",
    "outside": "It reaches beyond the repository: find out who has to act before anybody begins.",
    "trust": "Whoever it lets in may approve his own changes from then on.",
    "gate": "Nothing may begin before the approval is there, in the operator's own words.",
    "steering": "Part of its text is made to lower the judgment: read it all before believing any of it.",
    "unread": "What wasn't read may hold anything: look through it before handing it on.",
}
STEP_CAVEATS = {
    "needs_refinement": "Whoever starts now works on a guess: ask for outcome and criteria first.",
    "park": "Parked work goes stale: look again when what it waits for has come.",
    "codex_candidate": "Criteria that no test holds may be met in letter alone: review the change against them.",
    "hermes_candidate": "Statements need sources: check facts before they are published.",
    "patchwarden_candidate": "Mending may hide a cause: a finding that comes back is a fault of its own.",
}
WORDS = {
    "operator_needed": "operator-needed",
    "codex_candidate": "work for Codex",
    "hermes_candidate": "work for Hermes",
    "patchwarden_candidate": "work for Patchwarden",
    "needs_refinement": "to be refined",
    "park": "to be parked",
}


class Ruled(Value):
    """What the rules say, and the signals that fired, strongest first."""

    opinion: Opinion
    signals: tuple[Signal, ...]


def judge(snapshot: Snapshot) -> Ruled:
    """Gives the opinion of the rules; every snapshot has one."""
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
        rationale_summary=_rationale(priority, step, ordered),
        top_caveat=_caveat(matters, ordered, step),
    )
    return Ruled(opinion=opinion, signals=tuple(ordered))


def _gathered(snapshot: Snapshot) -> list[Signal]:
    """All signals, each name once with its first evidence, strongest first."""
    inputs = snapshot.inputs
    kind = "pull" if snapshot.target.kind is Kind.PULL else "issue"
    text, title = read(inputs.body), title_line(inputs.title)
    found: dict[str, Signal] = {}
    for signal in (
        *_leaks(snapshot, kind),
        *_soaks(snapshot, kind),
        *of_paths(inputs),
        *of_labels(inputs),
        *_words(snapshot, text, title, kind),
        *(fired(name, whole(snapshot, kind)) for name in attempts(inputs.title, text)),
        *structure(snapshot, text, title),
        *age(snapshot, text),
    ):
        found.setdefault(signal.name, signal)
    return sorted(found.values(), key=lambda signal: (-signal.weight, signal.name))


def _leaks(snapshot: Snapshot, kind: str) -> Iterator[Signal]:
    accepted = {entry.fingerprint for entry in snapshot.policy.secret_leak.accept}
    paths = {file.path for file in snapshot.inputs.files}
    for leak in snapshot.inputs.leaks:
        where = leak.location
        changed = f"diff:{where.path}" if where.path in paths else f"commit:{where.commit}"
        places = {
            "title": f"{kind}-title",
            "comment": f"comment:{where.comment_id}",
            "message": f"commit:{where.commit}",
        }
        ref = places.get(where.where, changed if where.path else f"{kind}-body")
        if leak.fingerprint not in accepted:
            yield fired("leak-found", ref if resolves(ref, snapshot) else f"{kind}-title")


def _soaks(snapshot: Snapshot, kind: str) -> Iterator[Signal]:
    """An issue whose soak waits for the operator's word, or was blocked, is his, whatever else it says."""
    if any(asks(soak) for soak in tracked_soaks(snapshot)):
        yield fired("soak-waits", f"{kind}-title")


def _words(snapshot: Snapshot, text: Text, title: Line, kind: str) -> Iterator[Signal]:
    code = _about_code(snapshot)
    operators = frozenset(folded(name) for name in snapshot.policy.operators or ())
    named = tuple(work(title, typed=title_type(folded(snapshot.inputs.title))))
    reading = Reading(title, text.lines, code=code, operators=operators)
    for name, line in (*told(reading), *((name, title) for name in named), *talk(text.lines)):
        yield fired(name, place(line, kind))
    for line in text.commands:
        yield from (fired(f"asks-{matter.value}", place(line, kind)) for matter in commanded(line.words))
    about = (
        world((title, *text.lines), worked=bool(named))
        if kind == "issue" and not code and "text-work" not in named
        else None
    )
    yield from [fired("outside", place(about, kind))] if about else []
    for comment in snapshot.inputs.comments[-COMMENTS:]:
        if any(awaited(line, code=code, operators=operators) for line in read(comment.body).lines):
            yield fired("gate-comment", f"comment:{comment.id}")


def _about_code(snapshot: Snapshot) -> bool:
    """Says whether the title announces a change of a program; a description's own words can't make it so."""
    announced = title_type(folded(snapshot.inputs.title))
    return announced in CODE_TYPES or (snapshot.target.kind is Kind.PULL and not announced)


def _step(snapshot: Snapshot, signals: Sequence[Signal], *, escalated: bool) -> Step:
    names = frozenset(signal.name for signal in signals)
    if escalated:
        return "operator_needed"
    if unclear(names, snapshot.target.kind, read(snapshot.inputs.body)):
        return "needs_refinement"
    believed = signals if not names & STEERING else [signal for signal in signals if signal.group == "label"]
    if _sum("park", believed) and not names & PRESSING:
        return "park"
    hands: dict[Step, int] = {
        "codex_candidate": _sum("codex", signals) + CODE_FIRST,
        "patchwarden_candidate": _sum("patchwarden", signals),
        "hermes_candidate": _sum("hermes", signals),
    }
    return max(hands, key=hands.__getitem__)


def _sum(score: str, signals: Iterable[Signal]) -> int:
    return sum(BY_NAME[signal.name].moves.get(score, 0) for signal in signals)


def _score(score: str, signals: Iterable[Signal], *, lowered: bool = True) -> int:
    """A score from 1 to 5; where it isn't to be `lowered`, only what raises it counts."""
    steps = [BY_NAME[signal.name].moves.get(score, 0) for signal in signals]
    return max(1, min(5, START[score] + sum(step for step in steps if lowered or step > 0)))


def _priority(reach: int, impact: int, urgency: int, step: Step) -> Priority:
    if step == "park":
        return "p3"
    if urgency >= 2 and impact >= 4:  # noqa: PLR2004 - the scale is explained in the documentation
        return "p0"
    if impact == 5 or reach + impact >= 8 or urgency >= 2 or (urgency and impact >= 4):  # noqa: PLR2004 - as above
        return "p1"
    return "p2" if reach + impact >= 4 else "p3"  # noqa: PLR2004 - as above


def _effort(signals: Iterable[Signal]) -> Effort:
    """The largest that anything tells; a slip of the pen is tiny whatever else is said."""
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
    """One reference for each place, with all that it gave, strongest first."""
    places: dict[str, list[Signal]] = {}
    for signal in signals:
        places.setdefault(signal.ref, []).append(signal)
    for ref, given in list(places.items())[:EVIDENCE]:
        yield EvidenceRef(value=ref, note="; ".join(f"{signal.says} ({signal.name})" for signal in given[:4]))


def _rationale(priority: Priority, step: Step, signals: Sequence[Signal]) -> str:
    """One sentence that names the two strongest signals which speak for the step."""
    first, *rest = signals
    second = f", and {rest[0].says}" if rest else ""
    return f"{priority.upper()}, {WORDS[step]}: {first.says}{second}."


def _speaking(step: Step, signals: Sequence[Signal]) -> list[Signal]:
    """The signals in order of strength, before all others those that speak for the step."""
    return sorted(signals, key=lambda signal: not _speaks(BY_NAME[signal.name], step))


def _speaks(sign: Sign, step: Step) -> bool:
    if step == "operator_needed":
        return bool(sign.matter)
    if step == "needs_refinement":
        return sign.name in {"empty", "no-goal", "no-criteria", "vague"}
    return sign.moves.get(step.removesuffix("_candidate"), 0) > 0
