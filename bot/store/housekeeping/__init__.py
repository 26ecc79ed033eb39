"""Deletes what is no longer needed, in steps so small that nobody waits for them. Used by the server and the ledger."""

from bot.store.housekeeping.pruning import Kept, prune
from bot.store.housekeeping.steps import STEP, in_steps

__all__ = ["STEP", "Kept", "in_steps", "prune"]
