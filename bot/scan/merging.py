"""Merges candidates at the same place, so that each secret is reported once, and none hides another.

Consent is given to a fingerprint. A place where rules see different secrets is therefore as wide as the widest of them:
whoever accepted a test token has not accepted a value that only contains it. A candidate is dropped only if another one
stands for all of its text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.scan.ruleset import Candidate, Rule, Severity

WORST: tuple[Severity, ...] = ("low", "medium", "high", "critical")
SLIGHT = 3
"""Maximum characters around a secret, none a letter or digit, that do not make it another one: quotes, a comma."""
_HOST = re.compile(r"https?://(?:[a-z]{1,20}\.){0,3}[a-z]{1,20}/|https?://")
_COMPARED = 50
"""Maximum secrets of one encoded text that are compared with each other; more are all reported."""


@dataclass(frozen=True)
class _Place:
    """A candidate with the span that it stands for, and the most specific rule that matched within."""

    start: int
    end: int
    by: Candidate
    rule: Rule


def merged(found: Sequence[Candidate], text: str) -> list[Candidate]:
    """Return the secrets to report, in the order of the text. Those that overlap have the same span."""
    made: list[Candidate] = []
    group: list[Candidate] = []
    end = -1
    for one in sorted(found, key=lambda one: (one.start, one.rule.rank, -one.end)):
        if group and one.start >= end:
            made += _told(group, text)
            group = []
        end = max(end, one.end) if group else one.end
        group.append(one)
    return [*made, *_told(group, text)] if group else made


def slight(text: str) -> bool:
    """Return whether a text next to a secret cannot be a part of one. A URL is the same with its host."""
    text = _HOST.sub("", text.strip())
    return len(text) <= SLIGHT and not any(map(str.isalnum, text))


def _told(group: Sequence[Candidate], text: str) -> Iterator[Candidate]:
    """Yield the secrets of overlapping candidates, the most specific rule first."""
    if len(group) == 1:
        yield group[0]
        return
    start, end = group[0].start, max(one.end for one in group)
    places = _widest([one for one in group if one.whole], text)
    places = _with_parts(places, [one for one in group if not one.whole])
    told = dict[str, Candidate]()
    for place in sorted(places, key=lambda place: _order(place.by, place.rule)):
        told.setdefault(place.by.secret, replace(place.by, start=start, end=end, rule=place.rule))
    yield from told.values()


def _widest(whole: Sequence[Candidate], text: str) -> list[_Place]:
    """Return the places that are in no other one, from the first to the last. Of two that differ only slightly, the
    more specific candidate gives the secret.
    """
    kept: list[_Place] = []
    for one in sorted(whole, key=lambda one: (one.start, -one.end)):
        last = kept[-1] if kept else None
        if last is None or one.end > last.end:
            kept.append(_Place(one.start, one.end, one, one.rule))
            continue
        rule = min(last.rule, one.rule, key=_specific)
        by = last.by
        around = (text[last.start : one.start], text[one.end : last.end])
        if all(map(slight, around)) and _order(one, one.rule) < _order(by, by.rule):
            by = one
        kept[-1] = replace(last, by=by, rule=rule)
    return _trimmed(kept, text)


def _trimmed(kept: Sequence[_Place], text: str) -> list[_Place]:
    """Leave out a place if the next one begins slightly later and reaches further, and the other way round."""
    made: list[_Place] = []
    for one in kept:
        last = made[-1] if made else None
        if last is None or not (slight(text[last.start : one.start]) or slight(text[last.end : one.end])):
            made.append(one)
            continue
        wide = one if slight(text[last.start : one.start]) else last
        made[-1] = replace(wide, rule=min(last.rule, one.rule, key=_specific))
    return made


def _with_parts(places: Sequence[_Place], parts: Sequence[Candidate]) -> list[_Place]:
    """Add the secrets that encoded texts contain beside other text, unless the encoded text itself is reported."""
    made = list(places)
    others = dict[str, _Place]()
    for part in parts:
        at = next((at for at, place in enumerate(made) if place.start <= part.start and part.end <= place.end), None)
        if at is None:
            others.setdefault(part.secret, _Place(part.start, part.end, part, part.rule))
        else:
            made[at] = replace(made[at], rule=min(made[at].rule, part.rule, key=_specific))
    return [*made, *(_maximal(list(others.values())) if len(others) <= _COMPARED else others.values())]


def _maximal(places: Sequence[_Place]) -> Iterator[_Place]:
    for one in places:
        wider = [two for two in places if two is not one and one.by.secret in two.by.secret and not _alike(one, two)]
        if not wider and not any(_alike(one, two) and _preferred(two, one) for two in places if two is not one):
            inner = [two.rule for two in places if two.by.secret in one.by.secret or _alike(one, two)]
            yield replace(one, rule=min((one.rule, *inner), key=_specific))


def _alike(one: _Place, two: _Place) -> bool:
    """Return whether one secret is the other with slightly more around it."""
    small, large = sorted((one.by.secret, two.by.secret), key=len)
    at = large.find(small)
    return at >= 0 and slight(large[:at]) and slight(large[at + len(small) :])


def _preferred(one: _Place, two: _Place) -> bool:
    return _order(one.by, one.rule) < _order(two.by, two.rule)


def _order(one: Candidate, rule: Rule) -> tuple[int, int, int, str]:
    return (*_specific(rule), one.start - one.end, one.secret)


def _specific(rule: Rule) -> tuple[int, int]:
    return (rule.rank, -WORST.index(rule.severity))
