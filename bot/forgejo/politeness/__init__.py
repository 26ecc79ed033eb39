"""What the bot asks of one server at most, and what it does when the server fails or asks to wait.

Used by the client; `politeness` puts the parts together, `circuit` watches for faults, `pace` limits the rate, `line`
orders the requests that wait.
"""

from bot.forgejo.politeness.limits import DEFAULT, Limits
from bot.forgejo.politeness.politeness import Politeness

__all__ = ["DEFAULT", "Limits", "Politeness"]
