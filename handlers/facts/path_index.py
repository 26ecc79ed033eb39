"""An index of changed files' names: matches hundreds of patterns against thousands of names; both may be hostile.

Each distinct file or directory name is matched once per pattern. The maximum cost is computed before a match and
charged to a budget, so the same names and patterns always give the same result, also on a slow machine.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from handlers.facts.patterns import ASKING, WILD, PathPattern, path_pattern, segment_fits

MAX_STEPS = 40_000_000
"""About half a second. A thousand simple patterns on three thousand files of an ordinary repository take less."""

MAX_LETTERS = 600_000
"""The limit for all names together. Three thousand files of an ordinary repository have a third of it."""

ANY = "**"
SIMPLE = 4
"""The steps to compare a prefix or a suffix."""


class Budget:
    """The remaining steps. When they are used up, no more patterns are matched."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._left = steps
        self.spent = False

    def allows(self, steps: int) -> bool:
        """Takes a number of steps, and says whether they were available."""
        self.spent = self.spent or steps > self._left
        self._left -= 0 if self.spent else steps
        return not self.spent


class PathIndex:
    """An index of distinct names. `whole` is false if there are more than the limit."""

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
        """Says whether all matches so far are complete."""
        return self.whole and not self._budget.spent

    def chosen(self, patterns: Sequence[str]) -> dict[str, str]:
        """Gives each name that the patterns select, with the deciding pattern, which is the last that matches.

        Names that the budget does not cover are not selected.
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
        """The distinct file and directory names that match one part of a pattern."""
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
        """The maximum steps of a match. After `**`, each part may be compared with each name in the path."""
        wild = sum(len(part) for part in pattern.parts if part != ANY and not WILD.isdisjoint(part))
        turns = sum(len(self._names[name]) for name in names) if ANY in pattern.parts else len(names)
        return ASKING * len(pattern.parts) * turns + wild * sum(map(len, names))

    @cached_property
    def _letters(self) -> int:
        return sum(map(len, self._holding))

    @cached_property
    def _holding(self) -> Mapping[str, list[str]]:
        """The paths by the file and directory names in them."""
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
