"""Finds sentences that claim something about a soak."""
