"""Deletes what is no longer needed, in steps so small that nobody waits for them. Used by the server and the ledger."""

from bot.store.housekeeping.pruning import Kept, prune
from bot.store.housekeeping.steps import STEP, Deleting, in_steps, key_of

__all__ = ["STEP", "Deleting", "Kept", "in_steps", "key_of", "prune"]
