"""Predicates in their clauses: their subject, their tense, and the effect of the words before them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from handlers.language.words import word_set
from handlers.soak.claims import lexicon as said
from handlers.soak.claims import phrases
from handlers.soak.claims.subjects import Context, Thing, thing
from handlers.soak.claims.tokenize import DATE, GOOD

_BETWEEN = word_set(
    "proved proven turned as considered deemed called declared marked seen both also verified confirmed"
)
_SKIPPED = said.AUXILIARY | said.ADVERBS | said.MODALS | said.DENIALS | said.DOUBTS | _BETWEEN | {DATE, GOOD, "so~far"}
_STOPS = (
    said.REPORTS
    | said.AUXILIARY
    | said.MODALS
    | said.GONE
    | said.START_OF
    | said.COMPLETE_OF
    | {"that", "to", "where", "since"}
)
_NEGATIVE = word_set("no none nobody nothing neither nor any never without not hardly cannot")
_PAST = word_set("was were had did has have ve")
_PERFECT = word_set("has have ve is are 's")
_IRREGULAR = word_set("began went took ran got made wrote sent came gone met hit found did left put became")
_TIMES = word_set(
    "monday tuesday wednesday thursday friday saturday sunday last this early late tonight morning yesterday today "
    "ahead too days weeks hours when"
)
_WELL = word_set("clean green fine successful well")
_ADJECTIVES = word_set("up complete open clear clean cut set live active full over through history")


_CAUSING = word_set("like want get see keep want make~sure leave")
_GERUNDS = word_set("marking calling declaring recording considering counting announcing treating")
_RECORDERS = word_set("this it that which entry commit pr change i we")


_RELATIVE = word_set("that which who")
_RELATED = 3
_NONE = said.DENIALS | word_set("zero despite")
_FINITE = said.AUXILIARY | said.MODALS | said.REPORTS | said.DENIALS


class Tense(Enum):
    """The tense of a predicate, by its auxiliary verb."""

    PAST = auto()
    PRESENT = auto()
    BARE = auto()


@dataclass(frozen=True)
class Predicate:
    """A word that states something. Its subject is between `start` and `end`; `of` is its kind, None if unknown.

    `counted`: it stands for numbers or nouns; `verb_first`: its subject follows it.
    """

    words: tuple[str, ...]
    at: int
    start: int
    end: int
    of: Thing | None = None
    inherits: bool = False
    tense: Tense = Tense.BARE
    active: bool = False
    counted: bool = False
    verb_first: bool = False

    @property
    def word(self) -> str:
        """The word itself."""
        return self.words[self.at]

    @property
    def governors(self) -> tuple[str, ...]:
        """The words before its subject."""
        return self.words[: self.start]

    @property
    def subject(self) -> tuple[str, ...]:
        """The words of its subject."""
        return self.words[self.start : self.end]

    @property
    def helpers(self) -> tuple[str, ...]:
        """The words between its subject and itself."""
        return self.words[self.end : self.at]

    @property
    def after(self) -> tuple[str, ...]:
        """The words after it."""
        return self.words[self.at + 1 :]


def predicate(words: tuple[str, ...], at: int, around: Context, last: Thing | None) -> Predicate:
    """Return the predicate at a place, with its subject. `last` is the last subject before it."""
    end = at
    while end > 0 and (words[end - 1] in _SKIPPED or words[end - 1] in {"to", "a"}):
        end -= 1
    region = end
    while region > 0 and words[region - 1] not in _STOPS:
        region -= 1
    start, of = _subject(words, region, end, around)
    if of is None or _begins_relative(words, region):
        of = _related(words, end, around, helped=not said.AUXILIARY.isdisjoint(words[end:at]))
    alone = all(word in said.PRONOUNS or word in said.ADVERBS or word in {DATE, GOOD} for word in words[start:end])
    inherits = of is None and (alone or (words[region] in said.PREPOSITIONS and start == region and region > 0))
    helpers = words[end:at]
    made = Predicate(words, at, start, end, last if inherits else of, inherits, _tense(helpers))
    return _with_object(made, around) if said.BE.isdisjoint(helpers) else made


def past(words: Sequence[str]) -> bool:
    """Return whether a clause describes a past event."""
    if not said.MODALS.isdisjoint(words):
        return False
    pairs = zip(("", *words), words, strict=False)
    return any(word in _PAST or word in _IRREGULAR or (_ed(word) and before != "as") for before, word in pairs)


def simple_past(words: Sequence[str]) -> bool:
    """Return whether a clause is in the simple past, not in the perfect."""
    return past(words) and _PERFECT.isdisjoint(words) and len(words) > 1


def closed(after: Sequence[str]) -> bool:
    """Return whether a predicate without auxiliary ends its phrase: `soak complete`, not `soak complete criteria`."""
    return (
        not after
        or after[0] in _TIMES | _WELL | _SKIPPED | said.PREPOSITIONS | phrases.NUMBERS.keys() | phrases.ORDINALS.keys()
        or not after[0].isalpha()
    )


def attributive(one: Predicate) -> bool:
    """Return whether a predicate is only an attribute: `the removed fallback`, `a completed soak`."""
    before = one.words[one.at - 1] if one.at else ""
    if one.active and one.after[:1] and one.after[0] in said.DETERMINERS:
        return False
    follows = one.after[:1] and not closed(one.after)
    if before in said.DETERMINERS and not one.inherits:
        return bool(follows) or one.word not in {"success", "history"}
    return before in said.DETERMINERS and bool(follows)


def is_predicate(one: Predicate) -> bool:
    """Return whether a word is really a predicate: not an infinitive, an order or a part of a name."""
    before = one.words[one.at - 1] if one.at else ""
    if before in {"to", "please"} or attributive(one) or _marking(one):
        return False
    helped = not (said.AUXILIARY - {"'s"}).isdisjoint(one.helpers)
    if one.word in _ADJECTIVES and not helped and (one.active or not closed(one.after)):
        return False
    return helped or one.active or one.verb_first or closed(one.after)


def _marking(one: Predicate) -> bool:
    """Return whether a habit or label is described: `the bot marks the soak as passed`, `marking it as passed`."""
    before = one.words[: one.end]
    for at, word in enumerate(before):
        third = word in said.RECORDS and word.endswith("s") and word != "status"
        if word in _GERUNDS or (third and at > 0 and before[at - 1] not in _RECORDERS):
            return True
    return False


def generic(one: Predicate) -> bool:
    """Return whether it is about soaks in general: `a soak is complete`."""
    first = next((word for word in one.subject if word not in said.ADVERBS), "")
    if "gets" in one.helpers or (one.tense is Tense.PRESENT and one.word in said.ON_RECORD and "by" in one.after):
        return True
    plural = one.subject[-1:] in (("soaks",), ("fallbacks",)) and said.DETERMINERS.isdisjoint(one.subject)
    return (first in said.GENERIC or plural) and one.tense is not Tense.PAST and not one.active


def negative(one: Predicate) -> bool:
    """Return whether words before it deny it, or make it a plan, a possibility or a report."""
    before = (*one.governors, *one.helpers)
    mine = before if one.start == 0 or one.governors[-1] in _STOPS else one.helpers
    unsure = said.DOUBTS.isdisjoint((*before, *one.subject, *one.after[:2]))
    plain = said.DENIALS.isdisjoint(mine) and said.MODALS.isdisjoint(before) and _NEGATIVE.isdisjoint(one.subject)
    asked = not said.GOVERNING.isdisjoint((*one.governors, *one.subject[:1])) or one.governors[:1] == ("confirm",)
    asked = asked or (one.counted and not said.GOVERNING.isdisjoint(one.helpers))
    asked = asked or not (_CAUSING.isdisjoint(one.subject) and said.AMISS.isdisjoint(one.words))
    finite = one.counted or "to" not in one.helpers
    mine_to_say = said.REPORTS.isdisjoint((*before, *one.subject[:1]))
    return asked or spoilt(one) or not (unsure and plain and mine_to_say and finite)


def spoilt(one: Predicate) -> bool:
    """`The soak ended in a fallback hit`, `has passed its first night`, but not `ended without one`."""
    after = one.after
    in_part = one.of is Thing.SOAK and after[:1] == ("its",) and after[1:2] and after[1] in phrases.ORDINALS
    return bool(in_part) or (
        one.word in said.COMPLETE_SAID
        and any(word in said.HARM and _NONE.isdisjoint(after[max(0, at - 4) : at]) for at, word in enumerate(after))
    )


def _subject(words: tuple[str, ...], region: int, end: int, around: Context) -> tuple[int, Thing | None]:
    """Return the place of the subject, after an introduction (`With the merge of #288 the soak …`), and its kind."""
    if region == end:
        return region, None
    while region < end - 1 and words[region] in said.ADVERBS:
        region += 1
    if words[region] not in said.PREPOSITIONS and words[region - 1 : region] != ("since",):
        return region, thing(words[region:end], around)
    for start in range(end - 1, region, -1):
        if words[start] in said.DETERMINERS and words[start - 1] not in said.PREPOSITIONS:
            return start, thing(words[start:end], around)
    if words[region] == "with":
        return region, thing(words[region + 1 : end], around)
    if words[region - 1 : region] == ("since",):
        return region, thing(words[region:end], around)
    surely = words[end - 1] in said.SOAKS | said.SURELY_OLD and words[end - 2] not in said.PREPOSITIONS
    return region, thing(words[end - 1 : end], around) if surely else None


def _begins_relative(words: tuple[str, ...], region: int) -> bool:
    """`The audit that closes the soak is open` is about the audit."""
    verb = words[region] if region < len(words) else ""
    within = region > 1 and words[region - 1] in _RELATIVE and words[0] in said.DETERMINERS
    named = said.SOAKS | said.SURELY_OLD | said.DETERMINERS | said.RUNS
    takes = verb.endswith(("s", "ed")) or not said.DETERMINERS.isdisjoint(words[region + 1 : region + 2])
    return within and takes and verb not in named | said.PREPOSITIONS


def _related(words: tuple[str, ...], end: int, around: Context, *, helped: bool) -> Thing | None:
    """`The code that fell back to the direct token has been deleted`; `the secret that the soak guards is gone`."""
    if not helped or words[0] not in said.DETERMINERS:
        return None
    at = next((place for place, word in enumerate(words[:end]) if word in _RELATIVE), 0)
    head = words[:at]
    verbal = not _FINITE.isdisjoint(head) or past([word for word in head if word not in said.OLD])
    if not at or end - at < _RELATED or verbal:
        return None
    code = around.old and head[-1] in said.FALLBACK_PARTS | said.SECRETS
    return thing(head, around) or (Thing.OLD if code else None)


def _tense(helpers: Sequence[str]) -> Tense:
    if not _PAST.isdisjoint(helpers):
        return Tense.PAST
    return Tense.BARE if said.BE.isdisjoint(helpers) else Tense.PRESENT


def _with_object(one: Predicate, around: Context) -> Predicate:
    """Return the predicate with its object, if it has one: `we dropped the fallback`."""
    after = list(one.after)
    while after and (after[0] in said.ADVERBS or after[0] == DATE):
        del after[0]
    if not after or (after[0] in said.PREPOSITIONS and after[0] != "with"):
        return one
    of = thing(after, around) if after[0] not in said.PREPOSITIONS else None
    agent = not one.subject or one.of is None
    if of is None and not (after[0] in said.DETERMINERS and one.word in said.GONE):
        return one
    if not agent and after[0] not in said.DETERMINERS:
        return one
    if one.inherits and of is None:
        return one
    return Predicate(one.words, one.at, one.start, one.end, of, tense=_active(one), active=True)


def _active(one: Predicate) -> Tense:
    return Tense.PAST if one.tense is Tense.BARE and one.subject[-1:] and one.subject[-1] in said.AGENTS else one.tense


def _ed(word: str) -> bool:
    return len(word) > len("need") and word.endswith("ed")
