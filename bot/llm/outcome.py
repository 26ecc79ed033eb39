"""What becomes of a question to a model: an answer, or one of the reasons for none."""

from enum import StrEnum

from bot.model import NoAnswer


class Outcome(StrEnum):
    """What became of a question; the metric's label."""

    ANSWERED = "answered"
    UNKNOWN = "unknown"
    PAUSED = "paused"
    BUSY = "busy"
    CANCELLED = "cancelled"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    HTTP = "http"
    REJECTED = "rejected"
    REFUSED = "refused"
    INVALID = "invalid"
    TOO_LONG = "too_long"
    USAGE = "usage"


FAULTS = frozenset({Outcome.UNREACHABLE, Outcome.TIMEOUT, Outcome.HTTP})
"""What an endpoint is to blame for. A stranger's text can bring about the rest, and mustn't silence a model by it."""
NOT_ASKED = frozenset({Outcome.PAUSED, Outcome.BUSY, Outcome.CANCELLED})
"""What says nothing about the endpoint."""


class Unanswered(NoAnswer):
    """NoAnswer with what became of the question."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome
