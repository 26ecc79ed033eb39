"""The queue of targets: when each is looked at, and never twice at once.

Used by who marks targets dirty, and by the application, which starts it.

Public modules: `local`.
"""

from bot.engine.engine import Engine, Lease

__all__ = ["Engine", "Lease"]
