"""A cache of results by the hash of a text, so that the same comment is not parsed again in each run."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from bot.model import digest

Found = TypeVar("Found")


class KnownTexts(Generic[Found]):
    """A pure function of a text with a cache of its last `size` results. It stores only hashes of the texts.

    It is thread-safe.
    """

    def __init__(self, read: Callable[[str], Found], size: int) -> None:
        self._read = read
        self._size = size
        self._known: OrderedDict[str, Found] = OrderedDict()
        self._lock = Lock()

    def __call__(self, text: str) -> Found:
        """Gives the function's result for a text."""
        key = digest(text)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = self._read(text)
        with self._lock:
            self._known[key] = found
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return found
