"""How pressing the work of the current task is: set by the engine; the client of Forgejo orders its requests by it.

The priorities are those of the engine: the lower one goes first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

AWAITED = 0
"""The priority of what somebody waits for: the report on a push, the answer to a command."""
BACKGROUND = 3
"""From this priority on, work is background: nobody waits for it. Listings, polls and daily evaluations."""


@dataclass
class Urgency:
    """The priority of some work; it falls when somebody begins to wait for work that is under way."""

    priority: int = 0

    def press(self, priority: int) -> None:
        """Note that the work is asked for with a priority, too: the more pressing one counts."""
        self.priority = min(self.priority, priority)

    @property
    def background(self) -> bool:
        """Return whether nobody waits for the work."""
        return self.priority >= BACKGROUND


_NOW = Urgency()
_current: ContextVar[Urgency] = ContextVar("urgency", default=_NOW)


def current() -> Urgency:
    """Return the urgency of the current task; work that nobody ranked is pressing, such as a command of a person."""
    return _current.get()


@contextmanager
def working(urgency: Urgency) -> Iterator[None]:
    """Do the work in the block, and in tasks that it starts, with this urgency."""
    before = _current.set(urgency)
    try:
        yield
    finally:
        _current.reset(before)
