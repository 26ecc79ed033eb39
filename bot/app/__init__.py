"""Builds the machine that all commands share, and the server. Used by the command line and the demo."""

from bot.app.machine import Machine, assemble, now
from bot.app.operators import operator_problems
from bot.app.owner import only_server
from bot.app.service import Service
from bot.app.worker import Worker

__all__ = [
    "Machine",
    "Service",
    "Worker",
    "assemble",
    "now",
    "only_server",
    "operator_problems",
]
