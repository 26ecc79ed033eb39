"""The life of a run: it begins, runners take its jobs, the jobs end, it may be cancelled and begin again.

Each step changes the records, adds the commit statuses that Actions post, and says what changed, for `news` to tell.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.actions import log
from bot.sandbox.events.statuses import Said, Statuses
from bot.sandbox.people import Level, User
from bot.sandbox.records import Repo, Status
from bot.sandbox.runs import SETTLED, UNPICKED, Job, Run, Task, Trigger
from bot.sandbox.state import Forge

TOLD_ON_COMMITS = ("push", "pull_request", "pull_request_target")
"""Events whose runs post statuses."""


@dataclass(frozen=True)
class JobPlan:
    """A job to be: its name, the jobs it needs, and the name of its first step."""

    name: str
    needs: tuple[str, ...] = ()
    step: str = "Run"


@dataclass(frozen=True)
class Plan:
    """A run to be. `workflow` is its file's name, `title` the workflow's own."""

    workflow: str
    title: str
    trigger: Trigger
    jobs: tuple[JobPlan, ...]


@dataclass(frozen=True)
class Change:
    """What a step changed: the run and its state before, jobs with a new state, and statuses that were added."""

    repo: Repo
    run: Run
    prior: str
    jobs: tuple[Job, ...]
    rows: tuple[Status, ...]


class Lifecycle:
    """The steps, one method each. Raises ValueError for a step that the run's state doesn't allow."""

    def __init__(self, forge: Forge, statuses: Statuses, new_handle: Callable[[], str]) -> None:
        self._forge = forge
        self._statuses = statuses
        self._new_handle = new_handle

    def begin(self, repo: Repo, plan: Plan) -> Change:
        """A run whose jobs wait for a runner, for other jobs, or for approval: a stranger's from a fork."""
        now, trigger = self._forge.now(), plan.trigger
        repo.last_run += 1
        run = Run(self._forge.next_id("run"), repo.last_run, plan.workflow, plan.title, trigger, now, now)
        stranger = self._forge.level(repo, trigger.doer) < Level.WRITE
        run.need_approval = trigger.fork and trigger.name == "pull_request" and stranger
        run.jobs = [self._new_job(one, 1) for one in plan.jobs]
        for job in run.jobs:
            job.status = "blocked" if job.needs or run.need_approval else "waiting"
        repo.runs[run.number] = run
        return self._changed(repo, run, run.jobs)

    def _new_job(self, plan: JobPlan, attempt: int) -> Job:
        number, now = self._forge.next_id("job"), self._forge.now()
        return Job(number, plan.name, self._new_handle(), attempt, now, needs=plan.needs, step=plan.step)

    def take(self, repo: Repo, run: Run, name: str) -> Change:
        """A runner takes a job that waits."""
        job = run.job(name)
        if job.status != "waiting":
            raise ValueError(f"job {name!r} is {job.status}, so no runner can take it")
        now = self._forge.now()
        task = Task(self._forge.next_id("task"), job.attempt, "running", now, now)
        job.tasks.append(task)
        job.status = "running"
        run.started = run.started or now
        self._write(repo, task, log.opening(run, job, task))
        return self._changed(repo, run, [job])

    def write(self, repo: Repo, run: Run, name: str, lines: Sequence[str]) -> None:
        """The job puts lines out."""
        task = run.job(name).task
        if task is None or task.status in SETTLED:
            raise ValueError(f"job {name!r} isn't running, so it writes no log")
        self._write(repo, task, lines)

    def _write(self, repo: Repo, task: Task, lines: Sequence[str]) -> None:
        secrets = [secret.value for secret in repo.secrets.values()]
        now = self._forge.moment()
        task.lines += [(now, log.masked(line, secrets)) for line in lines]

    def end(self, repo: Repo, run: Run, name: str, status: str) -> Change:
        """A job that runs ends; those that need it may begin, or are skipped where it failed."""
        job = run.job(name)
        if job.status != "running" or status not in SETTLED:
            raise ValueError(f"job {name!r} is {job.status} and can't end as {status}")
        self._close(repo, job, status)
        freed = [other for other in run.jobs if other.status == "blocked" and not self._waits(run, other)]
        for other in freed:
            met = all(run.job(needed).status == "success" for needed in other.needs)
            other.status = "waiting" if met else "skipped"
        return self._changed(repo, run, [job, *freed])

    def _close(self, repo: Repo, job: Job, status: str) -> None:
        if task := job.task:
            self._write(repo, task, log.closing(job, status))
            task.status, task.updated = status, self._forge.now()
        job.status = status

    def _waits(self, run: Run, job: Job) -> bool:
        return run.need_approval or any(run.job(needed).status not in SETTLED for needed in job.needs)

    def cancel(self, repo: Repo, run: Run) -> Change:
        """Ends all that hasn't ended; nothing changes in a run that has."""
        jobs = [job for job in run.jobs if job.status not in SETTLED]
        for job in jobs:
            self._close(repo, job, "cancelled")
        return self._changed(repo, run, jobs)

    def approve(self, repo: Repo, run: Run, doer: User) -> Change:
        """A writer lets a stranger's run begin."""
        if not run.need_approval:
            raise ValueError(f"run {run.id} waits for no approval")
        run.need_approval, run.approved_by = False, doer.id
        jobs = [job for job in run.jobs if job.status == "blocked" and not self._waits(run, job)]
        for job in jobs:
            job.status = "waiting"
        return self._changed(repo, run, jobs)

    def rerun(self, repo: Repo, run: Run, doer: User) -> Change:
        """A run that ended begins again: the same id, the times set back, another attempt of each job."""
        if run.status not in SETTLED:
            raise ValueError(f"run {run.id} is {run.status}; only a run that ended can begin again")
        run.spent += _between(run.started, run.stopped)
        run.started = run.stopped = None
        run.attempt, run.actor = run.attempt + 1, doer
        if self._forge.server.gitea:
            run.past.append(run.jobs)
            run.jobs = [self._new_job(JobPlan(job.name, job.needs, job.step), run.attempt) for job in run.jobs]
        for job in run.jobs:
            job.attempt, job.handle = run.attempt, self._new_handle()
            job.status = "blocked" if job.needs else "waiting"
        return self._changed(repo, run, run.jobs)

    def _changed(self, repo: Repo, run: Run, jobs: Sequence[Job]) -> Change:
        now, prior = self._forge.now(), run.status
        run.updated, run.status = now, _together([job.status for job in run.jobs])
        if run.status in SETTLED and prior not in SETTLED:
            run.stopped = now
        rows = tuple(self._rows(repo, run, jobs)) if run.trigger.name in TOLD_ON_COMMITS else ()
        return Change(repo, run, prior, tuple(jobs), rows)

    def _rows(self, repo: Repo, run: Run, jobs: Sequence[Job]) -> Iterator[Status]:
        for job in jobs:
            gitea = self._forge.server.gitea
            place = f"{run.id}/jobs/{job.id}" if gitea else f"{run.number}/jobs/{run.jobs.index(job)}"
            said = Said(
                {"running": "pending", "cancelled": "failure"}.get(job.status, _pending(job.status)),
                f"{run.title} / {job.name} ({run.trigger.name})",
                _description(job, gitea=gitea),
                f"/{repo.full_name}/actions/runs/{place}",
            )
            yield self._statuses.add(repo, run.trigger.commit, said, None)


def _pending(status: str) -> str:
    return "pending" if status in UNPICKED else status


def _description(job: Job, *, gitea: bool) -> str:
    took = int(_between(job.task.started, job.task.updated).total_seconds()) if job.task else 0
    return {
        "waiting": "Waiting to run",
        "blocked": "Blocked by required conditions",
        "running": "In progress" if gitea else "Has started running",
        "success": f"Successful in {took}s",
        "failure": f"Failing after {took}s",
        "cancelled": "Has been cancelled",
        "skipped": "Has been skipped",
    }[job.status]


def _together(states: Sequence[str]) -> str:
    """The state of a run, from those of its jobs: the first of these that fits."""
    if set(states) <= {"success", "skipped"}:
        return "success" if "success" in states else "skipped"
    order = ("cancelled", "running", "waiting", "failure", "blocked")
    return next(one for one in order if one in states)


def _between(start: datetime | None, end: datetime | None) -> timedelta:
    return end - start if start and end else timedelta()
