"""Builds the machine that all commands share, and the server. Used by the command line and the demo."""

from bot.app.machine import Machine, assemble, now
from bot.app.operators import operator_problems
from bot.app.owner import only_server, refuse_another_key
from bot.app.service import Role, Service
from bot.app.worker import Worker

__all__ = [
    "Machine",
    "Role",
    "Service",
    "Worker",
    "assemble",
    "now",
    "only_server",
    "operator_problems",
    "refuse_another_key",
]
