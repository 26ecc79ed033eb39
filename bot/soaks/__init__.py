"""The observed data of soaks: evidence, runs, commits, pull requests. Used by observe and reconcile.

`for_target` gives the soaks that the evaluation of a target needs, `collector` reads one of them from Forgejo and git.
"""

from bot.soaks.collector import SoakReader, Tracking, completed, tracked_here
from bot.soaks.evidence_thread import accounts, elsewhere, evidence_items, shared_runs
from bot.soaks.for_target import Scene, Soaks

__all__ = [
    "Scene",
    "SoakReader",
    "Soaks",
    "Tracking",
    "accounts",
    "completed",
    "elsewhere",
    "evidence_items",
    "shared_runs",
    "tracked_here",
]
