"""The merge classification: one label of `merge/`, with every reason."""

from handlers.merge.check import CHECK

__all__ = [
    "CHECK",
]
