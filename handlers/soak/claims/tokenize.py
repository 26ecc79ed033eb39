"""Splits a sentence for claims: plain words, in segments between punctuation, conjunctions and conditions.

Markdown's marks are removed. Struck-out text is left out; a quotation is one word, unless it only names a thing. The
time is proportional to the length of the sentence.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from handlers.language.words import folded, word_set
from handlers.soak.claims import lexicon as said
from handlers.soak.claims import phrases
from handlers.soak.claims.polish import english

LONGEST = 2_000
SHORTEST = 7
MOST_SIGNS = 600
LONGEST_CLAUSE = 48
"""Maximum number of words of a clause that are read; the cost of a predicate grows with the words before it."""
QUOTED = "quoted"
"""The word that replaces a quotation."""
GOOD, BAD = "\u2705", "\u274c"

_HEAD = re.compile(r"\s{0,9}(?:[-*+\u2022]\s+|\d{1,3}[.)]\s+)?(?:\[(?P<box>.)\]\s*)?")
_TITLE = re.compile(
    r"(?:feat|fix|docs?|chore|refactor|ci|build|ops|perf|style|revert|test)(?:\((?P<scope>[^()]{0,60})\))?!?:\s"
)
_GREETING = re.compile(
    r"(?:fyi|btw|psa|ok|okay|hey|hi|yay|heads[ -]up|good news|quick update|quick note)\b"
    r"(?:,? (?:all|team|folks|everyone))?\s{0,3}[,:!\u2013\u2014-]?\s+",
    re.IGNORECASE,
)
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,600}\)")
_TAG = re.compile(r"<[^<>]{1,300}>|https?://\S+")
_QUOTED = re.compile(r"\"([^\"]{1,400})\"|(?<!\w)'([^']{1,400})'(?!\w)")
_SIGN = re.compile(
    r"\d{4}-\d\d(?:-\d\d)?|\d{1,2}:\d\d|\d{1,4}(?:/| / )\d{1,4}(?![\w/])"
    r"|[^\W_]+(?:['_.][^\W_]+){0,20}'?|[.!?;:,()|=\u2013\u2014\u2026\u2192\u2192\u2705\u274c]|(?<=\s)-{1,3}(?=\s)"
)
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?|\d{1,2}:\d\d|\d{1,2}(?:st|nd|rd|th)|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?")
_MARKS = {
    **dict.fromkeys("\u2714\u2611\u2713\U0001f389\U0001f7e2\U0001f44d", GOOD),
    **dict.fromkeys("\u2718\u2717\u2716\U0001f534\U0001f6ab\u26d4", BAD),
}
_DRAWN = str.maketrans({sign: f" {mark} " for sign, mark in _MARKS.items()} | {GOOD: f" {GOOD} ", BAD: f" {BAD} "})
_BREAKS = frozenset(";:,()|=\u2013\u2014\u2026\u2192")
_ENDS = frozenset(".!?")
_STRONG = frozenset({";", ":", "|", "(", "-", "\u2026", "but"})
_JOINS = frozenset({"and", "or", "plus"})
_MONTHS = word_set("january february march april may june july august september october november december")
DATE = "<date>"
_LASTING = word_set("ran run lasted completed survived went served")
_WHOLE = word_set("full whole entire all complete")
_TIME = word_set("days day weeks week hours period duration length time window")
_PARTED = frozenset(verb for verb, _ in phrases.PARTICLES)
_APART = 8
_SPEAKING = said.START_SAID | said.COMPLETE_SAID | said.GONE | said.MET


@dataclass(frozen=True)
class Segment:
    """Words between two breaks. `joint` is the break before: punctuation, `and`, `but` or a condition (`marker`)."""

    words: tuple[str, ...]
    joint: str = ""
    marker: str = ""


@dataclass(frozen=True)
class Unit:
    """One sentence in segments, and whether it is a question."""

    segments: tuple[Segment, ...]
    asks: bool = False

    @property
    def words(self) -> Iterator[str]:
        """All words."""
        return (word for segment in self.segments for word in segment.words)


@dataclass(frozen=True)
class Reading:
    """A parsed line. `checked`: its box is ticked; `heading`: it is a heading; `title`: it is the title of a commit;
    `scope`: the scope in that title.
    """

    units: tuple[Unit, ...]
    checked: bool = False
    heading: bool = False
    title: bool = False
    scope: tuple[str, ...] = ()


def read(line: str) -> Reading | None:
    """Return a parsed line; None if it is a quotation, or has a box that is not ticked."""
    text = line[:LONGEST].strip()
    heading = text.startswith("#")
    head = _HEAD.match(text.lstrip("#") if heading else text)
    if len(text) < SHORTEST or text.startswith(("&gt;", ">", "<!--")) or head is None or "[ ]" in text:
        return None
    text = _plain(head.string[head.end() :])
    title = _TITLE.match(text)
    scope = tuple(_signs(title["scope"] or "")) if title else ()
    text = text[title.end() :] if title else text
    greeting = _GREETING.match(text)
    words = english(list(islice(_signs(text[greeting.end() :] if greeting else text), MOST_SIGNS)))
    units = tuple(_units(_dated(_counted(_spanned(_phrased(words))))))
    return Reading(units, (head["box"] or "") in {"x", "X", "\u2705"}, heading, title is not None, scope)


def _plain(text: str) -> str:
    """Return folded text without Markdown's marks."""
    text = "".join(text.split("~~")[::2]) if text.count("~~") % 2 == 0 else text
    text = _TAG.sub(" ", _LINK.sub(r"\1", text)).replace(":white_check_mark:", GOOD).replace(":x:", BAD)
    parts = text.replace("*", "").replace("__", "").split("`")
    whole = not "".join(parts[::2]).strip(" .")
    for place in range(1, len(parts) - (len(parts) % 2 == 0), 2):
        labelled = whole or parts[place - 1].rstrip().endswith((":", "=", "|"))
        parts[place] = parts[place] if labelled else _named(parts[place])
    text = folded(" ".join(parts).translate(_DRAWN))
    return _QUOTED.sub(lambda found: f" {_named(found[1] or found[2])} ", text)


