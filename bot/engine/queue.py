"""The order in which targets are evaluated: by priority with ageing, and of equals by turns of repositories.

Adding, removing and taking cost O(log n) of the number of targets and of repositories that wait.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from bot.engine.shares import Shares
from bot.model import Target
from bot.urgency import AWAITED, BACKGROUND

AGE = 180.0
"""Seconds of waiting that count as much as one step of priority."""
PARTS = 18
"""A step of priority has so many levels: between targets that come in one of them, repositories take turns."""

PRESSING = AWAITED + 1
KINDS = (AWAITED, PRESSING, BACKGROUND)


@dataclass(frozen=True, order=True, slots=True)
class Waiting:
    """A target that waits. `level` is its priority at its arrival plus the clock, in parts of a step.

    So what waits never has to be ranked again: a target that comes `AGE` seconds later has one step more.
    """

    level: int
    sequence: int
    priority: int = field(compare=False)
    target: Target = field(compare=False)


class Lines:
    """The targets of one class of work that wait: a line for each repository, and the repositories by their first.

    `full` says whether a repository may have no more workers for such work.
    """

    def __init__(
        self, turns: Mapping[str, int], counts: Callable[[Waiting], bool], full: Callable[[str], bool]
    ) -> None:
        self._turns = turns
        self._counts = counts
        self._full = full
        self._lines: dict[str, list[Waiting]] = {}
        self._ranks: dict[str, tuple[int, int, int]] = {}
        self._order: list[tuple[tuple[int, int, int], str]] = []
        self._aside: set[str] = set()

    def add(self, one: Waiting) -> None:
        """Add a target to the line of its repository."""
        heapq.heappush(self._lines.setdefault(one.target.repository, []), one)
        self.rank(one.target.repository)

    def first(self) -> Waiting | None:
        """Return the first target of the first repository that may have a worker; it stays where it is."""
        while self._order:
            rank, repository = self._order[0]
            head = self._head(repository) if self._ranks.get(repository) == rank else None
            if head is not None and head.sequence == rank[-1] and not self._full(repository):
                return head
            heapq.heappop(self._order)
            if self._ranks.get(repository) == rank:
                del self._ranks[repository]
                if head is not None and head.sequence == rank[-1]:
                    self._aside.add(repository)
                else:
                    self.rank(repository)
        return None

    def place(self, one: Waiting) -> tuple[int, int]:
        """Return where a target stands among those of other repositories."""
        return one.level, self._turns[one.target.repository]

    def rank(self, repository: str) -> None:
        """Rank a repository by its first target and its turn."""
        head = self._head(repository)
        if head is None:
            self._ranks.pop(repository, None)
            return
        rank = (*self.place(head), head.sequence)
        if self._ranks.get(repository) != rank:
            self._ranks[repository] = rank
            heapq.heappush(self._order, (rank, repository))

    def reconsider(self) -> None:
        """Rank the repositories again that had their share of workers."""
        while self._aside:
            self.rank(self._aside.pop())

    def _head(self, repository: str) -> Waiting | None:
        """Return a repository's first target; entries that no longer count are dropped."""
        line = self._lines.get(repository)
        while line:
            if self._counts(line[0]):
                return line[0]
            heapq.heappop(line)
        self._lines.pop(repository, None)
        return None


class Queue:
    """The targets that wait, each once, and how many workers each repository has now."""

    def __init__(self, workers: int) -> None:
        self._shares = Shares(workers)
        self._entries: dict[str, Waiting] = {}
        self._per_repository: Counter[str] = Counter()
        self._turns: dict[str, int] = {}
        self._lines = {
            kind: Lines(self._turns, self._counts, partial(self._full, awaited=kind == AWAITED)) for kind in KINDS
        }
        self._busy: Counter[str] = Counter()
        self._busy_of: Counter[int] = Counter()
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def put(self, target: Target, priority: int, now: float) -> None:
        """Add a target at a time in seconds; one that waits with this priority or a better one stays as it is."""
        key, repository = str(target), target.repository
        known = self._entries.get(key)
        if known is not None and known.priority <= priority:
            return
        self._sequence += 1
        one = Waiting(PARTS * priority + int(now * PARTS // AGE), self._sequence, priority, target)
        if known is None:
            self._per_repository[repository] += 1
        self._entries[key] = one
        self._turns.setdefault(repository, self._sequence)
        self._lines[_kind(one)].add(one)

    def remove(self, key: str) -> None:
        """Forget a target that waits, if it does."""
        one = self._entries.pop(key, None)
        if one is None:
            return
        repository = one.target.repository
        self._per_repository[repository] -= 1
        if not self._per_repository[repository]:
            del self._per_repository[repository], self._turns[repository]

    def take(self) -> Waiting | None:
        """Remove and return the target that is next, if a worker may have one; `done` has to follow.

        More pressing work goes first, but for other work that has waited so long that it ranks before it.
        """
        chosen: Waiting | None = None
        for kind, lines in self._lines.items():
            one = lines.first() if self._may(kind) else None
            if one is None:
                continue
            if chosen is None or (self._busy_of[kind] < self._shares.old and lines.place(one) < lines.place(chosen)):
                chosen = one
        if chosen is not None:
            self._begin(chosen)
        return chosen

    def done(self, one: Waiting) -> None:
        """Note that the worker of a target is free again."""
        repository = one.target.repository
        self._busy[repository] -= 1
        if not self._busy[repository]:
            del self._busy[repository]
        self._busy_of[_kind(one)] -= 1
        self._reconsider()

    def _begin(self, one: Waiting) -> None:
        repository = one.target.repository
        self._sequence += 1
        self._turns[repository] = self._sequence
        self._busy[repository] += 1
        self._busy_of[_kind(one)] += 1
        self.remove(str(one.target))
        for lines in self._lines.values():
            lines.rank(repository)
        self._reconsider()

    def _reconsider(self) -> None:
        """With fewer that wait or run, a repository that had its share may have more."""
        for lines in self._lines.values():
            lines.reconsider()

    def _may(self, kind: int) -> bool:
        """Return whether work of a kind may have one more worker."""
        if kind == AWAITED:
            return True
        busy = self._busy_of[PRESSING] + self._busy_of[BACKGROUND]
        return busy < self._shares.pressing and (kind == PRESSING or self._busy_of[kind] < self._shares.background)

    def _full(self, repository: str, *, awaited: bool) -> bool:
        """Return whether a repository has its share."""
        others_wait = len(self._per_repository) > 1
        return self._busy[repository] >= self._shares.repository(others_wait=others_wait, awaited=awaited)

    def _counts(self, one: Waiting) -> bool:
        """Return whether an entry still counts: it was neither removed nor added again with a better priority."""
        return self._entries.get(str(one.target)) is one


def _kind(one: Waiting) -> int:
    """Return the kind of work: its lowest priority."""
    return max(kind for kind in KINDS if kind <= max(one.priority, AWAITED))
