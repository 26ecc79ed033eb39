"""The limits of the requests to one server."""

from dataclasses import dataclass, replace

BURST = 1.0
"""Seconds of a rate that may be asked at once."""


@dataclass(frozen=True)
class Limits:
    """Limits of all requests to one server together; rates in requests a second, 0 for none; times in seconds.

    `patience` is how long a request waits, since its first attempt, for a server that fails or asks to wait.
    """

    concurrency: int = 16
    rate: float = 0.0
    background_rate: float = 50.0
    faults: int = 5
    first_pause: float = 1.0
    longest_pause: float = 60.0
    patience: float = 60.0

    @property
    def background_concurrency(self) -> int:
        """Return how many requests may be background work: some places stay free for those that are waited for."""
        return max(1, self.concurrency * 3 // 4)

    @property
    def background_beside(self) -> int:
        """Return how many requests may be background work while others are under way: the bot's time is for those."""
        return max(1, self.concurrency // 8)

    def share(self, workers: int) -> "Limits":
        """Return the part of one of several workers that ask the same server."""
        return replace(
            self,
            concurrency=max(1, self.concurrency // workers),
            rate=self.rate / workers,
            background_rate=self.background_rate / workers,
        )


DEFAULT = Limits()
