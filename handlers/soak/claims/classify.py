"""Finds claims that a soak has reached a stage: started, enough runs, passed, the old part removed.

A sentence is split into clauses (`tokenize`). Each predicate has a subject, a tense and words before it (`grammar`). It
is a claim unless it is denied, planned, conditional, doubted, a question, or said by others. Unclear sentences are not
claims, because false alarms make people ignore the check.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from handlers.language.words import folded, word_set
from handlers.soak.claims import lexicon as said
from handlers.soak.claims.conditions import HARD, conditional, later, not_yet, refuted, undone_by, wanted, within
from handlers.soak.claims.counts import counted, partial, undone
from handlers.soak.claims.grammar import Predicate, Tense, generic, is_predicate, negative, past, predicate
from handlers.soak.claims.lexicon import STAGES, Stage
from handlers.soak.claims.markdown import rows, sentences
from handlers.soak.claims.subjects import Context, Thing, context, thing
from handlers.soak.claims.tokenize import BAD, DATE, GOOD, Reading, Segment, Unit, read

__all__ = ["Claim", "Stage", "claim_of", "claims_in", "sentences", "unnamed"]

_SAID: dict[Thing, tuple[tuple[frozenset[str], Stage], ...]] = {
    Thing.SOAK: ((said.COMPLETE_SAID, "complete"), (said.START_SAID, "started")),
    Thing.THRESHOLD: ((said.MET, "threshold"),),
    Thing.START: ((said.ON_RECORD | {"done", "happened"}, "started"),),
    Thing.END: ((said.ON_RECORD, "complete"),),
    Thing.REMOVAL: ((said.ON_RECORD | word_set("done complete completed finished merged executed"), "removed"),),
    Thing.WINDOW: ((said.START_SAID, "started"),),
    Thing.AUDIT: ((said.AUDIT_SAID, "complete"),),
    Thing.OLD: ((said.GONE, "removed"),),
}
_DONE_TO: dict[Thing, tuple[tuple[frozenset[str], Stage], ...]] = {
    Thing.SOAK: ((said.COMPLETE_OF, "complete"), (said.START_OF, "started")),
    Thing.THRESHOLD: ((said.MEETS | said.MET - {"complete", "full", "green"}, "threshold"),),
    Thing.AUDIT: ((frozenset({"passed"}), "complete"),),
    Thing.OLD: ((said.GONE - {"gone", "history"}, "removed"),),
}
_WORDS = (
    said.START_SAID | said.COMPLETE_SAID | said.MET | said.AUDIT_SAID | said.GONE | said.START_OF | said.COMPLETE_OF
)
_WORDS |= said.MEETS | said.ON_RECORD | {"happened", "merged", "executed"}
_IMPERATIVES = {
    "remove": "removed", "delete": "deleted", "drop": "dropped", "retire": "retired", "revoke": "revoked",
    "start": "started", "begin": "began", "open": "opened", "complete": "completed", "finish": "finished",
    "close": "closed",
}  # fmt: skip
_VERBS = (said.AUXILIARY | said.DENIALS) - {"'s"}
_VERBAL = said.AUXILIARY | said.MODALS
_GOES_ON = _VERBAL | _WORDS | said.PREPOSITIONS | said.ADVERBS
_LISTS = frozenset({"stages", "states", "statuses"})
_STATES = frozenset({"complete", "started", "threshold", "removed"})
_LABEL_WORDS = 6
_PLAIN = "the soak has passed"


class Claim(NamedTuple):
    """A sentence, and the highest stage that it claims."""

    stage: Stage
    sentence: str


def claims_in(text: str, names: Sequence[str] = (), aside: Sequence[str] = ()) -> Iterator[tuple[int, Claim]]:
    """Return the claims in a Markdown text, each with its line.

    `names` are names of the old part: variables, files. `aside` are names that say nothing, such as those of soaks.
    """
    for row in rows(text):
        stage = claim_of(unnamed(row.text, aside), names)
        if stage and not any(map(_governs, row.under)):
            yield row.line, Claim(stage, row.text)


def unnamed(text: str, aside: Sequence[str]) -> str:
    """Return the text without some names, which may contain words such as `removed`."""
    for name in aside:
        text = re.sub(rf"(?<![\w-])`?{re.escape(name)}`?(?![\w-])", "", text)
    return text


def claim_of(sentence: str, names: Sequence[str] = ()) -> Stage | None:
    """Return the highest stage that a line claims as reached; None if it claims none."""
    reading = read(sentence)
    if reading is None:
        return None
    words = frozenset(word for unit in reading.units for word in unit.words).union(reading.scope)
    line = _Line(reading, context(words, frozenset(folded(name).strip() for name in names)))
    return max(line.stages(), key=STAGES.index, default=None)


class _Line:
    """Reads the clauses of a line, and tracks the subject and denials of earlier clauses."""

    def __init__(self, reading: Reading, around: Context) -> None:
        self._reading = reading
        self._around = around
        self._last: Thing | None = None
        self._aside = False
        self._held = ""

    def stages(self) -> Iterator[Stage]:
        """Return every stage that is claimed."""
        for unit in self._reading.units:
            self._held = ""
            told_so = list(self._unit(unit))
            if not unit.asks and not refuted(unit):
                yield from told_so
            elif unit.asks and not unit.segments:
                return

    def _unit(self, unit: Unit) -> Iterator[Stage]:
        words = frozenset(unit.words)
        for place, segment in enumerate(unit.segments):
            self._enter(unit, place)
            spoken = self._spoken(unit, place)
            held = self._held
            found = False
            counts = counted(_labelled(unit, place, spoken), self._around, words)
            for stage, one in (*self._predicated(spoken, unit, place), *counts):
                found = True
                if BAD not in words and not self._aside and self._claimed(stage, one, unit, place):
                    yield stage
            self._leave(segment, spoken, found=found, held=held)

    def _enter(self, unit: Unit, place: int) -> None:
        """Enter a clause: an earlier denial only continues across commas, and a label may change the meaning."""
        segment = unit.segments[place]
        if segment.joint in HARD or (segment.joint == "," and self._conceded(unit, place)):
            self._held = ""
        before = unit.segments[place - 1] if place else None
        self._aside = self._aside or (place == 0 and not _LISTS.isdisjoint(segment.words[:2]))
        if segment.joint == ":" and before is not None:
            label = before.words
            short = len(label) <= _LABEL_WORDS
            about = thing(label, self._around)
            told_next = segment.words[:1] and segment.words[0] in said.MET | {"not"}
            aside = short and not said.ASIDE_LABELS.isdisjoint(label) and about is not Thing.RUNS
            aside = aside and not (about is Thing.THRESHOLD and (told_next or GOOD in unit.words))
            defined = len(label) == 1 and label[0] in _STATES and not said.AUXILIARY.isdisjoint(segment.words)
            aside = aside or defined or before.marker != "" or (label[0] in said.ORDERS and not self._reading.title)
            self._aside = aside or (self._aside and place > 1)
            noted = len(label) < _LABEL_WORDS and (said.AUXILIARY | said.NEGATED).isdisjoint(label)
            keeps = noted and not (said.DENIALS | said.REPORTS).isdisjoint(label)
            self._held = "complement" if keeps or not said.REPORTS.isdisjoint(label) else ""

    def _conceded(self, unit: Unit, place: int) -> bool:
        """`Although nothing may be removed yet, …`: a concession does not govern the clause after its comma."""
        first = unit.segments[0].joint == "but"
        return first and all(one.joint != "," for one in unit.segments[:place])

    def _leave(self, segment: Segment, spoken: tuple[str, ...], *, found: bool, held: str) -> None:
        if not found:
            self._last = thing(_named_first(spoken), self._around) or self._last
        if held == "complement":
            return
        denied = not said.DENIALS.isdisjoint(spoken)
        reported = not (said.REPORTS | said.DOUBTS).isdisjoint(spoken)
        if (denied or reported) and ("that" in spoken or reported):
            self._held = "complement"
        elif not said.MODALS.isdisjoint(spoken) or (not found and _lacking(spoken)):
            self._held = "modal"
        elif denied or (held and segment.joint in {",", "and"}):
            self._held = "denied" if denied else held
        else:
            self._held = ""

    def _spoken(self, unit: Unit, place: int) -> tuple[str, ...]:
        """Return a clause's words, after an aside with the subject before it: `None of them, it seems, has begun`."""
        segment = unit.segments[place]
        words = segment.words
        first = words[:1]
        if words == ("pass",) and segment.joint in {":", "|"}:
            words = ("passed",)
        if self._checked(place) and first and first[0] in _IMPERATIVES:
            words = (_IMPERATIVES[first[0]], *words[1:])
        if segment.joint == ")":
            return (*self._bracketed(unit, place), *words)
        if segment.joint != "," or not first or first[0] not in said.AUXILIARY | {"no~longer"}:
            return words
        for back in (2, 1):
            before = unit.segments[place - back] if place >= back else None
            apposed = back > 1 and before is not None and not _about(before.words, self._around)
            if before and not before.marker and not apposed and _VERBAL.isdisjoint(before.words):
                return (*before.words, *words)
        return words

    def _bracketed(self, unit: Unit, place: int) -> tuple[str, ...]:
        """Return the subject before a parenthesis that the text after it continues: `The soak (#201) is over`."""
        first = unit.segments[place].words[:1]
        opened = next((at for at in range(place - 1, 0, -1) if unit.segments[at].joint == "("), 0)
        before = unit.segments[opened - 1] if opened else None
        if not first or first[0] not in _GOES_ON or before is None or before.marker:
            return ()
        return before.words if _VERBAL.isdisjoint(before.words) and not past(before.words) else ()

    def _checked(self, place: int) -> bool:
        return self._reading.checked and place == 0

    def _predicated(self, words: tuple[str, ...], unit: Unit, place: int) -> Iterator[tuple[Stage, Predicate]]:
        for at, word in enumerate(words):
            if word not in _WORDS:
                continue
            one = predicate(words, at, self._around, self._last)
            if word == "done" and one.of is None and words[at + 1 : at + 2] == ("with",):
                one = replace(one, of=thing(words[at + 2 :], self._around))
            if one.of is None and at == len(words) - 1 and place + 1 < len(unit.segments):
                one = self._listed(one, unit.segments[place + 1])
            one = _inverted(one, self._around) if one.of is None else one
            if one.of is not None and not one.active:
                self._last = one.of
            stage = _stage(one)
            if stage and is_predicate(one):
                yield stage, one

    def _listed(self, one: Predicate, following: Segment) -> Predicate:
        """`Removed: the direct PAT`."""
        if following.joint != ":" or one.subject:
            return one
        of = thing(following.words, self._around)
        return Predicate(one.words, one.at, one.start, one.end, of, tense=one.tense, active=True)

    def _claimed(self, stage: Stage, one: Predicate, unit: Unit, place: int) -> bool:
        segment = unit.segments[place]
        after = unit.segments[place + 1] if place + 1 < len(unit.segments) else None
        short = stage == "threshold" and (partial(segment.words) or not_yet(after) or wanted(unit, place))
        taken_back = after is not None and (undone_by(after) or conditional(one, after))
        topic = self._reading.heading and {DATE, GOOD}.isdisjoint(segment.words)
        return not (
            negative(one)
            or generic(one)
            or self._holds(one, segment)
            or short
            or taken_back
            or (one.counted and undone(segment))
            or later(one)
            or (one.tense is Tense.BARE and topic)
        ) and within(one, unit, place)

    def _holds(self, one: Predicate, segment: Segment) -> bool:
        """Return whether an earlier denial, plan or report still governs this predicate."""
        if self._held == "modal":
            return segment.joint in {",", "and"} and one.tense is not Tense.PAST
        if self._held == "denied":
            return segment.joint == "nor" or (segment.joint in {",", "and"} and not one.subject)
        return self._held == "complement"


