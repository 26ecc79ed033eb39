"""What was found in texts is remembered by their hashes, so that the same comment isn't parsed at each look."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from bot.model import digest

Found = TypeVar("Found")


class KnownTexts(Generic[Found]):
    """A pure function of a text that remembers its last `size` results, and of the texts nothing but hashes.

    It may be called from several threads.
    """

    def __init__(self, read: Callable[[str], Found], size: int) -> None:
        self._read = read
        self._size = size
        self._known: OrderedDict[str, Found] = OrderedDict()
        self._lock = Lock()

    def __call__(self, text: str) -> Found:
        """Gives what the function gives for this text."""
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
