"""Sets up a repository: webhook, labels, policy, open targets. Used by the command line and the demo."""

from bot.setup.repository import head_of, repository_of, setup

__all__ = [
    "head_of",
    "repository_of",
    "setup",
]