def _inverted(one: Predicate, around: Context) -> Predicate:
    """`Trwa okres obserwacji`; `został osiągnięty próg`: in Polish a verb may stand before its subject."""
    first = one.helpers[:1] and one.helpers[0] in said.BE and not one.subject
    if not first and one.word != "underway":
        return one
    of = thing(one.after, around) if one.after else None
    return replace(one, of=of, verb_first=True) if of else one


def _about(words: tuple[str, ...], around: Context) -> bool:
    """Return whether words can be the subject of a claim, or of its denial."""
    return thing(words, around) is not None or not said.DENIALS.isdisjoint(words)


def _lacking(words: tuple[str, ...]) -> bool:
    """`One more smoke and the threshold is met`."""
    return ("more" in words or words[:1] == ("another",)) and said.AUXILIARY.isdisjoint(words)


def _named_first(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return a clause's words up to its verb."""
    verbs = (at for at in range(1, len(words)) if words[at] in _VERBS or past(words[at : at + 1]))
    return words[: next(verbs, len(words))]


def _labelled(unit: Unit, place: int, words: tuple[str, ...]) -> tuple[str, ...]:
    """`Status: soak period start` counts as a recorded start."""
    status = place and unit.segments[place].joint == ":" and "status" in unit.segments[place - 1].words
    return ("status", *words) if status else words


@lru_cache(maxsize=64)
def _governs(words: str) -> bool:
    """Return whether text below a heading or introduction is no claim: `Acceptance`, `Merge when:`."""
    return claim_of(f"{words.rstrip(' :')}: {_PLAIN}") is None


def _stage(one: Predicate) -> Stage | None:
    if one.of is None:
        return None
    if one.word in said.PRESENT_STARTS | {"starting"} and said.NOW.isdisjoint(one.words):
        return None
    if one.word in said.MEETS and one.subject[-1:] and one.subject[-1] not in said.PRONOUNS:
        return None
    table = _DONE_TO if one.active else _SAID
    return next((stage for words, stage in table.get(one.of, ()) if one.word in words), None)
