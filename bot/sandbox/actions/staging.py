"""Runs of Actions as they are staged: there is no runner, so a story takes jobs, writes their logs and ends them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.sandbox.actions.lifecycle import JobPlan, Lifecycle, Plan
from bot.sandbox.actions.news import News
from bot.sandbox.actions.payloads import Payloads
from bot.sandbox.events.statuses import Said, Statuses
from bot.sandbox.people import User
from bot.sandbox.records import Repo, Secret
from bot.sandbox.runs import SETTLED, UNPICKED, Artifact, Run, Trigger
from bot.sandbox.state import Forge


class RunStaging:
    """Begins, moves and ends runs. A run is named by its id; whoever listens is told each step but of runs long ago."""

    _forge: Forge
    _lifecycle: Lifecycle
    _news: News
    _payloads: Payloads
    _statuses: Statuses

    async def start_run(  # noqa: PLR0913 - a run as people name it
        self,
        full_name: str,
        workflow: str = "ci.yml",
        *,
        jobs: Sequence[str | JobPlan] = ("test",),
        branch: str = "",
        event: str = "push",
        by: str = "",
        pull: int = 0,
    ) -> int:
        """Begins a run that waits for a runner, and gives its id, which isn't its number.

        The event is `push` (of a branch's head) or `schedule`; with the number of a pull request it is
        `pull_request` or `pull_request_target`.
        """
        repo = self._forge.named(full_name)
        doer = self._forge.account(by) if by else repo.owner
        trigger = await self._trigger(repo, event, branch or repo.default_branch, doer, pull)
        plans = tuple(job if isinstance(job, JobPlan) else JobPlan(job) for job in jobs)
        change = self._lifecycle.begin(repo, Plan(workflow, workflow.rpartition(".")[0], trigger, plans))
        await self._news.tell(change)
        return change.run.id

    async def _trigger(self, repo: Repo, event: str, branch: str, doer: User, pull: int) -> Trigger:
        if pull:
            return await self._payloads.pull(repo.issues[pull], event)
        commit = repo.branch(branch)
        if commit is None:
            raise ValueError(f"{repo.full_name} has no branch {branch!r}")
        if event == "schedule":
            return await self._payloads.schedule(repo, commit, self._forge.actions, 1)
        return await self._payloads.push(repo, branch, commit, doer)

    async def take_job(self, run: int, job: str) -> None:
        """A runner takes a job that waits; its log begins."""
        await self._news.tell(self._lifecycle.take(*self._found(run), job))

    def log(self, run: int, job: str, *lines: str) -> None:
        """A job that runs puts lines out; the repository's secrets in them are masked."""
        self._lifecycle.write(*self._found(run), job, lines)

    async def end_job(self, run: int, job: str, status: str = "success") -> None:
        """A job that runs ends, and what waited for it may begin."""
        await self._news.tell(self._lifecycle.end(*self._found(run), job, status))

    async def finish_run(self, run: int, status: str = "success", *, lines: Sequence[str] = ()) -> None:
        """Takes all jobs of a run, lets each write the lines, and ends them with a state.

        What a failed job kept from beginning is skipped.
        """
        repo, found = self._found(run)
        while pending := [job for job in found.jobs if job.status in ("waiting", "running")]:
            job = pending[0]
            if job.status == "waiting":
                await self.take_job(run, job.name)
            self._lifecycle.write(repo, found, job.name, lines)
            await self.end_job(run, job.name, status)

    async def cancel_run(self, run: int) -> None:
        """Ends what hasn't ended, as somebody's click does."""
        await self._news.tell(self._lifecycle.cancel(*self._found(run)))

    async def rerun(self, run: int, *, by: str = "") -> None:
        """A run that ended begins again, which on Forgejo only a click does; `by` shows on Gitea alone."""
        repo, found = self._found(run)
        doer = self._forge.account(by) if by else found.trigger.doer
        await self._news.tell(self._lifecycle.rerun(repo, found, doer))

    async def approve_run(self, run: int, *, by: str) -> None:
        """A writer lets a stranger's run begin, which only a click does."""
        await self._news.tell(self._lifecycle.approve(*self._found(run), self._forge.account(by)))

    def add_artifact(self, run: int, name: str, files: Mapping[str, bytes]) -> int:
        """A run keeps files; gives their id."""
        found = self._found(run)[1]
        found.artifacts.append(Artifact(self._forge.next_id("artifact"), name, dict(files), self._forge.now()))
        return found.artifacts[-1].id

    def add_secret(self, full_name: str, name: str, value: str) -> None:
        """A secret of the repository's Actions, which logs mask from then on."""
        self._forge.named(full_name).secrets[name] = Secret(value, self._forge.now())

    def post_by_job(self, full_name: str, sha: str, context: str, state: str) -> None:
        """A job posts a status with its own token: no creator stands behind it."""
        self._statuses.add(self._forge.named(full_name), sha, Said(state, context), None)

    def add_run(  # noqa: PLR0913 - a run as people name it, and how it stands
        self,
        full_name: str,
        number: int,
        commit: str,
        status: str = "success",
        *,
        workflow: str = "ci.yml",
        started_at: datetime | None = None,
        tasks: Sequence[str] | None = None,
    ) -> int:
        """A run of long ago, of which nobody was told, and its id. Its commit need not be in the repository.

        `tasks` are the states of its jobs; by default it has one. What waits or is blocked has no task.
        """
        repo = self._forge.named(full_name)
        trigger = self._payloads.past(repo, commit, repo.owner, f"Run {number}")
        states = [status] if tasks is None else tasks
        plans = tuple(JobPlan(f"test-{place}" if place else "test") for place in range(len(states) or 1))
        # its id is another than its number, as on a server with more than one repository
        self._forge.skip_ids("run", 1000)
        repo.last_run = number - 1
        run = self._lifecycle.begin(repo, Plan(workflow, workflow.rpartition(".")[0], trigger, plans)).run
        repo.last_run = max(repo.runs)
        for job, state in zip(run.jobs, states, strict=False):
            self._bring(repo, run, job.name, state)
        run.status = status
        if started_at:
            self._date(run, started_at)
        return run.id

    def _bring(self, repo: Repo, run: Run, job: str, state: str) -> None:
        if state in UNPICKED:
            run.job(job).status = state
            return
        self._lifecycle.take(repo, run, job)
        if state in SETTLED:
            self._lifecycle.end(repo, run, job, state)

    def _date(self, run: Run, moment: datetime) -> None:
        """Puts all that happened in a run at one moment."""
        run.created = run.updated = moment
        run.started = run.started and moment
        run.stopped = run.stopped and moment
        for task in run.tasks:
            task.started = task.updated = moment
            task.lines = [(moment, line) for _, line in task.lines]

    def set_run(self, full_name: str, number: int, status: str) -> None:
        """Lets a run and all its jobs come to a state without a word; one that waited is picked."""
        repo = self._forge.named(full_name)
        run = repo.runs[number]
        for job in run.jobs:
            if job.status == "waiting":
                self._lifecycle.take(repo, run, job.name)
            if job.status == "running" and status in SETTLED:
                self._lifecycle.end(repo, run, job.name, status)
            if job.task:
                job.status = job.task.status = status
        run.status = status

    def _found(self, run: int) -> tuple[Repo, Run]:
        found = self._forge.run(run)
        if found is None:
            raise ValueError(f"there is no run with the id {run}")
        return found
