"""Slash commands: read, decided, answered. Other checks ask it what was decided."""

from handlers.commands.check import CHECK
from handlers.commands.decide import newest
from handlers.commands.registry import names_in

__all__ = [
    "CHECK",
    "names_in",
    "newest",
]
