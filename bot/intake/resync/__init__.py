"""How changes are found that no delivery told of: listings, statuses of heads, and evaluations at a steady rate.

Used by the server's schedules. `listing` asks Forgejo, `changes` and `open_targets` mark what differs from what is
known, `search` finds changes of many repositories at once, `heads` looks at statuses, `resync` puts them together.
"""

from bot.intake.resync.resync import Resync

__all__ = ["Resync"]
