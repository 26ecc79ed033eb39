"""The tables of the database.

Texts of users are stored masked only: in snapshots, judgments, and the reasons given in commands. Times are UTC without
a zone in SQLite and with one in PostgreSQL; `UtcDateTime` in `table` hides the difference.
"""

from bot.store.tables.events import ActRow, Delivery, Witness
from bot.store.tables.records import (
    AccountRow,
    DecisionRow,
    JudgmentRow,
    LedgerEntry,
    SnapshotRow,
    SoakRow,
    TrustedPolicy,
)
from bot.store.tables.state import Head, Holding, Repository, TargetRow, Verdict
from bot.store.tables.table import Table

__all__ = [
    "AccountRow",
    "ActRow",
    "DecisionRow",
    "Delivery",
    "Head",
    "Holding",
    "JudgmentRow",
    "LedgerEntry",
    "Repository",
    "SnapshotRow",
    "SoakRow",
    "Table",
    "TargetRow",
    "TrustedPolicy",
    "Verdict",
    "Witness",
]
