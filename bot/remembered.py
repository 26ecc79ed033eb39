"""What was found out before, by what it was asked for: the newest answers, and those that are still good."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

FOREVER = float("inf")
AGAIN = 300.0
"""Seconds for which an answer is good: one that can't change, and one that something kept from being whole."""

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Remembered(Generic[Key, Answer]):
    """At most `size` answers, the least used ones forgotten first; `clock` gives seconds that only grow."""

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._known: OrderedDict[Key, tuple[Answer, float]] = OrderedDict()

    def get(self, key: Key) -> Answer | None:
        """Gives the answer, None where there is none or it is too old."""
        found = self._known.get(key)
        if found is None:
            return None
        answer, until = found
        if self._clock() >= until:
            del self._known[key]
            return None
        self._known.move_to_end(key)
        return answer

    def keep(self, key: Key, answer: Answer, seconds: float = FOREVER) -> Answer:
        """Keeps an answer for so many seconds, and gives it back."""
        self._known[key] = answer, self._clock() + seconds
        self._known.move_to_end(key)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return answer
