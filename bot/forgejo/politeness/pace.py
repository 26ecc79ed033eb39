"""A limit of requests in time: an even rate with a small burst (the generic cell rate algorithm)."""

from bot.forgejo.politeness.limits import BURST


class Pace:
    """Says when the next request may go, at `rate` a second; 0 is no limit."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._due = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until the next request may go."""
        return max(0.0, self._due - BURST - now) if self.rate else 0.0

    def went(self, now: float) -> None:
        """Count a request."""
        if self.rate:
            self._due = max(self._due, now) + 1 / self.rate
