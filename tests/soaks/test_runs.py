"""What is told of the runs that evidence names: by servers with a list of runs, and by older ones with tasks alone."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.forgejo.errors import ForgejoError
from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.options import Options
from bot.model import EvidenceRun, RunSeen
from bot.sandbox import Sandbox
from bot.soaks.runs import FRESH, LACKING, MORE, MOST, SoakRuns
from tests.sandbox.recordings import exchange

COMMIT = "a" * 40
BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUNS, TASKS = "/api/v1/repos/workshop/ci-demo/actions/runs", "/api/v1/repos/workshop/ci-demo/actions/tasks"
REPOSITORY = "workshop/ci-demo"
FAST = Options(attempts=1)


def number(value: int, **more: int) -> EvidenceRun:
    return EvidenceRun(number=value, **more)


def quiet(text: str) -> str:
    return text.replace("sesame", "[masked]")


@dataclass
class Forge:
    """A sandbox with runs, the bot's reading of them, and a clock."""

    sandbox: Sandbox
    runs: SoakRuns
    clock: list[float] = field(default_factory=lambda: [0.0])

    async def read(self, *wanted: EvidenceRun) -> tuple[RunSeen, ...]:
        return await self.runs.read(REPOSITORY, wanted)

    async def states(self, *wanted: int) -> list[str]:
        return [seen.status for seen in await self.read(*map(number, wanted))]

    def calls(self) -> list[str]:
        found = [call.path.rpartition("/actions/")[2] for call in self.sandbox.calls]
        self.sandbox.reset_calls()
        return found


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    sandbox = Sandbox(tmp_path / "forge")
    await sandbox.start()
    token = sandbox.add_user("assay-bot")
    sandbox.add_org("workshop", owner="assay-bot")
    await sandbox.add_repo(REPOSITORY)
    clock = [0.0]
    async with HttpxForgejo(sandbox.url, token, FAST) as client:
        yield Forge(sandbox, SoakRuns(client, quiet, lambda: clock[0]), clock)
    await sandbox.stop()


@asynccontextmanager
async def answering(answer: Callable[[httpx.Request], httpx.Response]) -> AsyncIterator[SoakRuns]:
    async with HttpxForgejo("http://forge.example", "", FAST, transport=httpx.MockTransport(answer)) as client:
        yield SoakRuns(client, quiet, lambda: 0.0)


async def test_a_run_is_told_with_its_id_commit_workflow_and_beginning(forge: Forge) -> None:
    identity = forge.sandbox.add_run(REPOSITORY, 729, COMMIT, workflow="deploy-sesame.yml", started_at=BEGUN)
    (seen,) = await forge.read(number(729))
    assert seen == RunSeen(
        number=729,
        id=identity,
        workflow="deploy-[masked].yml",
        status="success",
        commit=COMMIT,
        started_at=BEGUN,
        url=f"{forge.sandbox.url}/{REPOSITORY}/actions/runs/729",
        endpoint=f"GET /repos/{REPOSITORY}/actions/runs?run_number=729",
    )
    assert forge.calls() == ["runs", "tasks"]


async def test_the_earliest_of_its_tasks_tells_when_a_run_began(forge: Forge) -> None:
    forge.sandbox.add_run(REPOSITORY, 1, COMMIT, started_at=BEGUN, tasks=["success", "success"])
    forge.sandbox._forge.repos[REPOSITORY].runs[1].tasks[1].started += timedelta(hours=1)
    assert [seen.started_at for seen in await forge.read(number(1))] == [BEGUN]


async def test_settled_runs_are_remembered_for_a_while_and_others_are_not(forge: Forge) -> None:
    for at, status in enumerate(["success", "failure", "running", "waiting"], 1):
        forge.sandbox.add_run(REPOSITORY, at, COMMIT, status)
    assert await forge.states(1, 2, 3, 4, 5) == ["success", "failure", "running", "stuck", "missing"]
    forge.calls()
    forge.sandbox.set_run(REPOSITORY, 3, "success")
    forge.sandbox.set_run(REPOSITORY, 4, "success")
    assert await forge.states(1, 2, 3, 4) == ["success", "failure", "success", "success"]
    assert forge.calls() == ["runs", "runs", "tasks"]
    await forge.states(1, 2, 3, 4)
    assert forge.calls() == []
    forge.clock[0] = FRESH + 1
    await forge.states(1)
    assert forge.calls() == ["runs", "tasks"]


async def test_a_run_is_found_by_its_id_where_no_number_is_named(forge: Forge) -> None:
    identity = forge.sandbox.add_run(REPOSITORY, 729, COMMIT, started_at=BEGUN)
    found, lost = await forge.read(number(0, id=identity), number(0, id=99))
    assert (found.number, found.id, found.status, found.started_at) == (729, identity, "success", BEGUN)
    assert found.endpoint == f"GET /repos/{REPOSITORY}/actions/runs/{identity}"
    assert (lost.number, lost.id, lost.status, lost.unknown) == (0, 99, "missing", "")


async def test_a_run_that_evidence_gives_another_id_keeps_its_own(forge: Forge) -> None:
    identity = forge.sandbox.add_run(REPOSITORY, 729, COMMIT)
    assert [seen.id for seen in await forge.read(number(729, id=5), number(729, id=6))] == [identity]


