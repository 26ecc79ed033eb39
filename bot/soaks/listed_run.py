"""A run as one value, built from the different names that Forgejo 12, Forgejo 16 and Gitea use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from bot.forgejo.types import ActionRun, EarlyRun, GiteaRun, Run, Task

SETTLED = frozenset({"success", "failure", "cancelled", "skipped"})
_GITEA = {"queued": "waiting", "waiting": "blocked", "in_progress": "running"}
"""Gitea's states of unfinished runs, and Forgejo's words for them."""


@dataclass(frozen=True)
class ListedRun:
    """A run. `status` is Forgejo's word for the state of the newest attempt; `workflow` is the file's name.

    `not_before`: no attempt started earlier; None if the server does not report it. `repository`: the full name of the
    run's repository; empty if the server does not report it.
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
        """Return whether it may be a run of a repository."""
        return not self.repository or self.repository.casefold() == repository.casefold()


def listed_run(run: Run) -> ListedRun:
    """Return a run from a server's list of runs."""
    match run:
        case ActionRun():
            return _of_forgejo(run)
        case GiteaRun():
            return _of_gitea(run)
        case EarlyRun():
            return ListedRun(
                number=run.run_number,
                id=run.id,
                workflow=run.workflow_id,
                branch=run.head_branch,
                commit=run.head_sha,
                status=run.status or "unknown",
                url=run.url,
            )


def _of_forgejo(run: ActionRun) -> ListedRun:
    return ListedRun(
        number=run.index_in_repo,
        id=run.id,
        workflow=run.workflow_id,
        branch=run.prettyref,
        commit=run.commit_sha,
        status=run.status or "unknown",
        url=run.html_url,
        # `started` belongs to the newest attempt; no attempt starts before the run is created.
        not_before=run.created if run.started else None,
        repository=run.repository.full_name,
    )


def _of_gitea(run: GiteaRun) -> ListedRun:
    ended = run.status == "completed"
    return ListedRun(
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


def run_from_tasks(tasks: Sequence[Task]) -> ListedRun:
    """Return a run from its tasks, at least one; they do not contain its id.

    It succeeded only if the newest attempt of each job did; failures come before unfinished jobs.
    """
    newest = {task.name: task for task in sorted(tasks, key=lambda task: task.id)}.values()
    found = [task.status or "unknown" for task in newest]
    worst = [one for one in ("failure", "cancelled") if one in found]
    open_ = [one for one in found if one not in SETTLED]
    one = tasks[0]
    return ListedRun(
        number=one.run_number,
        workflow=one.workflow_id,
        branch=one.head_branch,
        commit=one.head_sha,
        status=next(iter((*worst, *open_)), "skipped" if "skipped" in found else "success"),
        url=one.url,
        not_before=first_start(tasks),
    )


def first_start(tasks: Sequence[Task]) -> datetime | None:
    """Return the start of the first attempt: each attempt of a job is a task of its own."""
    return min(filter(None, (task.run_started_at or task.created_at for task in tasks)), default=None)
