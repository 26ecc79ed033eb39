"""Servers with runs of Actions, whose answers are recorded ones with other values: no name in them is made up.

Each does with parameters what its kind was seen to do: Forgejo gives everything where `page` isn't asked for, Gitea
passes over `run_number`, and an older server has no list of runs.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx

from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.options import Options
from tests.forgejo.exchanges import exchange

REPOSITORY = "workshop/ci-demo"
ACTIONS = f"/api/v1/repos/{REPOSITORY}/actions/"
COMMIT = "a" * 40
BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEVER = "1970-01-01T00:00:00Z"
GITEA_WORDS = {"waiting": "queued", "running": "in_progress", "blocked": "waiting"}
SERVERS = ("forgejo-16", "gitea", "forgejo-12")
MISSING = {"message": "The target couldn't be found.", "errors": []}


@dataclass
class Job:
    """A job that a runner took."""

    id: int
    name: str = "deploy"
    status: str = "success"
    started: datetime = BEGUN


@dataclass
class MadeRun:
    """A run: asked for at `created`, begun for the last time at `started`."""

    number: int
    id: int
    status: str = "success"
    commit: str = COMMIT
    workflow: str = "deploy.yml"
    branch: str = "main"
    created: datetime = BEGUN
    started: datetime | None = BEGUN
    attempt: int = 1
    jobs: list[Job] = field(default_factory=list)
    repository: str = REPOSITORY


def changed(recorded: Any, **change: Any) -> dict[str, Any]:
    """A recorded answer with other values; a name that the recording hasn't got is a mistake of the test."""
    assert change.keys() <= recorded.keys()
    return {**recorded, **change}


@cache
def recorded_run(kind: str) -> dict[str, Any]:
    """A run as a server tells it."""
    gitea = kind == "gitea"
    found = exchange("runs-list", "gitea").json["workflow_runs"][0] if gitea else exchange("run-get", "forgejo-16").json
    return dict(found)


@cache
def recorded_task(kind: str) -> dict[str, Any]:
    """A task as a server tells it."""
    server, name = {"forgejo-12": ("forgejo-12", "actions-tasks-list")}.get(kind, (kind, "tasks-list"))
    return dict(exchange(name, server).json["workflow_runs"][0])


def stamp(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else NEVER


@dataclass
class Actions:
    """One server's runs, and what it was asked."""

    kind: str
    runs: list[MadeRun] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    tasks_status: int = 200
    url: str = "http://forge.example"

    def add(self, number: int, status: str = "success", **more: Any) -> MadeRun:
        """Adds a run, with one job of the same end unless it is told otherwise. Ids differ from numbers."""
        run = MadeRun(number, 1000 + 2 * number, status, **more)
        waits = status in {"waiting", "blocked"}
        if "jobs" not in more and not waits:
            run.jobs = [Job(5000 + number, status=status, started=run.started or BEGUN)]
        if waits and "started" not in more:
            run.started = None
        self.runs.append(run)
        return run

    def asked(self) -> list[str]:
        """The lists that were asked for since the last time."""
        found, self.calls = self.calls, []
        return found

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path.startswith(ACTIONS)
        kind, _, run_id = request.url.path.removeprefix(ACTIONS).partition("/")
        self.calls.append(kind)
        if kind == "tasks":
            return httpx.Response(self.tasks_status, json=self._page(request, list(self._tasks())))
        if self.kind == "forgejo-12":
            return httpx.Response(404, text="404 page not found\n")
        if run_id:
            run = next((one for one in self.runs if str(one.id) == run_id), None)
            return httpx.Response(200, json=self._run(run)) if run else httpx.Response(404, json=MISSING)
        return httpx.Response(200, json=self._page(request, [self._run(run) for run in self._filtered(request)]))

    def _filtered(self, request: httpx.Request) -> list[MadeRun]:
        asked, found = request.url.params, sorted(self.runs, key=lambda run: -run.id)
        if "status" in asked:
            found = [run for run in found if run.status == asked["status"]]
        if self.kind == "forgejo-16":
            if "run_number" in asked:
                found = [run for run in found if str(run.number) == asked["run_number"]]
            if "ref" in asked:
                found = [run for run in found if f"refs/heads/{run.branch}" == asked["ref"]]
        return found

    def _page(self, request: httpx.Request, items: list[Any]) -> dict[str, Any]:
        asked = request.url.params
        paged = "page" in asked or self.kind == "gitea"
        limit, page = int(asked.get("limit", 30)), int(asked.get("page", 1))
        shown = items[limit * (page - 1) : limit * page] if paged else items
        return {"workflow_runs": shown, "total_count": len(items)}

    def _run(self, run: MadeRun) -> dict[str, Any]:
        page = f"{self.url}/{REPOSITORY}/actions/runs/{run.number}"
        if self.kind == "gitea":
            recorded = recorded_run("gitea")
            waits = run.status in GITEA_WORDS
            return changed(
                recorded,
                id=run.id,
                run_number=run.number,
                run_attempt=run.attempt,
                path=f"{run.workflow}@refs/heads/{run.branch}",
                head_branch=run.branch,
                head_sha=run.commit,
                status=GITEA_WORDS.get(run.status, "completed"),
                conclusion=None if waits else run.status,
                started_at=stamp(run.started),
                html_url=page,
                repository=changed(recorded["repository"], full_name=run.repository),
            )
        recorded = recorded_run("forgejo-16")
        return changed(
            recorded,
            id=run.id,
            index_in_repo=run.number,
            workflow_id=run.workflow,
            prettyref=run.branch,
            commit_sha=run.commit,
            status=run.status,
            created=stamp(run.created),
            started=stamp(run.started),
            html_url=page,
            repository=changed(recorded["repository"], full_name=run.repository),
        )

    def _tasks(self) -> Iterator[dict[str, Any]]:
        recorded = recorded_task(self.kind)
        pairs = [(run, job) for run in self.runs for job in run.jobs]
        for run, job in sorted(pairs, key=lambda pair: -pair[1].id):
            yield changed(
                recorded,
                id=job.id,
                name=job.name,
                status=job.status,
                run_number=run.number,
                workflow_id=run.workflow,
                head_branch=run.branch,
                head_sha=run.commit,
                url=f"{self.url}/{REPOSITORY}/actions/runs/{run.number}",
                created_at=stamp(job.started),
                run_started_at=stamp(job.started),
            )


@asynccontextmanager
async def client_of(answer: Any) -> AsyncIterator[HttpxForgejo]:
    """A client whose every call is answered by a function, and made once."""
    options = Options(attempts=1)
    async with HttpxForgejo("http://forge.example", "", options, transport=httpx.MockTransport(answer)) as client:
        yield client
