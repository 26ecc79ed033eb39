"""Asking models, within limits of time, number and network. Used by the application, which hands it to checks."""

from bot.llm.client import Models

__all__ = [
    "Models",
]
