"""What is told of the runs that evidence names: by each kind of server, under its own names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.forgejo.errors import ForgejoError
from bot.model import EvidenceRun, Repo, RunSeen
from bot.soaks.runs import FRESH, LACKING, MORE, MOST, SoakRuns
from tests.forgejo.exchanges import exchange
from tests.soaks.servers import ACTIONS, BEGUN, COMMIT, REPOSITORY, SERVERS, Actions, Job, changed, client_of

HOUR = timedelta(hours=1)
LISTING = SERVERS[:2]


def number(value: int, **more: int) -> EvidenceRun:
    return EvidenceRun(number=value, **more)


def quiet(text: str) -> str:
    return text.replace("sesame", "[masked]")


@dataclass
class Reading:
    """A server, the bot's reading of its runs, and a clock."""

    server: Actions
    runs: SoakRuns
    clock: list[float] = field(default_factory=lambda: [0.0])

    async def read(self, *wanted: EvidenceRun) -> tuple[RunSeen, ...]:
        return await self.runs.read(Repo(name=REPOSITORY), wanted)

    async def one(self, wanted: EvidenceRun) -> RunSeen:
        (seen,) = await self.read(wanted)
        return seen

    async def states(self, *wanted: int) -> list[str]:
        return [seen.status for seen in await self.read(*map(number, wanted))]


@asynccontextmanager
async def reading(kind: str) -> AsyncIterator[Reading]:
    server, clock = Actions(kind), [0.0]
    async with client_of(server) as client:
        yield Reading(server, SoakRuns(client, quiet, lambda: clock[0]), clock)


@asynccontextmanager
async def answering(answer: Any) -> AsyncIterator[SoakRuns]:
    async with client_of(answer) as client:
        yield SoakRuns(client, quiet, lambda: 0.0)


@pytest.mark.parametrize(
    ("kind", "endpoint", "asked"),
    [
        ("forgejo-16", "runs?run_number=729", ["runs", "tasks"]),
        ("gitea", "runs", ["runs", "tasks"]),
        ("forgejo-12", "tasks", ["runs", "tasks"]),
    ],
)
async def test_a_run_is_told_with_its_commit_workflow_and_beginning(kind: str, endpoint: str, asked: list[str]) -> None:
    async with reading(kind) as there:
        run = there.server.add(729, workflow="deploy-sesame.yml")
        there.server.add(730)
        assert await there.one(number(729)) == RunSeen(
            number=729,
            id=0 if kind == "forgejo-12" else run.id,
            workflow="deploy-[masked].yml",
            status="success",
            commit=COMMIT,
            started_at=BEGUN,
            url=f"http://forge.example/{REPOSITORY}/actions/runs/729",
            endpoint=f"GET /repos/{REPOSITORY}/actions/{endpoint}",
        )
        assert there.server.asked() == asked


@pytest.mark.parametrize("kind", SERVERS)
async def test_each_state_is_told_by_the_same_word(kind: str) -> None:
    words = ["success", "failure", "cancelled", "skipped", "running"]
    async with reading(kind) as there:
        for at, word in enumerate(words, 1):
            there.server.add(at, word)
        assert await there.states(*range(1, len(words) + 2)) == [*words, "missing"]


@pytest.mark.parametrize("kind", LISTING)
async def test_what_waits_for_another_job_or_for_approval_is_blocked_and_what_no_runner_takes_is_stuck(
    kind: str,
) -> None:
    async with reading(kind) as there:
        there.server.add(1, "blocked")
        there.server.add(2, "waiting")
        again = there.server.add(3, "waiting", attempt=2, jobs=[Job(9)])
        assert await there.states(1, 2, 3) == ["blocked", "stuck", "waiting"]
        again.status = "failure"
        assert await there.states(3) == ["failure"]


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_run_that_was_started_again_keeps_its_first_beginning_and_has_its_newest_end(kind: str) -> None:
    async with reading(kind) as there:
        jobs = [
            Job(7, "plan", "success", BEGUN),
            Job(8, "apply", "failure", BEGUN + HOUR),
            Job(31, "apply", "success", BEGUN + 9 * HOUR),
        ]
        there.server.add(4, started=BEGUN + 9 * HOUR, attempt=2, jobs=jobs)
        seen = await there.one(number(4))
        assert (seen.status, seen.started_at) == ("success", BEGUN)


async def test_the_newest_attempt_of_a_job_is_the_one_with_the_highest_task() -> None:
    async with reading("forgejo-12") as there:
        there.server.add(1, jobs=[Job(9, status="failure", started=BEGUN + HOUR), Job(3, started=BEGUN)])
        there.server.add(2, jobs=[Job(8, "a"), Job(7, "b", "running"), Job(2, "b", "failure")])
        assert await there.states(1, 2) == ["failure", "running"]


