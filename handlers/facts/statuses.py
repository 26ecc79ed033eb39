"""The reliability of a status: whether its job was skipped, and whether an author or agent reported it."""

from bot.model import Snapshot, StatusSeen
from bot.policy import is_agent, named

SKIPPED = "has been skipped"
"""The start of Forgejo's description of a skipped job, whose state is success."""


def was_skipped(status: StatusSeen) -> bool:
    """Says whether a job was skipped. The description of a job that ran may mention skipped tests."""
    success = status.state == "success" and status.description.strip().casefold().startswith(SKIPPED)
    return success or status.state == "skipped"


def self_reported(status: StatusSeen, snapshot: Snapshot) -> bool:
    """Says whether a success was reported by the pull request's author or by an agent, which does not count.

    Statuses of Forgejo Actions have no creator.
    """
    creator = status.creator
    judged = named(creator, (snapshot.inputs.author,)) or is_agent(creator, snapshot.policy.agents)
    return status.state in {"success", "warning"} and judged
