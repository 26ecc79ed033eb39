"""Types of Actions: runs as three kinds of server tell them, each by its own names, and tasks.

`id` is the server's, `number` (`index_in_repo`, `run_number`) the repository's: people and addresses use the number.
A run that begins again keeps both; its times and its state are those of the newest attempt.
"""

from typing import Annotated, ClassVar

from pydantic import PlainValidator

from bot.forgejo.types.replies import Moment, OneOf, Reply


class RunRepository(Reply):
    """Where a run belongs to."""

    definition: ClassVar[str] = "Repository"

    full_name: str = ""


class ActionRun(Reply):
    """A run of Forgejo's: `waiting`, `running`, `blocked`, `success`, `failure`, `cancelled`, `skipped`, `unknown`.

    `prettyref` is the branch, `#3` for a pull request, or the commit that a dispatch named. `created` is when it was
    asked for and never changes; `started` is when a runner took the first job of the newest attempt.
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
    """A run as Forgejo 12 told it before its release, without times."""

    definition: ClassVar[str] = "RepoActionRun"

    id: int
    run_number: int
    workflow_id: str = ""
    head_branch: str = ""
    head_sha: str = ""
    status: str = ""
    url: str = ""


class GiteaRun(Reply):
    """A run of Gitea's: `queued`, `in_progress`, `completed`, and then its `conclusion`; `path` is `ok.yml@refs/…`."""

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
"""Reads a run of any server."""


class RunPage(Reply):
    """A page of runs."""

    definition: ClassVar[str] = "ListActionRunResponse | ListRepoActionRunResponse"

    total_count: int = 0
    workflow_runs: tuple[Annotated[Run, PlainValidator(RUN.of)], ...] = ()


class Task(Reply):
    """A job that a runner took, under an id of its own; a job that is tried again is another task of the same name."""

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
