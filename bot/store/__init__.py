"""Stores all state: the database, its tables, and the writer of deliveries.

Public modules: `accounts`, `decisions`, `deliveries`, `housekeeping`, `ledger`, `owned`, `parking`, `repositories`,
`scheduling`, `soak_observations`, `tables`, `targets`, `witnesses`.
"""

from bot.store.acts import Acts, Submitted
from bot.store.database.session import (
    Store,
    StoreError,
    downgrade_database,
    open_store,
    read_schema,
    upgrade_database,
    upsert,
)
from bot.store.gate_phrases import GATES_CHECK, phrases_on
from bot.store.writer import DeliveryWriter, NotWritten, Outcome

__all__ = [
    "GATES_CHECK",
    "Acts",
    "DeliveryWriter",
    "NotWritten",
    "Outcome",
    "Store",
    "StoreError",
    "Submitted",
    "downgrade_database",
    "open_store",
    "phrases_on",
    "read_schema",
    "upgrade_database",
    "upsert",
]
