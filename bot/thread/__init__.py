"""Reads one target from Forgejo: title, texts, comments, labels, timeline, permissions. Used by observe and soaks.

Public modules: `own_objects`.
"""

from bot.thread.accounts import LOGIN, Accounts, NotTheirs
from bot.thread.comments import comment_texts
from bot.thread.naming import Named, Names
from bot.thread.permissions import MAX_ASKED, PermissionReader, commanders
from bot.thread.server_labels import defined_labels, label_ids
from bot.thread.statuses import at_merge, read_statuses, statuses_digest
from bot.thread.thread import Thread, WrongKind, default_tip, read_thread

__all__ = [
    "LOGIN",
    "MAX_ASKED",
    "Accounts",
    "Named",
    "Names",
    "NotTheirs",
    "PermissionReader",
    "Thread",
    "WrongKind",
    "at_merge",
    "commanders",
    "comment_texts",
    "default_tip",
    "defined_labels",
    "label_ids",
    "read_statuses",
    "read_thread",
    "statuses_digest",
]
