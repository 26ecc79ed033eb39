"""The contract: what a pull request's description has to say, against what it is."""

from handlers.contract.check import CHECK

__all__ = [
    "CHECK",
]
