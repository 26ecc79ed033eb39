"""Runs in the life of a sandbox, read by the client: the same from Forgejo 12, Forgejo 16 and Gitea."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.model import EvidenceRun, Repo, RunSeen
from bot.sandbox import FORGEJO_12, SERVERS, JobPlan, Sandbox, Server
from bot.soaks.failures import SoakFailures
from bot.soaks.runs import SoakRuns
from tests.sandbox.world import Clock

REPO, OTHER = "codex/garden", "codex/meadow"
WORKFLOW = "deploy.yml"


@dataclass
class Place:
    """A sandbox with a repository whose runs have other ids than numbers."""

    sandbox: Sandbox
    client: HttpxForgejo
    clock: Clock
    tip: str

    @property
    def repo(self) -> Repo:
        return Repo(id=self.sandbox.repository_id(REPO), name=REPO)

    async def run(self, status: str = "success", *, branch: str = "", workflow: str = WORKFLOW) -> int:
        """Begins and ends a run, and gives its id."""
        run = await self.sandbox.start_run(REPO, workflow, branch=branch)
        self.clock.tick()
        await self.sandbox.finish_run(run, status)
        return run

    async def read(self, *wanted: EvidenceRun) -> tuple[RunSeen, ...]:
        return await SoakRuns(self.client, lambda text: text).read(self.repo, wanted)

    async def one(self, number: int) -> RunSeen:
        (seen,) = await self.read(EvidenceRun(number=number))
        return seen


@pytest.fixture(params=SERVERS, ids=lambda server: server.name)
async def place(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    server: Server = request.param
    clock = Clock()
    sandbox = Sandbox(tmp_path, server=server, clock=clock)
    await sandbox.start()
    token = sandbox.add_user("codex")
    for name in (REPO, OTHER):
        await sandbox.add_repo(name)
    await sandbox.start_run(OTHER)
    async with HttpxForgejo(sandbox.url, token) as client:
        branch = await client.getitem(f"/repos/{REPO}/branches/main")
        yield Place(sandbox, client, clock, branch["commit"]["id"])
    await sandbox.stop()


async def test_a_run_has_its_number_commit_workflow_and_start(place: Place) -> None:
    run = await place.run()
    began = place.clock.now
    place.clock.tick(600)
    seen = await place.one(1)
    assert (seen.number, seen.status, seen.workflow, seen.commit) == (1, "success", WORKFLOW, place.tip)
    assert seen.started_at == began
    assert seen.id == (run if place.sandbox.server.lists_runs else 0)
    assert run != seen.number
    assert seen.url.endswith(f"/{REPO}/actions/runs/{1 if not place.sandbox.server.gitea else run}")
    assert (await place.one(2)).status == "missing"


async def test_a_run_is_found_by_its_id_where_the_server_lists_runs(place: Place) -> None:
    run = await place.run("failure")
    by_id, elsewhere = await place.read(EvidenceRun(id=run), EvidenceRun(id=1))
    if not place.sandbox.server.lists_runs:
        assert "use the run's number" in by_id.unknown
        return
    assert (by_id.number, by_id.status, by_id.unknown) == (1, "failure", "")
    assert elsewhere.status == "missing"


async def test_a_run_that_is_started_again_keeps_its_first_start(place: Place) -> None:
    run = await place.run("failure")
    began = place.clock.now
    assert (await place.one(1)).status == "failure"
    place.clock.tick(3600)
    await place.sandbox.rerun(run)
    await place.sandbox.take_job(run, "test")
    assert (await place.one(1)).status == "running"
    await place.sandbox.end_job(run, "test")
    seen = await place.one(1)
    assert (seen.status, seen.started_at) == ("success", began)


async def test_a_run_that_no_runner_takes_is_stuck_and_one_without_tasks_is_missing_on_an_older_server(
    place: Place,
) -> None:
    await place.run()
    await place.sandbox.start_run(REPO, WORKFLOW)
    assert (await place.one(2)).status == ("missing" if place.sandbox.server is FORGEJO_12 else "stuck")


async def test_a_run_succeeded_only_if_each_of_its_jobs_did(place: Place) -> None:
    jobs = (JobPlan("plan"), JobPlan("apply"))
    run = await place.sandbox.start_run(REPO, WORKFLOW, jobs=jobs)
    for job, status in zip(jobs, ("success", "failure"), strict=True):
        await place.sandbox.take_job(run, job.name)
        await place.sandbox.end_job(run, job.name, status)
    assert (await place.one(1)).status == "failure"


async def test_failed_runs_that_nobody_posts_are_found(place: Place) -> None:
    await place.sandbox.commit_files(REPO, "topic", {"a.txt": "x"}, author="codex")
    await place.run("failure")
    await place.run()
    (good,) = await place.read(EvidenceRun(number=2))
    place.clock.tick(int(timedelta(hours=1).total_seconds()))
    await place.run("failure")
    await place.run("failure", branch="topic")
    await place.run("failure", workflow="lint.yml")
    await place.run("cancelled")
    found = await SoakFailures(place.client, lambda text: text).read(REPO, "main", (good,))
    assert [(run.number, run.status, run.commit) for run in found] == [(3, "failure", place.tip)]
