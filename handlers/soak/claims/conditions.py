"""Finds text outside of a clause that cancels its claim: conditions before or after it, answers, refutations, plans."""

from handlers.language.words import word_set
from handlers.soak.claims import lexicon as said
from handlers.soak.claims.grammar import Predicate, Tense, past, simple_past
from handlers.soak.claims.tokenize import DATE, GOOD, Segment, Unit

HARD = frozenset({";", "-", "|", "(", "\u2026", "but"})
"""Joints that end the effect of a denial or condition."""
_NO = word_set("no false pending todo not nie tbd waiting never planned unknown later tomorrow soon untrue")
_FUTURE = word_set("tomorrow later soon eventually")
_DAYS = word_set("monday tuesday wednesday thursday friday saturday sunday")
_PRESENT = word_set(
    "is are has have passes lands merges ends finishes completes closes gets runs approves says agrees clears"
)


def refuted(unit: Unit) -> bool:
    """`…, which was wrong`; `it is false that …`."""
    words = tuple(unit.words)
    return any(
        word in said.REFUTED
        and not said.BE.isdisjoint(words[max(0, at - 3) : at])
        and {"nothing", "not", "no", "isnt", "none"}.isdisjoint(words[max(0, at - 4) : at])
        for at, word in enumerate(words)
    )


def undone_by(after: Segment) -> bool:
    """`Soak passed: no`; `| Soak passed | pending |`."""
    answers = after.joint in {":", "|", "-", "(", "=", ","}
    return answers and not after.marker and bool(after.words) and set(after.words) <= _NO | {"yet", "started", "done"}


def not_yet(after: Segment | None) -> bool:
    """`Smokes: 3/3 (queued)`."""
    return (
        after is not None
        and after.joint in {":", "|", "(", "-"}
        and not said.UNDONE.isdisjoint(after.words[: 9 if after.joint == "(" else 2])
    )


def wanted(unit: Unit, place: int) -> bool:
    """`Smokes required: 3/3`."""
    label = unit.segments[place - 1].words if place and unit.segments[place].joint in {":", "="} else ()
    return label[-1:] in (("required",), ("needed",), ("requirement",)) and GOOD not in unit.words


def later(one: Predicate) -> bool:
    """`Fallback removed next week`; `soak complete by Friday`."""
    words = one.after
    if one.word in {"approved", "accepted", "cleared"} and words[:1] == ("for",):
        return True
    if one.tense is not Tense.BARE:
        return False
    by = any(words[at] == "by" and words[at + 1] in _DAYS | {DATE} for at in range(len(words) - 1))
    following = any(words[at] == "next" or words[at : at + 3] == ("the", "week", "after") for at in range(len(words)))
    return by or following or not _FUTURE.isdisjoint(words)


def conditional(one: Predicate, after: Segment) -> bool:
    """Return whether the following clause makes a claim conditional."""
    if after.joint in HARD:
        return False
    if after.marker == "after":
        return one.tense is not Tense.PAST and not {"has", "have", "is", "are"}.isdisjoint(after.words)
    if after.marker not in said.CONDITIONS:
        return False
    if after.marker in {"when", "once", "as~soon~as"}:
        return one.tense is not Tense.PAST and not (one.tense is Tense.BARE and simple_past(after.words))
    return True


def within(one: Predicate, unit: Unit, place: int) -> bool:
    """Return whether a claim is outside of conditions, or in one that is told as fulfilled."""
    marker = _marker(unit, place)
    if marker in said.HYPOTHETICAL:
        return False
    if marker in said.TEMPORAL:
        own = one.start > 0 and past(one.governors)
        own = own or (marker == "after" and _begins_anew(one.subject))
        return own or _main_past(unit, place)
    first = _first_of_group(unit, place)
    before = unit.segments[first]
    return first == place or not before.marker or _behind(one, before)


def _behind(one: Predicate, before: Segment) -> bool:
    """Return whether a main clause after a condition is told as a fact."""
    if before.marker in {"until", "till", "before"} or one.tense is Tense.PAST:
        return before.marker not in said.HYPOTHETICAL or before.marker in {"until", "till", "before"}
    if before.marker in said.HYPOTHETICAL:
        return False
    if one.tense is Tense.PRESENT:
        return before.marker == "after" and not one.word.endswith("ed") and _PRESENT.isdisjoint(before.words)
    return simple_past(before.words) or (before.marker == "after" and not past(before.words))


def _marker(unit: Unit, place: int) -> str:
    """Return the condition that a clause belongs to: `once it has passed and has been approved` is one condition."""
    segments = unit.segments
    listed = segments[place].joint == "," and place + 1 < len(segments) and segments[place + 1].joint == "and"
    while place > 0 and not segments[place].marker and segments[place].joint == "and":
        listed, place = True, place - 1
    if listed and place > 1 and segments[place].joint == "," and segments[place - 1].marker:
        return segments[place - 1].marker
    return segments[place].marker


def _begins_anew(subject: tuple[str, ...]) -> bool:
    """`After approval the operator removed …`."""
    return any(
        word in said.DETERMINERS | said.AGENTS and subject[at - 1] not in said.PREPOSITIONS
        for at, word in enumerate(subject)
        if at
    )


def _main_past(unit: Unit, place: int) -> bool:
    """Return whether the main clause of a condition describes a past event."""
    first = _first_of_group(unit, place)
    before = [unit.segments[at].words for at in range(first, place) if not _marker(unit, at)]
    mains = before
    for at in range(place + 1, len(unit.segments)):
        if before or unit.segments[at].joint in HARD:
            break
        if not _marker(unit, at):
            mains.append(unit.segments[at].words)
            break
    return any(past(words) for words in mains) and all(said.MODALS.isdisjoint(words) for words in mains)


def _first_of_group(unit: Unit, place: int) -> int:
    while place > 0 and unit.segments[place].joint not in HARD | {":"}:
        place -= 1
    return place
