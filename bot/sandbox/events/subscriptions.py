"""Which events a hook receives: the names that its maker wrote, as the server keeps them."""

from collections.abc import Sequence

from bot.sandbox.servers import FORGEJO_16, Server

ISSUES = ("issues", "issue_assign", "issue_label", "issue_milestone", "issue_comment")
REVIEWS = ("pull_request_review_approved", "pull_request_review_rejected", "pull_request_review_comment")
PULLS = (
    "pull_request",
    "pull_request_assign",
    "pull_request_label",
    "pull_request_milestone",
    "pull_request_comment",
    *REVIEWS,
    "pull_request_sync",
)
FORGEJO = (
    "create",
    "delete",
    "fork",
    "push",
    *ISSUES,
    *PULLS,
    "wiki",
    "repository",
    "release",
    "package",
    "pull_request_review_request",
    "action_run_failure",
    "action_run_recover",
    "action_run_success",
)
"""In the order of Forgejo's answers."""
UMBRELLAS = {
    "issues": ISSUES,
    "issues_only": ("issues",),
    "pull_request": (*PULLS, "pull_request_review_request"),
    "pull_request_only": ("pull_request",),
    "pull_request_review": ("pull_request_review_approved", "pull_request_review_rejected"),
    "pull_request_comment": ("pull_request_comment", "pull_request_review_comment"),
}
GITEA = (
    *(name for name in FORGEJO if name not in REVIEWS and not name.startswith("action_run_")),
    "pull_request_review",
    "status",
    "workflow_run",
    "workflow_job",
)
"""Gitea's order is another each time."""


TOLD: dict[str, tuple[str | None, ...]] = {
    "create": (None,),
    "delete": (None,),
    "fork": (None,),
    "push": (None,),
    "issues": ("opened", "edited", "closed", "reopened"),
    "issue_label": ("label_updated", "label_cleared"),
    "issue_comment": ("created", "edited", "deleted"),
    "pull_request": ("opened", "edited", "closed", "reopened"),
    "pull_request_label": ("label_updated", "label_cleared"),
    "pull_request_comment": ("created", "edited", "deleted"),
    "pull_request_sync": ("synchronized",),
    **dict.fromkeys(REVIEWS, ("reviewed",)),
    "action_run_failure": ("failure",),
    "action_run_success": ("success",),
    "status": (None,),
    "workflow_run": ("requested", "in_progress", "completed"),
    "workflow_job": ("queued", "in_progress", "completed"),
}
"""What the sandbox tells hooks, by fine names, with the actions: nothing else is ever sent."""


def told(server: Server) -> list[tuple[str, str | None]]:
    """The events that a server tells, of those that the sandbox knows, with their actions."""
    names = {*GITEA, *REVIEWS} if server.gitea else {*FORGEJO} - ({*FORGEJO_16.posted_events} - {*server.posted_events})
    return [(kind, action) for kind, actions in TOLD.items() if kind in names for action in actions]


def subscribed(server: Server, names: Sequence[str]) -> list[str]:
    """The events of a hook made with these names; unknown names give nothing, no names give `push`."""
    if not names:
        return ["push"]
    chosen = {event for name in names for event in _meant(server, name)}
    return [event for event in (GITEA if server.gitea else FORGEJO) if event in chosen]


def changed(server: Server, before: Sequence[str], names: Sequence[str]) -> list[str]:
    """The events of a hook that is changed to these names: those that only its making settles stay as they were."""
    kept = [event for event in before if event in server.posted_events]
    return [event for event in subscribed(server, names) if event not in server.posted_events] + kept


def wants(server: Server, events: Sequence[str], kind: str) -> bool:
    """Whether a hook with these events receives an event of that fine name."""
    return ("pull_request_review" if server.gitea and kind in REVIEWS else kind) in events


def _meant(server: Server, name: str) -> tuple[str, ...]:
    if server.gitea:
        return tuple("pull_request_review" if event in REVIEWS else event for event in UMBRELLAS.get(name, (name,)))
    if name in UMBRELLAS:
        return UMBRELLAS[name]
    later = name in FORGEJO_16.posted_events and name not in server.posted_events
    return () if later or name in REVIEWS else (name,)
