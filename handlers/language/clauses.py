"""Splits sentences into clauses, and finds verbs that ask for something to be done.

A verb counts if it is an order (`Rotate …`, `… and revoke …`) or due (`has to be rotated`), unless it is denied or
belongs to a clause about making software (`Add a command to rotate …`).
"""

from collections.abc import Iterator, Sequence

from handlers.language import lexicon
from handlers.language.forms import NOMINALS, PARTICIPLES, PHRASAL, singular
from handlers.language.objects import Act, Phrase, Way, hits, phrases
from handlers.language.words import Line, Part, Word

LONGEST = 200
"""Maximum number of words in a clause: longer ones are cut, so that the time stays proportional to the length."""
NEAR = 8
"""Number of words before an act in noun form that are searched for its object."""

_AUXILIARY = frozenset(
    [
        "must",
        "should",
        "shall",
        "needs",
        "need",
        "to",
        "be",
        "has",
        "have",
        "is",
        "are",
        "was",
        "were",
        "been",
        "gets",
        "being",
        "will",
        "already",
    ]
)
_BEING = frozenset({"is", "are", "be", "was", "were", "been", "gets", "being"})
_OBLIGED = frozenset({"must", "should", "shall", "needs", "need", "has", "have", "to"})
_MUST = frozenset({"must", "should", "shall", "will", "to", "lets", "please"})
_WILLING = frozenset({"would", "will", "shall"})
_NEEDED = frozenset({"needs", "requires", "due", "needed", "required"})
_ENDS = (
    frozenset({"", "and", ",", "or", "so", "then", "afterwards", "everywhere"}) | lexicon.ADVERBS | lexicon.PREPOSITIONS
)
_VERBS = lexicon.ALL_ACTS | lexicon.MAKING | lexicon.PERFORM


def acts(line: Line) -> Iterator[Act]:
    """Return the acts that a line asks for; in criteria also acts described as done."""
    for segment in segments(line.words):
        clause = _Clause(segment)
        for place in range(len(segment)):
            way = clause.way(place, results=line.part in {Part.CRITERIA, Part.GOAL} or line.form == "task")
            if way is Way.DONE:
                about = (*phrases(clause.subject(place)), *_placed(segment[place + 1 :]))
                yield Act(PARTICIPLES[segment[place].text], way, about)
            elif way is not None and segment[place].text in lexicon.ALL_ACTS:
                yield Act(segment[place].text, way, tuple(phrases(segment[place + 1 :])))
        yield from _named(segment, title=line.form == "title")


