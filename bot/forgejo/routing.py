"""Which callbacks an event goes to: by its fine name (`X-Forgejo-Event-Type`) and, where wanted, its action.

Every callback that fits runs, in the order of registration; the router knows nothing of events but these two names.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Generic, TypeVar

E = TypeVar("E")
R = TypeVar("R")


class Router(Generic[E, R]):
    """Callbacks by event type and action; `E` is the event, `R` what a callback gives."""

    def __init__(self) -> None:
        self._routes: defaultdict[str, list[tuple[str | None, Callable[[E], R]]]] = defaultdict(list)

    def register(self, event_type: str, *, action: str | None = None) -> Callable[[Callable[[E], R]], Callable[[E], R]]:
        """Gives a decorator that puts a callback on an event type, for one action or (None) for all."""

        def put(callback: Callable[[E], R]) -> Callable[[E], R]:
            self._routes[event_type].append((action, callback))
            return callback

        return put

    def fetch(self, event_type: str, action: str | None = None) -> tuple[Callable[[E], R], ...]:
        """Gives the callbacks for an event, in the order of registration."""
        routes = self._routes.get(event_type, ())
        return tuple(callback for wanted, callback in routes if wanted is None or wanted == action)

    def dispatch(self, event_type: str, action: str | None, event: E) -> list[R]:
        """Gives what each callback made of the event. What a callback raises goes through."""
        return [callback(event) for callback in self.fetch(event_type, action)]
