"""The merge classification: one `merge/` label, with all reasons."""

from handlers.merge.check import CHECK

__all__ = [
    "CHECK",
]
