"""Slash commands: parse, decide and answer them. Other checks read the decisions."""

from handlers.commands.check import CHECK
from handlers.commands.decide import newest
from handlers.commands.registry import names_in

__all__ = [
    "CHECK",
    "names_in",
    "newest",
]
