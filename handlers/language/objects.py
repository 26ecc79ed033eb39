"""Acts and their objects: whether a verb's object is a real credential, production system, data, legal matter or money.

The object counts if it is the thing itself (`token`), and not a part of a program (`token parser`). Strong acts mean
the matter with any object of it; weak acts only with a clearly real object, or in text that says what is to be done.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, auto

from handlers.language import lexicon
from handlers.language.forms import singular
from handlers.language.lexicon import Matter
from handlers.language.words import Word

REACH = 24
"""Number of words after a verb that are searched for its object."""

Phrase = tuple[str, tuple[Word, ...]]
"""A preposition (empty for a direct object), and the words after it up to the next one."""


class Way(Enum):
    """The form of an act in its clause: an order, due, done, or named by a noun."""

    TOLD = auto()
    DUE = auto()
    DONE = auto()
    NAMED = auto()


@dataclass(frozen=True)
class Act:
    """A verb in its base form, its form in the clause, and the phrases that contain its object."""

    verb: str
    way: Way
    phrases: tuple[Phrase, ...]

    @property
    def direct(self) -> tuple[tuple[Word, ...], ...]:
        """The direct objects."""
        return tuple(words for preposition, words in self.phrases if not preposition)

    @property
    def around(self) -> frozenset[str]:
        """All words of its phrases."""
        return frozenset(word.text for _, words in self.phrases for word in words)

    @property
    def programmed(self) -> bool:
        """Whether a phrase names a part of a program."""
        return any(word.text in lexicon.CODE_CONTEXT and not word.name for _, words in self.phrases for word in words)


@dataclass(frozen=True)
class Setting:
    """The context of a line: `code` in a text about a program's behaviour, `asked` where a text says what to do."""

    code: bool = False
    asked: bool = False


def about(matter: Matter, act: Act, setting: Setting) -> bool:
    """Return whether an act has a real object of the matter."""
    if act.verb not in lexicon.ACTS[matter]:
        return False
    strong = act.verb in lexicon.STRONG[matter]
    hard = _hard(matter, act.around)
    if setting.code and not (hard and (strong or setting.asked) and not act.programmed):
        return False
    if act.verb in lexicon.SELF_SAID.get(matter, ()):
        return (not act.direct or any(map(_thing, act.direct))) and not act.programmed
    if not any(is_thing(matter, phrase, act.verb, act.around) for phrase in _objects(matter, act)):
        return _otherwise(matter, act, strong=strong, hard=hard)
    if matter is Matter.PRODUCTION or strong:
        return True
    return (hard or (setting.asked and act.way is not Way.DONE)) and not act.programmed


def operated(act: Act) -> bool:
    """Return whether the object of an act is a machine, of any name, except a test machine."""
    if act.verb not in lexicon.OPERATE or act.programmed:
        return False
    for phrase in act.direct:
        texts = [singular(word.text) for word in phrase if not word.name]
        for place, text in enumerate(texts):
            tried = set(texts[:place]) & lexicon.SOFT[Matter.PRODUCTION]
            if text in lexicon.MACHINES and not tried and _ends(texts[place + 1 :], strong=False):
                return True
    return False


def hits(verb: str, words: Sequence[Word]) -> bool:
    """Return whether a verb that can mean making software is an act here (`Create a token`, not `Create a page`)."""
    act = Act(verb, Way.TOLD, tuple(phrases(words)))
    return any(about(matter, act, Setting(asked=True)) for matter in Matter)


def phrases(words: Sequence[Word]) -> Iterator[Phrase]:
    """Return the phrases after a verb up to the next clause; none if they are the subject of another verb
    (`Delete button is …`).
    """
    phrase: list[Word] = []
    preposition = ""
    found: list[Phrase] = []
    for word in words[:REACH]:
        if not word.name and word.text in lexicon.STOPS:
            if word.text in lexicon.FINITE and not found and not preposition:
                return
            break
        if not word.name and word.text in lexicon.PREPOSITIONS | lexicon.JOINTS:
            found.append((preposition, tuple(phrase)))
            phrase = []
            preposition = preposition if word.text in lexicon.JOINTS or word.text == "of" else word.text
        else:
            phrase.append(word)
    yield from (one for one in [*found, (preposition, tuple(phrase))] if one[1])


