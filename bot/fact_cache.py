"""A cache of facts by their key: the newest ones, while they are valid."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar, cast

from cachetools import TLRUCache

FOREVER = float("inf")
AGAIN = 300.0
"""Seconds for which a fact is valid: one that can't change, and one that something kept from being whole."""

Key = TypeVar("Key", bound=Hashable)
Fact = TypeVar("Fact")


class _Kept(NamedTuple):
    fact: object
    seconds: float


class FactCache(Generic[Key, Fact]):
    """At most `size` facts, the least recently used dropped first; `clock` gives seconds that only grow."""

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._known: TLRUCache[Key, _Kept] = TLRUCache(size, lambda _key, kept, now: now + kept.seconds, clock)

    def get(self, key: Key) -> Fact | None:
        """Gives the fact, None where there is none or it is too old."""
        found = self._known.get(key)
        return None if found is None else cast("Fact", found.fact)

    def keep(self, key: Key, fact: Fact, seconds: float = FOREVER) -> Fact:
        """Keeps a fact for so many seconds, and gives it back."""
        self._known[key] = _Kept(fact, seconds)
        return fact

    def forget(self, key: Key) -> None:
        """Forgets a fact."""
        self._known.pop(key, None)
