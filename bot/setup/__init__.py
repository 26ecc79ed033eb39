"""A repository made ready: webhook, labels, trust, what was there before. Used by the command line and the demo."""

from bot.setup.repository import head_of, repository_of, setup

__all__ = [
    "head_of",
    "repository_of",
    "setup",
]
