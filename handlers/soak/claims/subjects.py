"""Finds the subject of a phrase: the soak, its threshold, its runs, its audit, or the old part that it guards."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from handlers.language.words import word_set
from handlers.soak.claims import lexicon as said
from handlers.soak.claims import phrases
from handlers.soak.claims.tokenize import DATE, GOOD

_NEW = word_set("new broker minted app oidc fresh rotated expired short-lived")
_DAYS = word_set("monday tuesday wednesday thursday friday saturday sunday yesterday today tonight")
_SOME = word_set("last this late early next two three")
_SPANS = word_set("night morning afternoon evening week month days weeks hours hour noon year") | _DAYS
_OF_AUDIT = word_set("log logs soak final fallback its seven day")
_NEEDED = word_set("required mandatory necessary minimum needed agreed")
_ASIDE = said.ADVERBS | {DATE, GOOD, "'s", "ok"}


class Thing(Enum):
    """The kinds of subjects."""

    SOAK = auto()
    THRESHOLD = auto()
    RUNS = auto()
    START = auto()
    END = auto()
    REMOVAL = auto()
    WINDOW = auto()
    AUDIT = auto()
    OLD = auto()


@dataclass(frozen=True)
class Context:
    """The subjects of the whole line. `names` are exact names of the old part, in lower case."""

    soak: bool
    runs: bool
    old: bool
    names: frozenset[str]


def context(words: frozenset[str], names: frozenset[str]) -> Context:
    """Return the subjects of a line."""
    unrelated = not words.isdisjoint(said.UNRELATED)
    period = not words.isdisjoint(said.PERIODS) and not words.isdisjoint(said.PERIOD_WORDS)
    old = not words.isdisjoint(said.SURELY_OLD | names) or any(secret_name(word) for word in words)
    return Context(
        soak=not unrelated and (not words.isdisjoint(said.SOAKS) or period),
        runs=not words.isdisjoint({"smoke", "smokes"}),
        old=old or not (words.isdisjoint(said.OLD) or words.isdisjoint(said.SECRETS)),
        names=names,
    )


def secret_name(word: str) -> bool:
    """Return whether a word is the name of a variable for a secret: `deploy_pat`."""
    parts = word.rpartition(".")[2].split("_")
    return len(parts) > 1 and not said.OF_SECRETS.isdisjoint(parts)


def thing(words: Sequence[str], around: Context) -> Thing | None:
    """Return the subject of a phrase: its first noun, or the whole that it is a part of."""
    chunk, rest = _chunk(words)
    if not chunk:
        return thing(rest, around) if rest and words[0] in said.PREPOSITIONS else None
    if len(chunk) > 1 and chunk[-1] in {"required", "needed"}:
        chunk.pop()
    head = chunk[-1]
    if rest and (head in said.THROUGH or head == "number"):
        of = thing(rest, around)
        counted = of is Thing.RUNS and (head == "number" or not _NEEDED.isdisjoint(chunk))
        return Thing.THRESHOLD if counted else of
    kind = (
        _soak(chunk, rest, around)
        or _threshold(chunk, rest, around)
        or _removal(chunk, rest, around)
        or _old(chunk, around)
    )
    return kind or (Thing.RUNS if head in said.RUNS else None)


def _chunk(words: Sequence[str]) -> tuple[list[str], Sequence[str]]:
    """Return the words before the first preposition, without words for time and manner; and the words after it."""
    chunk: list[str] = []
    for place, word in enumerate(words):
        if word in said.PREPOSITIONS or word in {"that", "which", "who"} or (chunk and word in said.AGENTS):
            if chunk or place:
                return chunk, words[place + 1 :]
            continue
        spans = word in _SOME and not _SPANS.isdisjoint(words[place + 1 : place + 2])
        if not said.DETERMINERS.issuperset(chunk) and (word in _DAYS or spans):
            return chunk, ()
        if word not in _ASIDE and not word.isdecimal():
            chunk.append(word)
    return chunk, ()


def _soak(chunk: Sequence[str], rest: Sequence[str], around: Context) -> Thing | None:
    head, before = chunk[-1], chunk[:-1]
    if head in said.AUDITS:
        return Thing.AUDIT if _audit(before, around) else None
    kind = Thing.START if head in said.STARTS else Thing.END if head in said.ENDS else None
    if kind and (thing(before, around) or thing(rest, around)) is Thing.SOAK:
        return kind
    if around.soak and head in {"kick~off", "kickoff", "start"} and said.DETERMINERS.issuperset(before) and not rest:
        return Thing.START
    named = head in said.SOAKS or (head in said.STATUSES and "soak" in before)
    if around.soak and named:
        return Thing.SOAK
    period = (head in {"observation", "trial"} and "period" in before) or _period(chunk, rest, around)
    if period and head not in said.SOAKS:
        return Thing.SOAK
    return Thing.WINDOW if head in said.BARE_PERIODS and _plainly(before) else None


def _audit(before: Sequence[str], around: Context) -> bool:
    known = around.soak or not {"log", "logs", "soak"}.isdisjoint(before)
    return known and set(before) <= _OF_AUDIT | said.DETERMINERS


def _period(chunk: Sequence[str], rest: Sequence[str], around: Context) -> bool:
    """Return whether a period is the soak's: by its name, or because the line is about a soak and no other period."""
    head, before = chunk[-1], chunk[:-1]
    if head not in said.PERIODS:
        return False
    if not said.PERIOD_WORDS.isdisjoint(before) or not said.SOAKS.isdisjoint(rest):
        return True
    return (around.soak and (not before or _plainly(before))) or (head in {"bake", "trial"} and _plainly(before))