@pytest.mark.parametrize("kind", LISTING)
async def test_settled_runs_are_remembered_for_a_while_and_others_are_not(kind: str) -> None:
    async with reading(kind) as there:
        made = [there.server.add(at, word) for at, word in enumerate(["success", "failure", "running", "waiting"], 1)]
        assert await there.states(1, 2, 3, 4, 5) == ["success", "failure", "running", "stuck", "missing"]
        there.server.asked()
        for run in made[2:]:
            run.status = "success"
            run.jobs = [Job(run.id)]
        assert await there.states(1, 2, 3, 4) == ["success", "failure", "success", "success"]
        assert there.server.asked() == (["runs", "runs", "tasks"] if kind == "forgejo-16" else ["runs", "tasks"])
        await there.states(1, 2, 3, 4)
        assert there.server.asked() == []
        there.clock[0] = FRESH + 1
        await there.states(1)
        assert there.server.asked() == ["runs", "tasks"]


@pytest.mark.parametrize("kind", LISTING)
async def test_a_run_is_found_by_its_id_where_no_number_is_named(kind: str) -> None:
    async with reading(kind) as there:
        run = there.server.add(729)
        found, lost = await there.read(number(0, id=run.id), number(0, id=99))
        assert (found.number, found.id, found.status, found.started_at) == (729, run.id, "success", BEGUN)
        assert found.endpoint == f"GET /repos/{REPOSITORY}/actions/runs/{run.id}"
        assert (lost.number, lost.id, lost.status, lost.unknown) == (0, 99, "missing", "")


@pytest.mark.parametrize("kind", LISTING)
async def test_a_number_is_the_repositorys_and_an_id_the_servers(kind: str) -> None:
    async with reading(kind) as there:
        low, high = there.server.add(6), there.server.add(1012)
        assert low.id == high.number
        by_number, by_id = await there.read(number(1012), number(0, id=1012))
        assert (by_number.number, by_number.id) == (1012, high.id)
        assert (by_id.number, by_id.id) == (6, 1012)


@pytest.mark.parametrize("kind", LISTING)
async def test_a_run_that_evidence_gives_another_id_keeps_its_own(kind: str) -> None:
    async with reading(kind) as there:
        run = there.server.add(729)
        assert [seen.id for seen in await there.read(number(729, id=5), number(729, id=6))] == [run.id]


@pytest.mark.parametrize("kind", LISTING)
async def test_a_run_of_another_repository_is_none_of_this_one(kind: str) -> None:
    async with reading(kind) as there:
        run = there.server.add(7, repository="workshop/other")
        mine = there.server.add(8, repository=REPOSITORY.upper())
        assert (await there.one(number(0, id=run.id))).status == "missing"
        assert (await there.one(number(0, id=mine.id))).status == "success"


async def test_gitea_is_asked_for_its_list_page_by_page_until_a_number_is_passed() -> None:
    async with reading("gitea") as there:
        for at in (*range(1, 60), *range(61, 121)):
            there.server.add(at, jobs=[])
        assert await there.states(120, 61, 60, 2) == ["success", "success", "missing", "success"]
        assert there.server.asked().count("runs") == 3
        there.server.add(900, jobs=[])
        for at in range(200, 760):
            there.server.add(at, jobs=[])
        seen = await there.one(number(1))
        assert seen.unknown == "not among the newest 500 runs"


@pytest.mark.parametrize(
    ("kind", "attempt", "began"),
    [
        ("forgejo-16", 1, BEGUN - HOUR),
        ("forgejo-16", 2, BEGUN - HOUR),
        ("gitea", 1, BEGUN),
        ("gitea", 2, None),
    ],
)
async def test_without_all_its_tasks_a_run_began_no_earlier_than_the_server_says(
    kind: str, attempt: int, began: datetime | None
) -> None:
    async with reading(kind) as there:
        there.server.add(1, created=BEGUN - HOUR, attempt=attempt)
        there.server.add(2, jobs=[Job(10_000 + at, f"job {at}") for at in range(600)])
        seen = await there.one(number(1))
        assert (seen.status, seen.started_at) == ("success", began)


async def test_an_older_server_says_that_a_run_is_beyond_its_tasks_or_named_by_what_it_does_not_tell() -> None:
    async with reading("forgejo-12") as there:
        there.server.add(1)
        there.server.add(2, jobs=[Job(10_000 + at, f"job {at}") for at in range(600)])
        assert (await there.one(number(1))).unknown == "not among the newest 500 tasks"
        unnamed = await there.one(number(0, id=7))
        assert (unnamed.status, unnamed.id) == ("", 7)
        assert "possible with Forgejo ≥ 12, Gitea ≥ 1.25); use the run's number" in unnamed.unknown


