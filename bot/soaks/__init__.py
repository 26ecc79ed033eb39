"""The observed data of soaks: evidence, runs, commits, pull requests. Used by observe and reconcile."""

from bot.soaks.collector import SoakReader, Tracking, completed, tracked_here
from bot.soaks.evidence_thread import accounts, elsewhere, evidence_items, shared_runs
from bot.soaks.snapshot import Scene, Soaks

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