def is_thing(matter: Matter, phrase: Sequence[Word], verb: str, around: AbstractSet[str]) -> bool:
    """Return whether a phrase is the thing itself: its last noun, or only followed by words that do not change it.

    A thing that means the matter only with a qualifier may have it in any word `around`, or in the verb.
    """
    if matter is Matter.PRODUCTION:
        return _produced(phrase)
    texts = [singular(word.text) for word in phrase]
    bare = lexicon.BARE.get(matter, {}).get(verb, frozenset())
    wide = {singular(text) for text in around} if matter is not Matter.CREDENTIAL else set()
    for place, text in enumerate(texts):
        before = set(texts[:place]) | {word.text for word in phrase[:place]}
        qualified = text in bare or (text in lexicon.QUALIFIED[matter] and (before | wide) & lexicon.QUALIFIERS[matter])
        soft = before & lexicon.SOFT[matter] and not before & lexicon.REAL
        if not (text in lexicon.OBJECTS[matter] or qualified) or soft:
            continue
        rest = [singular(word.text) for word in phrase[place + 1 :] if not word.name]
        if _ends(rest, strong=verb in lexicon.STRONG[matter]):
            return True
    return False


def _otherwise(matter: Matter, act: Act, *, strong: bool, hard: bool) -> bool:
    """Return whether other objects mean the matter: rights, data in a store, things that are bought."""
    if matter is Matter.CREDENTIAL:
        rights = act.verb in lexicon.ACCESS and any(map(_rights, act.direct))
        return rights and (hard or act.verb in lexicon.STRONG_ACCESS) and not act.programmed
    if matter is Matter.DESTRUCTIVE:
        return _stored(act, strong=strong)
    bought = act.around & lexicon.MONEY or act.verb in lexicon.BUY
    return matter is Matter.SPENDING and bool(bought) and any(map(_thing, act.direct))


def _stored(act: Act, *, strong: bool) -> bool:
    """Return whether something is removed from a data store, or anything is destroyed in production."""
    kept = any(place in {"from", "on"} and singular(words[-1].text) in lexicon.STORES for place, words in act.phrases)
    produced = strong and any(_produced(words) for _, words in act.phrases)
    return produced or (kept and any(map(_thing, act.direct)) and not act.programmed)


def _objects(matter: Matter, act: Act) -> Iterator[tuple[Word, ...]]:
    """Return the phrases that may contain the object: direct ones, and for some verbs those after a preposition."""
    wide = lexicon.TURNS if act.verb in lexicon.TURNING else frozenset()
    places = lexicon.PLACES if matter is Matter.PRODUCTION else wide
    yield from (words for preposition, words in act.phrases if not preposition or preposition in places)


def _hard(matter: Matter, around: AbstractSet[str]) -> bool:
    real = lexicon.HARD if matter is Matter.CREDENTIAL else lexicon.QUALIFIERS[matter] | lexicon.REAL
    return any(singular(text) in real for text in around) or (
        matter is Matter.SPENDING and bool(around & lexicon.MONEY)
    )


def _ends(rest: Sequence[str], *, strong: bool) -> bool:
    """Return whether a noun is still the head of its phrase with the words that follow it."""
    others = [text for text in rest if text not in lexicon.KEEP | lexicon.ADVERBS and not text.isdigit()]
    if not others:
        return True
    return strong and others[-1] not in lexicon.SOFTWARE and others[0] not in lexicon.SOFTWARE


def _produced(phrase: Sequence[Word]) -> bool:
    """Return whether a phrase is production itself, or a machine or store in it."""
    for place, word in enumerate(phrase):
        if word.text not in lexicon.OBJECTS[Matter.PRODUCTION] or word.name:
            continue
        before = {one.text for one in phrase[:place]}
        rest = [singular(one.text) for one in phrase[place + 1 :]]
        tried = before & lexicon.SOFT[Matter.PRODUCTION] or (word.text == "live" and not rest)
        if not tried and (all(text in lexicon.ADVERBS for text in rest) or _of_production(rest)):
            return True
    return False


def _of_production(rest: Sequence[str]) -> bool:
    things = lexicon.OPERATED - {"key", "token"}
    return rest[-1] in lexicon.OPERATED or (rest[0] in things and _ends(rest[1:], strong=False))


def _rights(phrase: Sequence[Word]) -> bool:
    texts = [singular(word.text) for word in phrase]
    return any(text in lexicon.RIGHTS and _ends(texts[place + 1 :], strong=False) for place, text in enumerate(texts))


def _thing(phrase: Sequence[Word]) -> bool:
    return bool(phrase) and singular(phrase[-1].text) not in lexicon.SOFTWARE
