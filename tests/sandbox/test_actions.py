"""Runs as stories stage them: jobs that need each other, logs, attempts, who is told. Their JSON is the contract's."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import FORGEJO_12, GITEA, JobPlan, Sandbox
from tests.sandbox.world import GARDEN, World

REPO = "workshop/garden"
RUN_EVENTS = ["action_run_failure", "action_run_recover", "action_run_success"]
CHAIN = (JobPlan("build"), JobPlan("test", ("build",)), JobPlan("deploy", ("test",)))


async def run_of(world: World, run: int) -> dict[str, Any]:
    return dict(await world.made("codex", "GET", f"{GARDEN}/actions/runs/{run}"))


async def jobs_of(world: World, run: int) -> dict[str, dict[str, Any]]:
    return {job["name"]: job for job in await world.made("codex", "GET", f"{GARDEN}/actions/runs/{run}/jobs")}


async def log_of(world: World, run: int, job: str = "test", attempt: int = 0) -> str:
    number = (await jobs_of(world, run))[job]["id"]
    query = f"?attempt={attempt}" if attempt else ""
    response = await world.call("codex", "GET", f"{GARDEN}/actions/jobs/{number}/logs{query}")
    assert response.status_code == 200, response.text
    return response.text


async def test_a_run_waits_until_a_runner_takes_its_job(world: World) -> None:
    run = await world.sandbox.start_run(REPO, by="codex")
    assert (await run_of(world, run))["status"] == "waiting"
    assert (await world.made("codex", "GET", f"{GARDEN}/actions/tasks"))["total_count"] == 0
    world.clock.tick(30)
    await world.sandbox.take_job(run, "test")
    told = await run_of(world, run)
    assert (told["status"], told["created"] < told["started"]) == ("running", True)
    await world.sandbox.end_job(run, "test")
    assert (await run_of(world, run))["status"] == "success"
    with pytest.raises(ValueError, match="no runner can take it"):
        await world.sandbox.take_job(run, "test")
    with pytest.raises(ValueError, match="writes no log"):
        world.sandbox.log(run, "test", "too late")


@pytest.mark.parametrize(
    ("ends", "states", "whole"),
    [
        ([], ["running", "blocked", "blocked"], "running"),
        (["success"], ["success", "waiting", "blocked"], "waiting"),
        (["failure"], ["failure", "skipped", "blocked"], "failure"),
        (["success", "failure"], ["success", "failure", "skipped"], "failure"),
        (["success", "success", "success"], ["success", "success", "success"], "success"),
    ],
)
async def test_a_job_begins_when_those_it_needs_succeeded(
    world: World, ends: list[str], states: list[str], whole: str
) -> None:
    run = await world.sandbox.start_run(REPO, jobs=CHAIN)
    for job, state in zip(CHAIN, ends, strict=False):
        await world.sandbox.take_job(run, job.name)
        await world.sandbox.end_job(run, job.name, state)
    if not ends:
        await world.sandbox.take_job(run, "build")
    assert [job["status"] for job in (await jobs_of(world, run)).values()] == states
    assert (await run_of(world, run))["status"] == whole


async def test_a_log_has_what_the_job_wrote_with_every_secret_masked(world: World) -> None:
    world.sandbox.add_secret(REPO, "SHORT", "ab")
    world.sandbox.add_secret(REPO, "LINES", "first of two\nsecond of two")
    run = await world.sandbox.start_run(REPO)
    await world.sandbox.finish_run(run, lines=["a collaborator", "then second of two", "x" * 70_000])
    text = await log_of(world, run)
    lines = [line.partition(" ")[2] for line in text.splitlines()]
    assert lines[3:-1] == ["a coll***orator", "then ***", "x" * 64 * 1024]
    assert "first of two" not in text


async def test_a_rerun_keeps_the_id_and_both_logs(world: World) -> None:
    run = await world.sandbox.start_run(REPO)
    await world.sandbox.finish_run(run, "failure", lines=["first"])
    with pytest.raises(ValueError, match="can't end as success"):
        await world.sandbox.end_job(run, "test")
    world.clock.tick(60)
    await world.sandbox.rerun(run, by="iskra")
    with pytest.raises(ValueError, match="only a run that ended"):
        await world.sandbox.rerun(run)
    told = await run_of(world, run)
    assert (told["status"], told["started"][:4], told["stopped"][:4]) == ("waiting", "1970", "1970")
    await world.sandbox.finish_run(run, lines=["second"])
    assert "first" in await log_of(world, run, attempt=1)
    assert "second" in await log_of(world, run)
    tasks = (await world.made("codex", "GET", f"{GARDEN}/actions/tasks"))["workflow_runs"]
    assert [task["status"] for task in tasks] == ["success", "failure"]
    assert {task["run_number"] for task in tasks} == {told["index_in_repo"]}


async def test_statuses_of_actions_have_no_creator_and_a_schedule_posts_none(world: World) -> None:
    sha = (await world.made("codex", "GET", f"{GARDEN}/branches/main"))["commit"]["id"]
    await world.sandbox.finish_run(await world.sandbox.start_run(REPO, event="schedule"))
    assert await world.made("codex", "GET", f"{GARDEN}/statuses/{sha}") == []
    await world.sandbox.finish_run(await world.sandbox.start_run(REPO, "apply.yml"))
    world.sandbox.post_by_job(REPO, sha, "assay/verdict", "success")
    rows = await world.made("codex", "GET", f"{GARDEN}/statuses/{sha}")
    assert [row["creator"] for row in rows] == [None] * 4
    assert {row["context"] for row in rows} == {"apply / test (push)", "assay/verdict"}


async def test_hooks_hear_how_a_run_ended_each_time_it_ends(world: World) -> None:
    await world.hook(events=RUN_EVENTS)
    await world.hook(events=["push"])
    run = await world.sandbox.start_run(REPO)
    await world.sandbox.take_job(run, "test")
    assert await world.deliveries() == []
    await world.sandbox.end_job(run, "test", "failure")
    await world.sandbox.rerun(run)
    await world.sandbox.finish_run(run)
    await world.sandbox.cancel_run(run)
    await world.sandbox.cancel_run(await world.sandbox.start_run(REPO))
    arrivals = await world.deliveries()
    told = [(one.kind[0], one.body["run"]["status"], one.body["prior_status"]) for one in arrivals]
    assert told == [
        ("action_run_failure", "failure", "running"),
        ("action_run_success", "success", "running"),
        ("action_run_failure", "cancelled", "waiting"),
    ]


async def test_a_strangers_run_waits_for_a_writer(world: World) -> None:
    await world.made("devops-engineer", "POST", f"{GARDEN}/forks", json={})
    await world.sandbox.commit_files("devops-engineer/garden", "fix", {"a": "1"}, author="devops-engineer")
    body = {"title": "Mine", "head": "devops-engineer:fix", "base": "main"}
    await world.made("devops-engineer", "POST", f"{GARDEN}/pulls", json=body)
    run = await world.sandbox.start_run(REPO, event="pull_request", pull=1)
    assert (await run_of(world, run))["need_approval"] is True
    await world.sandbox.approve_run(run, by="codex")
    assert (await jobs_of(world, run))["test"]["status"] == "waiting"
    with pytest.raises(ValueError, match="no approval"):
        await world.sandbox.approve_run(run, by="codex")


async def test_lists_keep_to_a_limit_only_with_a_page(world: World) -> None:
    for number in range(1, 4):
        world.sandbox.add_run(REPO, number, "a" * 40)
    for what in ("runs", "tasks"):
        path = f"{GARDEN}/actions/{what}"
        counts = []
        for query in ("limit=1", "limit=1&page=1"):
            told = await world.made("codex", "GET", f"{path}?{query}")
            counts.append(len(told["workflow_runs"]))
        assert counts == [3, 1]


async def test_runs_of_long_ago_are_there_and_nobody_was_told(world: World) -> None:
    await world.hook(events=RUN_EVENTS)
    identity = world.sandbox.add_run(REPO, 729, "a" * 40, "failure", workflow="apply.yml")
    told = await run_of(world, identity)
    assert (told["index_in_repo"], told["commit_sha"], told["status"]) == (729, "a" * 40, "failure")
    world.sandbox.set_run(REPO, 729, "success")
    assert (await run_of(world, identity))["status"] == "success"
    assert await world.deliveries() == []
    assert (await run_of(world, await world.sandbox.start_run(REPO)))["index_in_repo"] == 730


async def test_staging_names_what_is_there(world: World) -> None:
    with pytest.raises(ValueError, match="no run with the id 99"):
        await world.sandbox.take_job(99, "test")
    with pytest.raises(ValueError, match="no branch 'none'"):
        await world.sandbox.start_run(REPO, branch="none")
    with pytest.raises(ValueError, match="no user"):
        await world.sandbox.start_run(REPO, by="nobody")
    with pytest.raises(ValueError, match="no repository"):
        await world.sandbox.start_run("workshop/none")
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "x"})
    with pytest.raises(ValueError, match="is no pull request"):
        await world.sandbox.start_run(REPO, event="pull_request", pull=1)


async def test_a_dispatch_reads_the_workflow_that_stands_at_the_ref(world: World) -> None:
    path = f"{GARDEN}/actions/workflows/two.yml/dispatches"
    assert (await world.call("codex", "POST", path, json={"ref": "main"})).status_code == 500
    broken = {".forgejo/workflows/two.yml": "jobs: [", ".gitea/workflows/two.yml": "jobs: {a: {}, b: {needs: a}}"}
    await world.sandbox.commit_files(REPO, "main", broken, author="codex")
    told = await world.made("codex", "POST", path, json={"ref": "main", "return_run_info": True})
    assert told["jobs"] == ["a", "b"]
    assert {name: job["needs"] for name, job in (await jobs_of(world, told["id"])).items()} == {"a": None, "b": ["a"]}


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(tmp_path / "other", server=FORGEJO_12)
    await sandbox.start()
    sandbox.add_user("codex")
    await sandbox.add_repo("codex/old")
    yield sandbox
    await sandbox.stop()


async def test_an_older_server_lists_tasks_alone(other: Sandbox, world: World) -> None:
    other.add_run("codex/old", 1, "a" * 40)
    for what, status in (("tasks", 200), ("runs", 404), ("runs/1001", 404), ("jobs/1/logs", 404)):
        address = f"{other.url}/api/v1/repos/codex/old/actions/{what}"
        assert (await world.client.get(address)).status_code == status
    world.sandbox.lists_runs = False
    assert (await world.call("codex", "GET", f"{GARDEN}/actions/runs")).status_code == 404


async def test_gitea_keeps_jobs_of_every_attempt_apart(tmp_path: Path, world: World) -> None:
    sandbox = Sandbox(tmp_path / "gitea", server=GITEA)
    await sandbox.start()
    token = sandbox.add_user("codex")
    await sandbox.add_repo("codex/new")
    run = await sandbox.start_run("codex/new")
    await sandbox.finish_run(run, "failure")
    await sandbox.rerun(run)
    address = f"{sandbox.url}/api/v1/repos/codex/new/actions/runs/{run}"
    headers = {"Authorization": f"token {token}"}
    attempts = [(await world.client.get(f"{address}/attempts/{n}/jobs", headers=headers)).json() for n in (1, 2)]
    ids = [told["jobs"][0]["id"] for told in attempts]
    assert ids[0] != ids[1]
    assert [told["jobs"][0]["status"] for told in attempts] == ["completed", "queued"]
    assert (await world.client.get(f"{address}/attempts/3", headers=headers)).status_code == 404
    assert (await world.client.delete(address, headers=headers)).status_code == 400
    logs = f"{sandbox.url}/api/v1/repos/codex/new/actions/jobs/{ids[1]}/logs"
    assert (await world.client.get(logs, headers=headers)).status_code == 404
    await sandbox.stop()
