"""Soak evidence and gates."""
