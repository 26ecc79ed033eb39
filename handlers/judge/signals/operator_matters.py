"""Finds operator matters in sentences: required acts on credentials, production or data, legal acts, and spending.

Only naming such a thing is not an operator matter, nor is work on code that handles it. Each line is judged by itself,
so that no text elsewhere can remove a matter.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from handlers.language import lexicon, topics
from handlers.language.clauses import acts, led, segments, texts
from handlers.language.forms import singular
from handlers.language.lexicon import Matter
from handlers.language.objects import Setting, about, is_thing, operated, phrases
from handlers.language.text import UNSAID
from handlers.language.words import Line, Part, Word

_DENIED = frozenset({"not", "dont", "never"})
_EACH = frozenset({"every", "each"})
_TRUNKS = frozenset({"main", "master"})
_NONE = frozenset({"no", "not", "dont", "never", "nothing", "without"})
_OPENED = {"title", "task"}
STILL = frozenset({"please", "anyway", "nevertheless", "regardless", "contrary", "despite", "nonetheless", "requested"})
"""Words by which a section of what is not wanted asks for something all the same."""


def matters(line: Line, *, code: bool) -> frozenset[Matter]:
    """Return the matters that a line asks for; `code`: the whole text is about a program's behaviour."""
    if line.part in {Part.ASIDE, Part.STEPS} or line.form == "heading":
        return frozenset()
    listed = line.form == "item" and line.part is Part.OTHER and not line.slug
    asked = line.form in {*_OPENED, *UNSAID} or line.part in {Part.GOAL, Part.CRITERIA} or listed
    setting = Setting(code=code or line.part is Part.EXPECTED, asked=asked)
    found: set[Matter] = set()
    for act in acts(line):
        found |= {matter for matter in Matter if about(matter, act, setting)}
        found |= {Matter.PRODUCTION} if not setting.code and operated(act) else set()
    for segment in segments(line.words):
        said = texts(segment)
        if led(segment) not in lexicon.MAKING and (not setting.code or said & lexicon.REAL):
            found |= set(_implied(segment, said, setting)) | set(_lawful(line, said)) | set(_stated(said))
    return frozenset(found)


def awoken(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return the lines, with those sections taken as asked for that are headed as not wanted and ask all the same."""
    read = tuple(lines)
    asking = {line.slug for line in read if line.part is Part.ASIDE and texts(line.words) & STILL and not _denied(line)}
    return tuple(
        replace(line, part=Part.OTHER) if line.part is Part.ASIDE and line.slug in asking else line for line in read
    )


def _denied(line: Line) -> bool:
    return bool(texts(line.words) & _DENIED)


def world(lines: Iterable[Line], *, worked: bool) -> Line | None:
    """Return the line at which title, goal and context have named enough things outside of repositories, or None.

    A lower limit applies if the title names no work on a program (`worked` is false). Only the beginning of the text is
    read, so later text changes nothing.
    """
    seen: set[str] = set()
    size = 0
    enough = topics.ENOUGH - (not worked)
    for line in lines:
        if line.form == "title" and led(line.words) in lexicon.MAKING:
            enough += topics.MADE
        if not _opening(line):
            continue
        size += line.size
        if size > topics.OPENING:
            return None
        seen.update(word for segment in segments(line.words) for word in _outside(segment))
        if sum(topics.WORLD[word] for word in seen) >= enough:
            return line
    return None


def _opening(line: Line) -> bool:
    return line.form in _OPENED or (line.form != "heading" and line.part not in {Part.ASIDE, Part.STEPS, Part.EXPECTED})


def _outside(segment: Sequence[Word]) -> Iterator[str]:
    said = texts(segment)
    if led(segment) in lexicon.MAKING | _NONE or (said & lexicon.MONEY and said & topics.SHOWN_PRICE):
        return
    for place, word in enumerate(segment):
        following = segment[place + 1] if place + 1 < len(segment) else Word("")
        software = following.name or singular(following.text) in lexicon.SOFTWARE
        if word.name and word.text in topics.HOST:
            yield word.text
        if singular(word.text) in topics.WORLD and not word.name and word.text != "etc" and not software:
            yield singular(word.text)


def _implied(segment: Sequence[Word], said: AbstractSet[str], setting: Setting) -> Iterator[Matter]:
    """Return matters without a verb of their own: a price, commands to run, a last copy, a state to be reached."""
    if _priced(said):
        yield Matter.SPENDING
    named = f" {' '.join(word.text for word in segment)} "
    if said & _DENIED:
        return
    means = topics.MEANS if setting.asked else frozenset()
    if said & (topics.INTENT | means) or (said & lexicon.MACHINES and not said & lexicon.FINITE):
        yield from (matter for command, matter in topics.COMMANDS.items() if f" {command} " in named)
    if said & lexicon.CONDITIONS:
        return
    if any(f" {phrase} " in named for phrase in topics.LOST):
        yield Matter.DESTRUCTIVE
    if setting.asked and led(segment) != "as":
        known = said | {word.text for word in segment if word.text in _TRUNKS}
        yield from (matter for matter, sets in topics.STATES if all(known & one for one in sets))
        yield from [Matter.CREDENTIAL] if any(_is_new(phrase) for _, phrase in phrases(segment)) else []
    if _needed(segment, said):
        yield Matter.CREDENTIAL


def _stated(said: AbstractSet[str]) -> Iterator[Matter]:
    """Return matters stated as a fact: data that is gone, a limit that is reached, an invoice that is due."""
    if not said & (lexicon.CONDITIONS - _EACH | _NONE):
        known = said | {singular(text) for text in said} | {"#" for text in said if text.isdecimal()}
        yield from (matter for matter, sets in topics.FACTS if all(known & one for one in sets))


def commanded(words: Sequence[Word]) -> Iterator[Matter]:
    """Return the matters of a command line in a plan; `words` are the words of the line."""
    named = f"{' '.join(word.text for word in words)} "
    yield from (matter for command, matter in topics.COMMANDS.items() if named.startswith(f"{command} "))


def _lawful(line: Line, said: AbstractSet[str]) -> Iterator[Matter]:
    if line.form in {"prose", "title"} and (said & topics.LAW or all(said & one for one in topics.TERMS)):
        yield Matter.LEGAL


def _priced(said: AbstractSet[str]) -> bool:
    """Return whether a clause names a price, and not the display of one in a program."""
    said = said | {singular(text) for text in said}
    figures = [int(text) for text in said if text.isdecimal() and len(text) < 9]  # noqa: PLR2004 - longer ones are ids
    dear = any(figure >= topics.DEAR for figure in figures) or said & topics.RECURRING
    return bool(figures and said & lexicon.MONEY and dear and not said & topics.SHOWN_PRICE)


def _is_new(phrase: Sequence[Word]) -> bool:
    for place, word in enumerate(phrase):
        if word.text in topics.NEWNESS and is_thing(Matter.CREDENTIAL, phrase[place:], "", frozenset()):
            return True
    return False


def _needed(segment: Sequence[Word], said: AbstractSet[str]) -> bool:
    """`It needs an application token for the account`: somebody has to create it."""
    if not said & (lexicon.HARD | {"account", "application"}):
        return False
    for place, word in enumerate(segment):
        if word.text in topics.NEEDS and not word.name:
            program = place > 0 and singular(segment[place - 1].text) in lexicon.PROGRAMS - {"it"}
            first = next(iter(phrases(segment[place + 1 :])), ("", ()))
            if not program and not first[0] and is_thing(Matter.CREDENTIAL, first[1], "", frozenset()):
                return True
    return False
