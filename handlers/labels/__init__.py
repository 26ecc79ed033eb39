"""Labels by rule: from the facts of a target, and from commands."""

from handlers.labels.check import CHECK, choices

__all__ = [
    "CHECK",
    "choices",
]