def _named(quoted: str) -> str:
    """Return a quotation that names something unchanged; one that states something is replaced by one word."""
    words = _SIGN.findall(folded(quoted))
    return QUOTED if len(words) > 1 and not _SPEAKING.isdisjoint(words) else quoted


def _signs(text: str) -> Iterator[str]:
    for sign in _SIGN.findall(text):
        if "'" not in sign or sign.endswith("n't"):
            yield "-" if sign[0] == "-" else sign.replace("'", "").replace(" ", "")
            continue
        word, _, rest = sign.partition("'")
        if rest in {"ow", "i", "y", "a", "u", "em"}:
            yield sign
        else:
            yield word
            yield from ["'s"] if rest in {"", "s"} else [rest]


def _phrased(words: Sequence[str]) -> list[str]:
    """Join phrases into one word, the longest match first."""
    found: list[str] = []
    place = 0
    while place < len(words):
        for length in range(min(phrases.LONGEST_PHRASE, len(words) - place), 1, -1):
            read_as = phrases.PHRASES.get(tuple(words[place : place + length]))
            if read_as:
                found += read_as.split()
                place += length
                break
        else:
            found.append(words[place])
            place += 1
    return _particled(found)


def _particled(words: Sequence[str]) -> list[str]:
    """Join verbs with a particle after their object."""
    found = list(words)
    for place, word in enumerate(words):
        for at in range(place + 1, min(place + _APART, len(words))) if word in _PARTED else ():
            if words[at] in _BREAKS | _ENDS:
                break
            if (word, words[at]) in phrases.PARTICLES:
                found[place], found[at] = phrases.PARTICLES[word, words[at]], ""
                break
    return [word for word in found if word]


def _spanned(words: Sequence[str]) -> list[str]:
    """`The soak ran its full seven days` means that it completed."""
    found = list(words)
    for place, word in enumerate(words):
        at = place + 1 + (words[place + 1 : place + 2] == ["for"])
        whole = words[at : at + 2]
        if word not in _LASTING or not (_WHOLE & set(whole)) or whole[0] not in _WHOLE | said.DETERMINERS:
            continue
        if not _TIME.isdisjoint(words[at : at + 6]) and _BREAKS.isdisjoint(words[at : at + 3]):
            found[place] = "ran~its~course for"
    return " ".join(found).split()


def _counted(words: Sequence[str]) -> list[str]:
    """Replace `three out of the three` and `third of its three` by `3/3`."""
    found: list[str] = []
    place = 0
    while place < len(words):
        first, at = _number(words[place]) or phrases.ORDINALS.get(words[place]), place + 1
        if first is not None and words[at : at + 2] == ["out", "of"]:
            at += 1
        if words[place] in phrases.ORDINALS:
            at += next((skip for skip in range(3) if words[at + skip : at + skip + 1] == ["of"]), 0)
        joined = first is not None and words[at : at + 1] in (["of"], ["for"])
        at += 1 + (words[at + 1 : at + 2] in (["the"], ["its"], ["our"], ["all"]))
        at += words[at : at + 1] in (["required"], ["needed"])
        second = _number(words[at]) if joined and at < len(words) else None
        counts = second is not None and ("of" in words[place:at] or first == second)
        found += [f"{first}/{second}", *_between(words[place + 1 : at])] if counts else [words[place]]
        place = at + 1 if counts else place + 1
    return found


def _between(words: Sequence[str]) -> list[str]:
    return [word for word in words if word in {"green", "required", "smoke", "smokes", "run", "successful"}]


def _number(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) <= len("9999") else phrases.NUMBERS.get(word)


def _dated(words: Sequence[str]) -> list[str]:
    """Replace dates by one sign, so that the month of May is not read as a verb."""
    found: list[str] = []
    for place, word in enumerate(words):
        after = words[place + 1] if place + 1 < len(words) else ""
        month = word in _MONTHS and (word != "may" or after.isdecimal() or found[-1:] == [DATE] or _day(found))
        if month and _day(found):
            found[-1] = DATE
        elif _DATE.fullmatch(word) or month or (word.isdecimal() and found[-1:] == [DATE]):
            found += [DATE] if found[-1:] != [DATE] else []
        else:
            found.append(word)
    return found


def _day(found: Sequence[str]) -> bool:
    return bool(found) and found[-1].isdecimal() and len(found[-1]) <= 2 and found[-2:-1] != ["day"]  # noqa: PLR2004


def _units(words: Iterable[str]) -> Iterator[Unit]:
    unit: list[str] = []
    asked: Unit | None = None
    for word in [*words, "."]:
        if word not in _ENDS:
            unit.append(word)
            continue
        made = Unit(tuple(_segments(unit)), word == "?" or _inverted(unit))
        if asked is not None:
            yield Unit(asked.segments, asks=unit[:1] not in (["yes"], ["yep"], [GOOD], ["done"]))
        asked = made if made.asks else None
        if made.segments and not made.asks:
            yield made
        unit = []
    if asked is not None:
        yield asked


def _inverted(words: Sequence[str]) -> bool:
    """Return whether a sentence is a question without question mark: `has the soak passed`."""
    subject = words[1:2] and (words[1] in said.DETERMINERS or words[1] in said.SOAKS)
    return bool(subject) and words[0] in said.AUXILIARY | {"can", "will", "could", "should"}


def _segments(words: Sequence[str]) -> Iterator[Segment]:
    part: list[str] = []
    joint, marker = "", ""
    for word in words:
        broken = _broken(word)
        if broken is None:
            part += [word] if len(part) < LONGEST_CLAUSE else []
            continue
        if part or marker:
            yield Segment(tuple(part), joint, marker)
            part, joint = [], ""
        keeps = joint in _STRONG if broken[1] else joint and broken[0] in {",", "and"}
        joint, marker = (joint if keeps else broken[0]), broken[1]
    if part or marker:
        yield Segment(tuple(part), joint, marker)


@lru_cache(maxsize=512)
def _broken(word: str) -> tuple[str, str] | None:
    """Return the joint and the condition of a word that ends a segment."""
    if word in _BREAKS or word == "-":
        return ("-" if word in "\u2013\u2014" else word), ""
    if word in _JOINS:
        return "and", ""
    if word == "nor":
        return word, ""
    if word in said.FACTUAL:
        return "but", ""
    if word in said.HYPOTHETICAL or word in said.TEMPORAL:
        return "sub", word
    return None