async def test_an_older_server_is_asked_for_its_runs_again_after_a_while() -> None:
    async with reading("forgejo-12") as there:
        there.server.add(1, "running")
        await there.states(1)
        assert there.server.asked() == ["runs", "tasks"]
        await there.states(1)
        assert there.server.asked() == ["tasks"]
        there.server.kind = "forgejo-16"
        there.clock[0] = LACKING + 1
        await there.states(1)
        assert there.server.asked() == ["runs", "tasks"]


async def test_tasks_are_read_page_by_page_until_there_can_be_no_others() -> None:
    async with reading("forgejo-16") as there:
        there.server.add(1, jobs=[Job(at) for at in range(1, 121)])
        there.server.add(2, jobs=[Job(at) for at in range(201, 261)])
        assert (await there.one(number(1))).started_at == BEGUN
        assert there.server.asked() == ["runs", *["tasks"] * 4]
        there.server.add(3, jobs=[Job(300)])
        assert (await there.one(number(3))).started_at == BEGUN
        assert there.server.asked() == ["runs", "tasks", "tasks", "tasks"]


async def test_no_more_than_so_many_runs_are_looked_at() -> None:
    async with reading("forgejo-16") as there:
        found = await there.read(*(number(at) for at in range(1, MOST + 3)))
        assert [seen.unknown for seen in found] == [""] * MOST + [MORE] * 2
        assert len(there.server.asked()) == MOST


async def test_a_page_is_always_asked_for_since_forgejo_gives_everything_without() -> None:
    seen: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(200, json={"workflow_runs": [], "total_count": 0})

    async with answering(answer) as runs:
        await runs.read(Repo(name=REPOSITORY), [number(7), number(0, id=7)])
    assert [url.params.get("page") for url in seen if not url.path.endswith("/7")] == ["1"]


async def test_recorded_runs_of_forgejo_12_are_read_from_its_tasks() -> None:
    recorded = exchange("actions-tasks-list").json

    def answer(request: httpx.Request) -> httpx.Response:
        listed = request.url.path == f"{ACTIONS}runs"
        return httpx.Response(404, text="404 page not found\n") if listed else httpx.Response(200, json=recorded)

    async with answering(answer) as runs:
        failed, succeeded = await runs.read(Repo(name=REPOSITORY), [number(1), number(3)])
    assert (failed.status, failed.commit) == ("failure", "671f342e889f73bf3f385e3de4d4edcff7367cd9")
    assert (succeeded.status, succeeded.workflow) == ("success", "ci.yml")
    assert succeeded.started_at == datetime(2026, 11, 22, 0, 57, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("run-get", (1, 1, "ok.yml", "success", "21:49:23")),
        ("run-get-success-rerun-by-writer", (1, 1, "ok.yml", "success", "21:49:23")),
        ("run-get-second-attempt", (5, 5, "fail.yml", "failure", "21:49:43")),
        ("run-get-running", (15, 16, "long.yml", "running", "21:50:42")),
        ("run-get-cancelled", (15, 16, "long.yml", "cancelled", "21:50:42")),
        ("run-get-cancelled-waiting", (14, 14, "wait.yml", "cancelled", None)),
        ("run-get-waiting", (14, 14, "wait.yml", "waiting", None)),
        ("run-get-fork-blocked", (28, 31, "pr.yml", "blocked", None)),
        ("run-get-dispatch", (10, 10, "ok.yml", "success", "21:50:16")),
        ("run-get-schedule", (38, 44, "cron.yml", "success", "22:05:15")),
    ],
)
async def test_recorded_runs_of_forgejo_16_are_read(name: str, told: tuple[int, int, str, str, str | None]) -> None:
    recorded = exchange(name, "forgejo-16").json
    repository = recorded["repository"]["full_name"]

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403) if request.url.path.endswith("/tasks") else httpx.Response(200, json=recorded)

    async with answering(answer) as runs:
        (seen,) = await runs.read(Repo(name=repository), [number(0, id=recorded["id"])])
    began = seen.started_at.strftime("%H:%M:%S") if seen.started_at else None
    assert (seen.number, seen.id, seen.workflow, seen.status, began) == told
    assert (seen.commit, seen.url) == (recorded["commit_sha"], recorded["html_url"])


@pytest.mark.parametrize("name", ["run-missing", "run-get-deleted", "run-get-of-other-repository"])
async def test_a_recorded_refusal_of_a_run_says_that_there_is_none(name: str) -> None:
    seen = exchange(name, "forgejo-16")
    some = exchange("runs-list", "forgejo-16").json

    def answer(request: httpx.Request) -> httpx.Response:
        listed = request.url.path == f"{ACTIONS}runs"
        return httpx.Response(200, json=some) if listed else httpx.Response(404, content=seen.response.body)

    async with answering(answer) as runs:
        (told,) = await runs.read(Repo(name=REPOSITORY), [number(0, id=999999)])
    assert (told.status, told.unknown) == ("missing", "")


