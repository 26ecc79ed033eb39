"""Runs, jobs and tasks in Forgejo's JSON; the list of tasks is Gitea's too."""

from datetime import datetime, timedelta

from bot.sandbox.people import Level, User
from bot.sandbox.records import Repo
from bot.sandbox.runs import Artifact, Job, Run, Task
from bot.sandbox.shapes.accounts import stamp
from bot.sandbox.shapes.fixed import EPOCH, Json
from bot.sandbox.shapes.threads import Shapes
from bot.sandbox.state import Forge

KEPT = timedelta(days=90)


class RunShapes:
    """Builds the JSON of one server's Actions."""

    def __init__(self, forge: Forge, shapes: Shapes) -> None:
        self._forge = forge
        self._shapes = shapes

    def told(self, repo: Repo, run: Run) -> Json:
        """A run as webhooks tell it, with an owner's eyes."""
        return self._run(run, self._shapes.repo(repo, Level.OWNER), repo, repo.owner)

    def run(self, repo: Repo, run: Run, viewer: User | None) -> Json:
        """A run for a viewer."""
        level = self._forge.level(repo, viewer)
        return self._run(run, self._shapes.repo(repo, level, anonymous=viewer is None), repo, viewer)

    def _run(self, run: Run, shown: Json, repo: Repo, viewer: User | None) -> Json:
        trigger = run.trigger
        shape = {
            "id": run.id,
            "title": trigger.title,
            "repository": shown,
            "workflow_id": run.workflow,
            "index_in_repo": run.number,
            "trigger_user": self._shapes.user(trigger.doer, viewer),
            "ScheduleID": trigger.schedule,
            "prettyref": trigger.shown,
            "is_ref_deleted": False,
            "commit_sha": trigger.commit,
            "is_fork_pull_request": trigger.fork,
            "need_approval": run.need_approval,
            "approved_by": run.approved_by,
            "event": trigger.event,
            "event_payload": trigger.payload,
            "trigger_event": trigger.name,
            "status": run.status,
            "started": _time(run.started),
            "stopped": _time(run.stopped),
            "created": stamp(run.created),
            "updated": stamp(run.updated),
            "html_url": self.page(repo, run),
        }
        took = run.spent + ((run.stopped or self._forge.now()) - run.started if run.started else timedelta())
        return shape | ({"duration": int(took.total_seconds()) * 10**9} if took else {})

    def page(self, repo: Repo, run: Run) -> str:
        """The address of a run's page: by its number on Forgejo, by its id on Gitea."""
        return f"{self._forge.url}/{repo.full_name}/actions/runs/{run.id if self._forge.server.gitea else run.number}"

    def job(self, repo: Repo, run: Run, job: Job) -> Json:
        """A job, without times, steps or results of steps."""
        return {
            "id": job.id,
            "run_id": run.id,
            "attempt": job.attempt,
            "handle": job.handle,
            "repo_id": repo.id,
            "owner_id": repo.owner.id,
            "name": job.name,
            "needs": list(job.needs) or None,
            "runs_on": ["host"],
            "task_id": job.task.id if job.task else 0,
            "status": job.status,
        }

    def task(self, repo: Repo, run: Run, job: Job, task: Task) -> Json:
        """A task, which has a run's number and an id of its own."""
        return {
            "id": task.id,
            "name": job.name,
            "head_branch": run.trigger.shown,
            "head_sha": run.trigger.commit,
            "run_number": run.number,
            "event": run.trigger.name,
            "display_title": run.trigger.title,
            "status": task.status,
            "workflow_id": run.workflow,
            "url": self.page(repo, run),
            "created_at": stamp(task.started),
            "updated_at": stamp(task.updated),
            "run_started_at": stamp(task.started),
        }

    def artifact(self, repo: Repo, run: Run, artifact: Artifact) -> Json:
        """What is told of files that a run kept."""
        address = f"{self._forge.url}/api/v1/repos/{repo.full_name}/actions/artifacts/{artifact.id}/zip"
        return {
            "id": artifact.id,
            "name": artifact.name,
            "size_in_bytes": sum(map(len, artifact.files.values())),
            "archive_download_url": address,
            "expired": False,
            "run_id": run.id,
            "created_at": stamp(artifact.created),
            "updated_at": stamp(artifact.created),
            "expires_at": stamp(artifact.created + KEPT),
        }


def _time(moment: datetime | None) -> str | None:
    """A moment that hasn't come is the epoch's beginning."""
    return stamp(moment) or EPOCH
