"""Types of Actions: tasks, and runs with the different field names of three kinds of server.

`id` is unique on the server; the number (`index_in_repo`, `run_number`) counts within the repository, and web addresses
contain it. A re-run keeps both; times and state of a run belong to its newest attempt.
"""

from typing import Annotated, ClassVar

from pydantic import PlainValidator

from bot.forgejo.types.replies import Moment, OneOf, Reply


class RunRepository(Reply):
    """The repository of a run."""

    definition: ClassVar[str] = "Repository"

    full_name: str = ""


class ActionRun(Reply):
    """A run of Forgejo: `waiting`, `running`, `blocked`, `success`, `failure`, `cancelled`, `skipped`, `unknown`.

    `prettyref` is the branch, `#3` for a pull request, or the commit of a dispatch. `created` never changes; `started`
    is the time at which a runner took the first job of the newest attempt.
    """

    definition: ClassVar[str] = "ActionRun"

    id: int
    index_in_repo: int
    workflow_id: str = ""
    prettyref: str = ""
    commit_sha: str = ""
    status: str = ""
    started: Moment = None
    created: Moment = None
    html_url: str = ""
    repository: RunRepository = RunRepository()


class EarlyRun(Reply):
    """A run of Forgejo 12 before its release, without times."""

    definition: ClassVar[str] = "RepoActionRun"

    id: int
    run_number: int
    workflow_id: str = ""
    head_branch: str = ""
    head_sha: str = ""
    status: str = ""
    url: str = ""


class GiteaRun(Reply):
    """A run of Gitea: `queued`, `in_progress`, or `completed` with a `conclusion`; `path` is like `ok.yml@refs/…`."""

    recording: ClassVar[str] = "gitea/api/runs-list.json"

    id: int
    run_number: int
    run_attempt: int = 0
    path: str = ""
    head_branch: str = ""
    head_sha: str = ""
    status: str = ""
    conclusion: str = ""
    started_at: Moment = None
    html_url: str = ""
    repository: RunRepository = RunRepository()


Run = ActionRun | EarlyRun | GiteaRun
RUN: OneOf[Run] = OneOf("Run", index_in_repo=ActionRun, path=GiteaRun, run_number=EarlyRun)
"""Parses a run of any server."""


class RunPage(Reply):
    """A page of runs."""

    definition: ClassVar[str] = "ListActionRunResponse | ListRepoActionRunResponse"

    total_count: int = 0
    workflow_runs: tuple[Annotated[Run, PlainValidator(RUN.of)], ...] = ()


class Task(Reply):
    """A job that a runner took. Each attempt of a job is a task of its own, with the same name."""

    definition: ClassVar[str] = "ActionTask"

    id: int
    name: str = ""
    run_number: int
    workflow_id: str = ""
    head_branch: str = ""
    head_sha: str = ""
    status: str = ""
    url: str = ""
    created_at: Moment = None
    run_started_at: Moment = None


class TaskPage(Reply):
    """A page of tasks."""

    definition: ClassVar[str] = "ActionTaskResponse"

    total_count: int = 0
    workflow_runs: tuple[Task, ...] = ()