async def test_a_recorded_list_without_the_run_says_that_there_is_none_and_actions_turned_off_say_nothing() -> None:
    gone = exchange("runs-list-run-number-deleted", "forgejo-16").json
    async with answering(lambda _: httpx.Response(200, json=gone)) as runs:
        (told,) = await runs.read(Repo(name=REPOSITORY), [number(21)])
        assert (told.status, told.unknown) == ("missing", "")
    off = exchange("runs-list-actions-disabled", "forgejo-16")
    async with answering(lambda _: httpx.Response(404, content=off.response.body)) as runs:
        (told,) = await runs.read(Repo(name=REPOSITORY), [number(21)])
        assert (told.status, "not found" in told.unknown) == ("", True)


async def test_recorded_runs_of_gitea_are_read_though_it_passes_over_the_number() -> None:
    pages = {"1": exchange("runs-list-run-number-ignored", "gitea").json, "2": {"workflow_runs": [], "total_count": 4}}
    tasks = exchange("tasks-list", "gitea").json

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json=tasks if request.url.path.endswith("/tasks") else pages[request.url.params["page"]]
        )

    async with answering(answer) as runs:
        found, deleted = await runs.read(Repo(name="g-yard/ledger"), [number(4), number(2)])
    assert (found.id, found.workflow, found.status, found.commit[:8]) == (4, "dispatch.yml", "success", "ea49f0e5")
    assert found.started_at == datetime(2026, 11, 30, 22, 12, 56, tzinfo=UTC)
    assert deleted.status == "missing"


async def test_a_recorded_second_attempt_of_gitea_tells_no_first_beginning() -> None:
    recorded = exchange("run-get-after-rerun", "gitea").json

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403) if request.url.path.endswith("/tasks") else httpx.Response(200, json=recorded)

    async with answering(answer) as runs:
        (seen,) = await runs.read(Repo(name="g-yard/ledger"), [number(0, id=1)])
    assert (seen.status, seen.started_at) == ("running", None)


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx.Response(403, json={"message": "no sesame"}), "forbidden"),
        (httpx.Response(404, json={"message": "not there"}), "not there"),
        (httpx.Response(200, json={"workflow_runs": [{"id": "x"}]}), "unexpected answer"),
        (httpx.Response(200, json={"workflow_runs": [{"index_in_repo": 7}]}), "unexpected answer"),
        (httpx.Response(200, json=[1]), "unexpected answer"),
        (httpx.Response(200, text="<html>"), "server error"),
        (httpx.Response(500), "server error"),
    ],
)
async def test_what_cannot_be_asked_is_unknown_and_never_fine(response: httpx.Response, says: str) -> None:
    async with answering(lambda _: response) as runs:
        (seen,) = await runs.read(Repo(name=REPOSITORY), [number(7)])
        assert (seen.status, seen.started_at) == ("", None)
        assert says in seen.unknown
        assert "sesame" not in seen.unknown
        (unnamed,) = await runs.read(Repo(name=REPOSITORY), [number(0, id=7)])
        assert unnamed.unknown


async def test_patience_raises_what_another_look_may_mend_and_nothing_else() -> None:
    async with answering(lambda _: httpx.Response(500)) as runs:
        with pytest.raises(ForgejoError):
            await runs.read(Repo(name=REPOSITORY), [number(7)], patient=True)
    async with answering(lambda _: httpx.Response(403)) as runs:
        (seen,) = await runs.read(Repo(name=REPOSITORY), [number(7)], patient=True)
        assert seen.unknown


async def test_tasks_that_cannot_be_read_are_asked_for_again() -> None:
    async with reading("gitea") as there:
        there.server.add(7, attempt=2)
        there.server.tasks_status = 403
        for _ in range(2):
            seen = await there.one(number(7))
            assert (seen.status, seen.started_at, seen.unknown) == ("success", None, "")
        assert there.server.asked() == ["runs", "tasks"] * 2


async def test_a_run_of_forgejo_12_before_its_release_is_read_without_times() -> None:
    task = exchange("actions-tasks-list").json["workflow_runs"][0]
    early = {key: task[key] for key in ("run_number", "head_branch", "head_sha", "status", "workflow_id", "url")}

    def answer(request: httpx.Request) -> httpx.Response:
        tasks = {"workflow_runs": [changed(task, run_number=3)], "total_count": 1}
        runs = {"workflow_runs": [{"id": 77, **early}], "total_count": 1}
        return httpx.Response(200, json=tasks if request.url.path.endswith("/tasks") else runs)

    async with answering(answer) as runs:
        (seen,) = await runs.read(Repo(name=REPOSITORY), [number(3)])
    assert (seen.id, seen.status, seen.commit) == (77, "success", task["head_sha"])
    assert seen.started_at == datetime(2026, 11, 22, 0, 57, 8, tzinfo=UTC)
