"""How the workers of one process are shared: by repositories, and by what somebody waits for and what nobody does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shares:
    """The most workers of so many that one kind of work may have; each kind may have one.

    The work of a repository may be slow, so it never has all of them. A quarter is kept for what somebody waits for,
    also of a repository that has its share. Background work has at most half, so that pressing work finds some at once.
    What has waited so long that it ranks before more pressing work has a quarter: a large backlog must not become
    pressing as a whole.
    """

    workers: int

    def repository(self, *, others_wait: bool, awaited: bool = False) -> int:
        """Return how many one repository may have while work of it is taken that somebody waits for, or other work."""
        part = self.workers // 2 if others_wait else self.workers - 1
        return max(1, min(part + awaited * self._kept, self.workers - 1))

    @property
    def pressing(self) -> int:
        """Return how many all work may have that nobody waits for at the moment."""
        return self.workers - self._kept

    @property
    def background(self) -> int:
        """Return how many background work may have."""
        return max(1, self.workers // 2)

    @property
    def old(self) -> int:
        """Return how many work may have that goes before more pressing work."""
        return max(1, self.workers // 4)

    @property
    def _kept(self) -> int:
        return self.workers // 4
