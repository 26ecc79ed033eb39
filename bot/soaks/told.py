"""A run as a value of ours, made from what each kind of server tells of it under its own names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from bot.forgejo.types import ActionRun, EarlyRun, GiteaRun, Run, Task

SETTLED = frozenset({"success", "failure", "cancelled", "skipped"})
_GITEA = {"queued": "waiting", "waiting": "blocked", "in_progress": "running"}
"""Gitea's words for what hasn't ended, in Forgejo's."""


@dataclass(frozen=True)
class RunTold:
    """A run. `status` is a word of Forgejo's, of the newest attempt; `workflow` is the file's name.

    `not_before`: no attempt of it began earlier, None where the server doesn't tell. `elsewhere`: another repository
    than the one asked for that it belongs to, empty where the server doesn't tell.
    """

    number: int
    id: int = 0
    workflow: str = ""
    branch: str = ""
    commit: str = ""
    status: str = "unknown"
    url: str = ""
    not_before: datetime | None = None
    repository: str = ""

    def belongs_to(self, repository: str) -> bool:
        """Says whether it may be a run of a repository."""
        return not self.repository or self.repository.casefold() == repository.casefold()


def told(run: Run) -> RunTold:
    """Gives a run as a server with a list of runs tells it."""
    match run:
        case ActionRun():
            return _of_forgejo(run)
        case GiteaRun():
            return _of_gitea(run)
        case EarlyRun():
            return RunTold(
                number=run.run_number,
                id=run.id,
                workflow=run.workflow_id,
                branch=run.head_branch,
                commit=run.head_sha,
                status=run.status or "unknown",
                url=run.url,
            )


def _of_forgejo(run: ActionRun) -> RunTold:
    return RunTold(
        number=run.index_in_repo,
        id=run.id,
        workflow=run.workflow_id,
        branch=run.prettyref,
        commit=run.commit_sha,
        status=run.status or "unknown",
        url=run.html_url,
        # `started` is that of the newest attempt; none began before the run was asked for.
        not_before=run.created if run.started else None,
        repository=run.repository.full_name,
    )


def _of_gitea(run: GiteaRun) -> RunTold:
    ended = run.status == "completed"
    return RunTold(
        number=run.run_number,
        id=run.id,
        workflow=PurePosixPath(run.path.partition("@")[0]).name,
        branch=run.head_branch,
        commit=run.head_sha,
        status=(run.conclusion if ended else _GITEA.get(run.status, run.status)) or "unknown",
        url=run.html_url,
        not_before=run.started_at if run.run_attempt == 1 else None,
        repository=run.repository.full_name,
    )


def told_by_tasks(tasks: Sequence[Task]) -> RunTold:
    """Gives a run as its tasks tell it, of which there is one at least; they don't tell its id.

    It succeeded only if all its jobs did, each in its newest attempt; what failed comes before what hasn't ended.
    """
    newest = {task.name: task for task in sorted(tasks, key=lambda task: task.id)}.values()
    found = [task.status or "unknown" for task in newest]
    worst = [one for one in ("failure", "cancelled") if one in found]
    open_ = [one for one in found if one not in SETTLED]
    one = tasks[0]
    return RunTold(
        number=one.run_number,
        workflow=one.workflow_id,
        branch=one.head_branch,
        commit=one.head_sha,
        status=next(iter((*worst, *open_)), "skipped" if "skipped" in found else "success"),
        url=one.url,
        not_before=first_start(tasks),
    )


def first_start(tasks: Sequence[Task]) -> datetime | None:
    """Gives when the first attempt began: a job that is tried again is another task."""
    return min(filter(None, (task.run_started_at or task.created_at for task in tasks)), default=None)