def _plainly(before: Sequence[str]) -> bool:
    """Return whether words only point at a thing, or give its length."""
    pointing = said.DETERMINERS | phrases.NUMBERS.keys() | {"day", "days", "week", "long", "month", "hour"}
    return bool(before) and all(word in pointing for word in before)


def _threshold(chunk: Sequence[str], rest: Sequence[str], around: Context) -> Thing | None:
    head, before = chunk[-1], chunk[:-1]
    if head not in said.THRESHOLDS and (head != "number" or _NEEDED.isdisjoint(before)):
        return None
    surely = around.soak or around.runs or not (said.RUNS - {"test", "tests"}).isdisjoint((*before, *rest))
    named = surely or head in {"threshold", "criteria"}
    plain = all(word in said.THRESHOLD_WORDS or word in phrases.NUMBERS for word in before)
    plain = plain and (surely or not rest or rest[0] in phrases.NUMBERS or not rest[0].isalpha() or rest[0] in _DAYS)
    return Thing.THRESHOLD if named and plain else None


def _removal(chunk: Sequence[str], rest: Sequence[str], around: Context) -> Thing | None:
    before = chunk[:-1]
    named = chunk[-1] in said.REMOVALS and (
        Thing.OLD in {thing(before, around), thing(rest, around)}
        or ("runtime" in before and not rest and said.DETERMINERS.issuperset(set(before) - {"runtime"}))
    )
    return Thing.REMOVAL if named else None


def _old(chunk: Sequence[str], around: Context) -> Thing | None:
    head, words = chunk[-1], set(chunk)
    if not words.isdisjoint(said.OF_TEXT):
        return None
    named = any(word in around.names or secret_name(word) for word in chunk)
    if head in around.names or secret_name(head) or (head in said.SURELY_OLD and words.isdisjoint({"new", "fresh"})):
        return Thing.OLD
    secret = not words.isdisjoint(said.SECRETS)
    old = not words.isdisjoint(said.OLD)
    if head in {"one", "ones"} and old:
        return Thing.OLD if around.old or around.soak else None
    if head in said.FALLBACK_PARTS:
        sure = named or not words.isdisjoint(said.SURELY_OLD) or (secret and old)
        return Thing.OLD if sure else None
    if head in said.SECRETS and words.isdisjoint(_NEW):
        sure = named or old or not words.isdisjoint(said.SURELY_OLD)
        return Thing.OLD if sure or around.soak or around.old else None
    return Thing.OLD if head in said.OLD and words & said.DETERMINERS and around.soak and head != "direct" else None
