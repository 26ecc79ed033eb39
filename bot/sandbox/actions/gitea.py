"""Runs and jobs in Gitea's JSON, whose names are GitHub's."""

from datetime import datetime

from bot.sandbox.people import Level
from bot.sandbox.records import Repo
from bot.sandbox.runs import SETTLED, Job, Run
from bot.sandbox.shapes.accounts import stamp
from bot.sandbox.shapes.fixed import EPOCH, NEVER, Json
from bot.sandbox.shapes.threads import Shapes
from bot.sandbox.state import Forge

WORKFLOWS = ".gitea/workflows"
STATUS = {"waiting": "queued", "blocked": "waiting", "running": "in_progress"}


class GiteaShapes:
    """Builds the JSON of Gitea's Actions."""

    def __init__(self, forge: Forge, shapes: Shapes) -> None:
        self._forge = forge
        self._shapes = shapes

    def run(self, repo: Repo, run: Run, attempt: int = 0) -> Json:
        """A run as its newest attempt left it, or as an earlier one did."""
        api, jobs = self._api(repo), run.jobs
        number = attempt or run.attempt
        status, started, stopped = run.status, run.started, run.stopped
        if number < run.attempt:
            jobs = run.past[number - 1]
            tasks = [job.task for job in jobs if job.task]
            status = jobs[0].status
            started = min((task.started for task in tasks), default=None)
            stopped = max((task.updated for task in tasks), default=None)
        before = f"{api}/actions/runs/{run.id}/attempts/{number - 1}" if number > 1 else None
        return {
            "id": run.id,
            "url": f"{api}/actions/runs/{run.id}",
            "previous_attempt_url": before,
            "html_url": f"{self._forge.url}/{repo.full_name}/actions/runs/{run.id}",
            "display_title": run.trigger.title,
            "path": f"{run.workflow}@{run.trigger.ref}",
            "event": run.trigger.name,
            "run_attempt": number,
            "run_number": run.number,
            "head_sha": run.trigger.commit,
            "head_branch": run.trigger.shown,
            "actor": self._shapes.user(run.trigger.doer),
            "trigger_actor": self._shapes.user(run.actor or run.trigger.doer),
            "repository": self._shapes.repo(repo, Level.NONE),
            "pull_requests": [],
        } | _progress(status, started, stopped)

    def job(self, repo: Repo, run: Run, job: Job) -> Json:
        """A job of an attempt, with the times and results of its steps."""
        api, task = self._api(repo), job.task
        stopped = task.updated if task and job.status in SETTLED else None
        progress = _progress(job.status, task.started if task else None, stopped)
        page = f"{self._forge.url}/{repo.full_name}/actions/runs/{run.id}/jobs/{job.id}"
        queued = _progress("waiting", None, None)
        step = progress if job.status in SETTLED else queued
        return {
            "id": job.id,
            "url": f"{api}/actions/jobs/{job.id}",
            "html_url": page,
            "run_id": run.id,
            "run_url": f"{api}/actions/runs/{run.id}",
            "name": job.name,
            "labels": ["host"],
            "run_attempt": job.attempt,
            "head_sha": run.trigger.commit,
            "head_branch": run.trigger.shown,
            **({"runner_id": 1, "runner_name": "runner"} if task else {}),
            "steps": [{"name": job.step, "number": 0} | step] if task else [],
            "created_at": stamp(job.created),
        } | progress

    def workflow(self, repo: Repo, run: Run) -> Json:
        """The workflow of a run, as events name it."""
        file, page = f"{WORKFLOWS}/{run.workflow}", f"{self._forge.url}/{repo.full_name}"
        return {
            "id": run.workflow,
            "name": run.title,
            "path": file,
            "state": "active",
            "created_at": stamp(run.created),
            "updated_at": stamp(run.created),
            "url": f"{self._api(repo)}/actions/workflows/{run.workflow}",
            "html_url": f"{page}/src/branch/{run.trigger.shown}/{file}",
            "badge_url": f"{page}/actions/workflows/{run.workflow}/badge.svg?branch={repo.default_branch}",
            "deleted_at": NEVER,
        }

    def _api(self, repo: Repo) -> str:
        return f"{self._forge.url}/api/v1/repos/{repo.full_name}"


def _progress(status: str, started: datetime | None, stopped: datetime | None) -> Json:
    shape: Json = {
        "status": "completed" if status in SETTLED else STATUS[status],
        "started_at": stamp(started) or EPOCH,
        "completed_at": stamp(stopped) or EPOCH,
    }
    return shape | ({"conclusion": status} if status in SETTLED else {})
