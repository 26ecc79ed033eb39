"""Changed files' names, indexed: hundreds of patterns are asked of thousands of names, and both may be hostile.

Each different name of a file or folder is asked once for each pattern. What it may cost is known before it is asked,
and is paid out of a budget: the same names and patterns always get the same answer, on a slow machine too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from handlers.facts.patterns import ASKING, WILD, PathPattern, path_pattern, segment_fits

MAX_STEPS = 40_000_000
"""About half a second; a thousand simple patterns on three thousand files of an ordinary repository take less."""

MAX_LETTERS = 600_000
"""Of all names together: three thousand files of an ordinary repository have a third of it."""

ANY = "**"
SIMPLE = 4
"""Steps to compare a beginning or an end."""


class Budget:
    """Steps that may still be taken; once they don't suffice, nothing more is asked."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._left = steps
        self.spent = False

    def allows(self, steps: int) -> bool:
        """Says whether so many steps may be taken, and takes them."""
        self.spent = self.spent or steps > self._left
        self._left -= 0 if self.spent else steps
        return not self.spent


class PathIndex:
    """Some names, without doubles. `whole` is false where there is more of them than is looked at."""

    def __init__(self, names: Iterable[str], budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        self._known: dict[str, frozenset[str]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        letters = 0
        self.whole = True
        for name in dict.fromkeys(names):
            letters += len(name)
            self.whole = self.whole and letters <= MAX_LETTERS
            if self.whole:
                self._names[name] = tuple(name.split("/"))

    @property
    def answered(self) -> bool:
        """Says whether all that was asked until now got its whole answer."""
        return self.whole and not self._budget.spent

    def chosen(self, patterns: Sequence[str]) -> dict[str, str]:
        """Gives each name that the patterns choose, with the pattern that does; as for one name, the last one decides.

        What the budget doesn't reach to isn't chosen.
        """
        found = dict[str, str]()
        for text in reversed(patterns):
            for name in self._fitting(text):
                found.setdefault(name, text)
        return {name: found[name] for name in self._names if name in found and not path_pattern(found[name]).negative}

    def _fitting(self, text: str) -> frozenset[str]:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = frozenset(self._asked(path_pattern(text)))
        return known

    def _asked(self, pattern: PathPattern) -> Iterator[str]:
        if pattern.floating:
            holding = self._folders if pattern.inside else self._holding
            for segment in self._segments(pattern.parts[0], holding):
                yield from holding[segment]
            return
        names = self._beginning(pattern.parts[0] if pattern.parts else ANY)
        if self._budget.allows(0) and self._budget.allows(self._cost(pattern, names)):
            yield from (name for name in names if pattern.fits(self._names[name]))

    def _segments(self, part: str, holding: Mapping[str, list[str]]) -> Iterator[str]:
        """The different names of files and folders that fit one part of a pattern."""
        if WILD.isdisjoint(part):
            yield from (segment for segment in (part,) if segment in holding)
        elif part.startswith("*") and WILD.isdisjoint(part[1:]):
            if self._budget.allows(SIMPLE * len(holding)):
                yield from (segment for segment in holding if segment.endswith(part[1:]))
        elif part.endswith("*") and WILD.isdisjoint(part[:-1]):
            if self._budget.allows(SIMPLE * len(holding)):
                yield from (segment for segment in holding if segment.startswith(part[:-1]))
        elif self._budget.allows(ASKING * len(holding) + len(part) * self._letters):
            yield from (segment for segment in holding if segment_fits(part, segment))

    def _beginning(self, part: str) -> Sequence[str]:
        return self._starts.get(part, ()) if WILD.isdisjoint(part) else tuple(self._names)

    def _cost(self, pattern: PathPattern, names: Sequence[str]) -> int:
        """Each part may be asked of each name in the path, where one before it stands for any folders."""
        wild = sum(len(part) for part in pattern.parts if part != ANY and not WILD.isdisjoint(part))
        turns = sum(len(self._names[name]) for name in names) if ANY in pattern.parts else len(names)
        return ASKING * len(pattern.parts) * turns + wild * sum(map(len, names))

    @cached_property
    def _letters(self) -> int:
        return sum(map(len, self._holding))

    @cached_property
    def _holding(self) -> Mapping[str, list[str]]:
        """The names that a file or folder of some name is in."""
        return _index((segment, name) for name, segments in self._names.items() for segment in set(segments))

    @cached_property
    def _folders(self) -> Mapping[str, list[str]]:
        return _index((segment, name) for name, segments in self._names.items() for segment in set(segments[:-1]))

    @cached_property
    def _starts(self) -> Mapping[str, list[str]]:
        return _index((segments[0], name) for name, segments in self._names.items())


def _index(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    found = dict[str, list[str]]()
    for key, name in pairs:
        found.setdefault(key, []).append(name)
    return found
