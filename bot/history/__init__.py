"""Reads a pull request's git history: commits, secrets in them, changed protected lines, stale mentions.

Used by observe.
"""

from bot.history.heads import Heads, Moved, relevant
from bot.history.history import Histories, History, HistoryLimits
from bot.history.protected_lines import ProtectedChanges, ProtectedLines, protected_names
from bot.history.stale_mentions import Mentions, left

__all__ = [
    "Heads",
    "Histories",
    "History",
    "HistoryLimits",
    "Mentions",
    "Moved",
    "ProtectedChanges",
    "ProtectedLines",
    "left",
    "protected_names",
    "relevant",
]
