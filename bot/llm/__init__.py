"""Asks models, with limits on time, concurrency and network. Used by the application, which passes it to checks."""

from bot.llm.client import Models

__all__ = [
    "Models",
]
