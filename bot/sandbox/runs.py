"""Runs of Actions: a run has jobs, a job has a task for each attempt that a runner took."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.people import User

SETTLED = ("success", "failure", "cancelled", "skipped")
UNPICKED = ("waiting", "blocked")
"""States of a job that no runner has taken, so that it has no task."""


@dataclass(eq=False)
class Task:
    """An attempt of a job, from the moment that a runner took it. `lines` are its log, masked, with their times."""

    id: int
    attempt: int
    status: str
    started: datetime
    updated: datetime
    lines: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass(eq=False)
class Job:
    """A job of a run. Its id stays through all attempts on Forgejo; on Gitea each attempt has a job of its own."""

    id: int
    name: str
    handle: str
    attempt: int
    created: datetime
    status: str = "waiting"
    needs: tuple[str, ...] = ()
    step: str = "Run"
    tasks: list[Task] = field(default_factory=list)

    @property
    def task(self) -> Task | None:
        """The task of the newest attempt, where a runner took it."""
        return self.tasks[-1] if self.tasks and self.tasks[-1].attempt == self.attempt else None


@dataclass(eq=False)
class Artifact:
    """Files that a run kept, under one name."""

    id: int
    name: str
    files: Mapping[str, bytes]
    created: datetime


@dataclass(frozen=True)
class Trigger:
    """What set a run off. `ref` is whole, `shown` as people see it; `payload` is the event's JSON text."""

    event: str
    name: str
    ref: str
    shown: str
    commit: str
    title: str
    doer: User
    payload: str = "{}"
    schedule: int = 0
    fork: bool = False


@dataclass(eq=False)
class Run:
    """A run: its id counts over the server and is the API's, its number counts in the repository and is people's.

    `workflow` is the file's name, `title` what the workflow calls itself. `spent` is what earlier attempts took; `past`
    are Gitea's jobs of these attempts.
    """

    id: int
    number: int
    workflow: str
    title: str
    trigger: Trigger
    created: datetime
    updated: datetime
    status: str = "waiting"
    attempt: int = 1
    actor: User | None = None
    started: datetime | None = None
    stopped: datetime | None = None
    spent: timedelta = timedelta()
    need_approval: bool = False
    approved_by: int = 0
    jobs: list[Job] = field(default_factory=list)
    past: list[list[Job]] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)

    @property
    def tasks(self) -> list[Task]:
        """The tasks of all jobs and attempts, in the order in which runners took them."""
        jobs = [job for attempt in (*self.past, self.jobs) for job in attempt]
        return sorted((task for job in jobs for task in job.tasks), key=lambda task: task.id)

    def job(self, name: str) -> Job:
        """The job of that name. Raises KeyError."""
        return {job.name: job for job in self.jobs}[name]
