"""The contract: compares a pull request's description with the change."""

from handlers.contract.check import CHECK

__all__ = [
    "CHECK",
]
