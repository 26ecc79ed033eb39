"""How the workers of one process are shared: by repositories, and by what somebody waits for and what nobody does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shares:
    """The most workers of so many that one kind of work may have; each kind may have one.

    The work of a repository may be slow, so it never has all of them. Background work has at most half, so that
    pressing work finds some at once, and where it has waited so long that it ranks before pressing work, a quarter: a
    large backlog must not become pressing as a whole.
    """

    workers: int

    def repository(self, *, others_wait: bool) -> int:
        """Return how many one repository may have."""
        return max(1, self.workers // 2 if others_wait else self.workers - 1)

    @property
    def background(self) -> int:
        """Return how many background work may have."""
        return max(1, self.workers // 2)

    @property
    def old_background(self) -> int:
        """Return how many background work may have that goes before pressing work."""
        return max(1, self.workers // 4)