async def test_an_older_server_tells_runs_by_their_tasks(forge: Forge) -> None:
    forge.sandbox.lists_runs = False
    for at, tasks in enumerate([["success", "success"], ["success", "failure"], ["success", "running"]], 1):
        forge.sandbox.add_run(REPOSITORY, at, COMMIT, tasks=tasks, started_at=BEGUN)
    forge.sandbox.add_run(REPOSITORY, 4, COMMIT, tasks=["success", "skipped"])
    assert await forge.states(1, 2, 3, 4, 9) == ["success", "failure", "running", "skipped", "missing"]
    assert forge.calls() == ["runs", "tasks"]
    (seen,) = await forge.read(number(1))
    assert (seen.id, seen.commit, seen.started_at) == (0, COMMIT, BEGUN)
    assert seen.endpoint == f"GET /repos/{REPOSITORY}/actions/tasks"
    (unnamed,) = await forge.read(number(0, id=7))
    assert (unnamed.status, unnamed.id) == ("", 7)
    assert "use the run's number" in unnamed.unknown


async def test_an_older_server_is_asked_for_its_runs_again_after_a_while(forge: Forge) -> None:
    forge.sandbox.lists_runs = False
    forge.sandbox.add_run(REPOSITORY, 1, COMMIT, "running")
    await forge.states(1)
    forge.calls()
    await forge.states(1)
    assert forge.calls() == ["tasks"]
    forge.sandbox.lists_runs = True
    forge.clock[0] = LACKING + 1
    await forge.states(1)
    assert forge.calls() == ["runs", "tasks"]


async def test_tasks_are_read_page_by_page_until_there_can_be_no_others(forge: Forge) -> None:
    forge.sandbox.add_run(REPOSITORY, 1, COMMIT, started_at=BEGUN, tasks=["success"] * 120)
    forge.sandbox.add_run(REPOSITORY, 2, COMMIT, started_at=BEGUN, tasks=["success"] * 60)
    assert [seen.started_at for seen in await forge.read(number(1))] == [BEGUN]
    assert forge.calls() == ["runs", *["tasks"] * 4]
    forge.sandbox.add_run(REPOSITORY, 3, COMMIT, started_at=BEGUN)
    assert [seen.started_at for seen in await forge.read(number(3))] == [BEGUN]
    assert forge.calls() == ["runs", "tasks", "tasks", "tasks"]


async def test_a_run_beyond_the_pages_that_are_read_has_no_known_beginning(forge: Forge) -> None:
    forge.sandbox.add_run(REPOSITORY, 1, COMMIT)
    forge.sandbox.add_run(REPOSITORY, 2, COMMIT, tasks=["success"] * 600)
    (seen,) = await forge.read(number(1))
    assert (seen.status, seen.started_at) == ("success", None)
    forge.sandbox.lists_runs = False
    forge.clock[0] = FRESH + 1
    (seen,) = await forge.read(number(1))
    assert (seen.status, seen.unknown) == ("", "not among the newest 500 tasks")


async def test_no_more_than_so_many_runs_are_looked_at(forge: Forge) -> None:
    found = await forge.read(*(number(at) for at in range(1, MOST + 3)))
    assert [seen.unknown for seen in found] == [""] * MOST + [MORE] * 2
    assert len(forge.calls()) == MOST


async def test_recorded_tasks_are_read() -> None:
    recorded = exchange("actions-tasks-list")["response"]["json"]

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, text="404 page not found\n") if request.url.path == RUNS else _json(recorded)

    async with answering(answer) as runs:
        failed, succeeded = await runs.read(REPOSITORY, [number(1), number(3)])
    assert (failed.status, failed.commit) == ("failure", "671f342e889f73bf3f385e3de4d4edcff7367cd9")
    assert (succeeded.status, succeeded.workflow) == ("success", "ci.yml")
    assert succeeded.started_at == datetime(2026, 11, 22, 0, 57, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx.Response(403, json={"message": "no sesame"}), "forbidden"),
        (httpx.Response(404, json={"message": "not there"}), "not there"),
        (httpx.Response(200, json={"workflow_runs": [{"id": "x"}]}), "unexpected answer"),
        (httpx.Response(200, json=[1]), "unexpected answer"),
        (httpx.Response(200, text="<html>"), "server error"),
        (httpx.Response(200, json={"workflow_runs": [{"id": 5, "run_number": 8}]}), "returned other runs"),
        (httpx.Response(500), "server error"),
    ],
)
async def test_what_cannot_be_asked_is_unknown_and_never_fine(response: httpx.Response, says: str) -> None:
    async with answering(lambda _: response) as runs:
        (seen,) = await runs.read(REPOSITORY, [number(7)])
        assert (seen.status, seen.started_at) == ("", None)
        assert says in seen.unknown
        assert "sesame" not in seen.unknown
        (unnamed,) = await runs.read(REPOSITORY, [number(0, id=7)])
        assert unnamed.unknown or response.status_code == 200


async def test_patience_raises_what_another_look_may_mend_and_nothing_else() -> None:
    async with answering(lambda _: httpx.Response(500)) as runs:
        with pytest.raises(ForgejoError):
            await runs.read(REPOSITORY, [number(7)], patient=True)
    async with answering(lambda _: httpx.Response(403)) as runs:
        (seen,) = await runs.read(REPOSITORY, [number(7)], patient=True)
        assert seen.unknown


async def test_tasks_that_cannot_be_read_leave_the_beginning_unknown_and_are_asked_for_again() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        run = {"id": 9, "run_number": 7, "status": "success", "head_sha": COMMIT}
        return _json({"workflow_runs": [run], "total_count": 1}) if request.url.path == RUNS else httpx.Response(403)

    async with answering(answer) as runs:
        for _ in range(2):
            (seen,) = await runs.read(REPOSITORY, [number(7)])
            assert (seen.status, seen.started_at, seen.unknown) == ("success", None, "")
    assert asked == [RUNS, TASKS] * 2


def _json(value: Any) -> httpx.Response:
    return httpx.Response(200, json=value)
