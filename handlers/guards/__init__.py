"""The guards: small checks of what a pull request touches."""

from handlers.guards.check import CHECKS
from handlers.guards.red_zone import red_paths

__all__ = [
    "CHECKS",
    "red_paths",
]
