"""The parts put together: the machine that the commands share, and the service. Used by what starts the program."""

from bot.app.machine import Machine, assemble, now
from bot.app.service import Service

__all__ = [
    "Machine",
    "Service",
    "assemble",
    "now",
]
