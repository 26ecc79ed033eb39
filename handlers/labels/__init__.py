"""Labels by rule: what a target is, told by its facts, and what people chose."""

from handlers.labels.check import CHECK, choices

__all__ = [
    "CHECK",
    "choices",
]
