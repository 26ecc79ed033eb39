"""Sentences that claim something about a soak."""
