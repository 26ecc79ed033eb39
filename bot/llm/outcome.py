"""The outcomes of a question to a model: an answer, or one of the reasons for none."""

from enum import StrEnum

from bot.model import NoAnswer


class Outcome(StrEnum):
    """The outcome of a question; the metric's label."""

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
"""Failures of the endpoint. Other failures can be caused by a stranger's text, which must not disable a model."""
NOT_ASKED = frozenset({Outcome.PAUSED, Outcome.BUSY, Outcome.CANCELLED})
"""Outcomes that say nothing about the endpoint."""


class Unanswered(NoAnswer):
    """NoAnswer with the outcome of the question."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome
