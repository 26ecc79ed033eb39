"""Sets up a repository: webhook, labels, policy, open targets. Used by the command line and the demo."""

from bot.setup.repository import head_of, repository_of, setup
from bot.setup.webhook import address_and_secret

__all__ = [
    "address_and_secret",
    "head_of",
    "repository_of",
    "setup",
]
