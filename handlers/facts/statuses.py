"""What the status of a context is worth: whether its job ran, and whether somebody reports on his own work."""

from bot.model import Snapshot, StatusSeen
from bot.policy import named

SKIPPED = "has been skipped"
"""How Forgejo begins the description of a job that didn't run; its state is success all the same."""


def was_skipped(status: StatusSeen) -> bool:
    """Says whether a job didn't run. A job that ran may well speak of tests that were skipped."""
    success = status.state == "success" and status.description.strip().casefold().startswith(SKIPPED)
    return success or status.state == "skipped"


def self_reported(status: StatusSeen, snapshot: Snapshot) -> bool:
    """Says whether a success was written by the pull request's author or by an agent, and so proves nothing.

    Forgejo's own Actions have no creator.
    """
    judged = (snapshot.inputs.author, *(snapshot.policy.agents or ()))
    return status.state in {"success", "warning"} and named(status.creator, judged)
