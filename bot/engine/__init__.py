"""The queue of targets: schedules evaluations, never two of one target at the same time.

Used by packages that mark targets as dirty, and by the application, which starts it.

Public modules: `local`, `procrastinate`, `schema`.
"""

from bot.engine.engine import Engine, Lease

__all__ = ["Engine", "Lease"]