def segments(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Return a line's parts between punctuation, with two-word verbs as one word; text in brackets comes last."""
    outside, inside = bracketed(words)
    yield from _segments(outside)
    yield from _segments(inside)


def bracketed(words: Sequence[Word]) -> tuple[list[Word], list[Word]]:
    """Return the words outside of brackets, and those inside."""
    inside: list[Word] = []
    outside: list[Word] = []
    depth = 0
    for word in words:
        depth = max(0, depth + (word.text == "(") - (word.text == ")"))
        (inside if depth or word.text == ")" else outside).append(word)
    return outside, inside


def led(segment: Sequence[Word]) -> str:
    """Return the first word of a clause that is not a filler; empty if there is none."""
    return next((word.text for word in segment if word.text not in lexicon.FILLERS), "")


def texts(words: Sequence[Word]) -> frozenset[str]:
    """Return the words except those that only name a thing (code, paths, short quotations)."""
    return frozenset(word.text for word in words if not word.name)


def spoken(words: Sequence[Word]) -> str:
    """Return the same words in their order, with a space around each, so that a phrase is found as whole words."""
    return f" {' '.join(word.text for word in words if not word.name)} "


def _segments(words: Sequence[Word]) -> Iterator[list[Word]]:
    segment: list[Word] = []
    for word in words:
        if word.text in lexicon.BREAKS or len(segment) >= LONGEST:
            yield from [segment] if segment else []
            segment = []
        if word.text in lexicon.BREAKS:
            continue
        pair = PHRASAL.get((segment[-1].text, word.text)) if segment and not word.name else None
        if pair:
            segment[-1] = Word(pair)
        else:
            segment.append(word)
    yield from [segment] if segment else []


class _Clause:
    """Determines for each word of a segment whether it is an act to be done."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._ways: dict[int, Way | None] = {}
        self._making = self._denied = self._conditional = False
        self._start = 0

    def subject_end(self, place: int) -> int:
        """Return where the subject of a passive ends: before its modal or auxiliary verb."""
        while place > 0 and (self._words[place - 1].text in _AUXILIARY or self._words[place - 1].text.endswith("ly")):
            place -= 1
        return place

    def subject(self, place: int) -> Sequence[Word]:
        """Return the subject of a passive: the words before it in its own clause."""
        end = self.subject_end(place)
        starts = (at + 1 for at in range(end) if self._words[at].text in lexicon.JOINTS | lexicon.FINITE)
        return self._words[max((at for at in starts if at < end), default=0) : end]

    def way(self, place: int, *, results: bool) -> Way | None:
        """Return the form in which a word is an act, or None. Call it for all words from left to right."""
        word = self._words[place]
        if word.name:
            return None
        self._look(place, word.text)
        way = self._standing(place, word.text, results=results)
        if way in {Way.TOLD, Way.DUE} and word.text in lexicon.MAKING and not hits(word.text, self._words[place + 1 :]):
            self._making, way = True, None
        self._ways[place] = way
        return way

    def _look(self, place: int, text: str) -> None:
        if self._begins(place, text):
            self._start, self._making, self._denied, self._conditional = place, False, False, False
        self._denied = self._denied or (text in lexicon.DENIALS and self._after(place) != "only")
        self._conditional = self._conditional or text in lexicon.CONDITIONS

    def _begins(self, place: int, text: str) -> bool:
        """Return whether a verb begins a new clause: after `and`, unless it only continues the verb before it."""
        if place == 0 or text not in _VERBS:
            return False
        before = place - 1
        while before > self._start and self._words[before].text in lexicon.FILLERS:
            before -= 1
        joined = self._words[before].text in lexicon.JOINTS
        return joined and not (before > 0 and self._words[before - 1].text in _VERBS)

    def _standing(self, place: int, text: str, *, results: bool) -> Way | None:
        if self._denied or self._making:
            return None
        helped = place > 0 and self._words[place - 1].text in _BEING
        before = self._content_before(place)
        if text in PARTICIPLES and (helped or text not in lexicon.ALL_ACTS):
            way = Way.DONE if self._passive(place, results=results) else None
        elif before < self._start:
            way = Way.TOLD
        elif self._words[before].text in lexicon.JOINTS and before > 0:
            way = self._ways.get(before - 1)
            return None if way is Way.DONE else way
        else:
            way = self._after_modal(before)
        return None if self._conditional else way

    def _after_modal(self, before: int) -> Way | None:
        previous = self._words[before].text
        if previous in lexicon.MODALS or previous in _MUST:
            return self._due(before)
        mine = previous in _WILLING and before > 0 and self._words[before - 1].text in {"i", "we"}
        return Way.DUE if mine or previous in {"id", "ill"} else None

    def _content_before(self, place: int) -> int:
        before = place - 1
        while before >= self._start and self._words[before].text in lexicon.FILLERS:
            before -= 1
        return before

    def _due(self, modal: int) -> Way | None:
        """Return `DUE` unless a program is meant: `The client must revoke …`, `a button to delete …`."""
        first = modal
        while first > self._start and self._words[first - 1].text in lexicon.MODALS | lexicon.FILLERS:
            first -= 1
        if first == 0:
            return Way.DUE
        subject = self._words[first - 1].text
        aside = lexicon.INFINITIVE_ASIDE if self._words[modal].text == "to" and first == modal else lexicon.PROGRAMS
        return None if subject in aside or singular(subject) in aside else Way.DUE

    def _passive(self, place: int, *, results: bool) -> bool:
        end = self.subject_end(place)
        between = {word.text for word in self._words[end:place]}
        if "be" in between:
            return bool(between & _OBLIGED) and end > 0
        if self._words[self._start].text in {"have", "get"} and not between:
            return True
        return results and self._after(place) in _ENDS and not between & {"was", "were", "been"}

    def _after(self, place: int) -> str:
        return self._words[place + 1].text if place + 1 < len(self._words) else ""


def _placed(words: Sequence[Word]) -> Iterator[Phrase]:
    """Return the phrases after a participle that name a place: `… applied in production`."""
    yield from (one for one in phrases(words) if one[0])


def _named(segment: Sequence[Word], *, title: bool) -> Iterator[Act]:
    """Return acts in noun form: in titles (`Token rotation for …`), and as an object (`Schedule the rollout`)."""
    first, said = led(segment), {word.text for word in segment}
    if not (first in lexicon.PERFORM or said & _NEEDED or (title and first not in _VERBS)):
        return
    if said & (lexicon.DENIALS | lexicon.CONDITIONS):
        return
    for place, word in enumerate(segment):
        verb = NOMINALS.get(singular(word.text))
        if verb is None or word.name or not _closes(segment[place + 1 : place + 2]):
            continue
        start = max(1 if first in lexicon.PERFORM else 0, place - NEAR)
        before = [("", words) for _, words in list(phrases(segment[start:place]))[-1:]]
        yield Act(verb, Way.NAMED, (*before, *phrases(segment[place + 1 :])))


def _closes(following: Sequence[Word]) -> bool:
    """Return whether a noun is the last word of its phrase."""
    ends = lexicon.PREPOSITIONS | lexicon.ADVERBS | lexicon.STOPS | lexicon.JOINTS
    return not following or following[0].text in ends or following[0].text.isdigit()
