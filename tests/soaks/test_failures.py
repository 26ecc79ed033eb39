"""Failed runs that nobody posts: found on each kind of server."""

from datetime import timedelta

import httpx
import pytest

from bot.model import RunSeen
from bot.soaks.failures import LISTED, MOST, SoakFailures
from tests.forgejo.exchanges import exchange
from tests.soaks.servers import BEGUN, REPOSITORY, SERVERS, Actions, Job, client_of

GOOD = (RunSeen(number=10, id=1, workflow="deploy.yml", status="success"),)


async def failed(server: Actions, known: tuple[RunSeen, ...] = GOOD) -> list[int]:
    async with client_of(server) as client:
        found = await SoakFailures(client, lambda text: text).read(REPOSITORY, "main", known)
    assert {run.status for run in found} <= {"failure"}
    return [run.number for run in found]


@pytest.mark.parametrize("kind", SERVERS)
async def test_failed_runs_of_the_workflow_on_the_branch_after_the_first_good_one_are_found(kind: str) -> None:
    server = Actions(kind)
    server.add(9, "failure")
    server.add(10)
    for at in (11, 12):
        server.add(at, "failure")
    server.add(13, "failure", branch="codex/pump")
    server.add(14, "failure", branch="#3")
    server.add(15, "failure", workflow="lint.yml")
    server.add(16, "cancelled")
    assert await failed(server) == [11, 12]


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_failure_that_a_later_attempt_took_back_is_none_and_one_that_came_with_it_is(kind: str) -> None:
    server, later = Actions(kind), BEGUN + timedelta(hours=1)
    server.add(11, attempt=2, jobs=[Job(3, status="failure"), Job(9, started=later)])
    server.add(12, "failure", attempt=2, jobs=[Job(4), Job(8, status="failure", started=later)])
    assert await failed(server) == [12]


@pytest.mark.parametrize("kind", SERVERS[:2])
async def test_failures_of_other_branches_do_not_crowd_out_those_of_the_branch(kind: str) -> None:
    server = Actions(kind)
    server.add(11, "failure")
    for at in range(12, 12 + LISTED):
        server.add(at, "failure", branch="codex/pump" if kind == "forgejo-16" else "main")
    assert await failed(server) == ([11] if kind == "forgejo-16" else list(range(62 - MOST, 62)))


async def test_a_recorded_failure_of_forgejo_16_is_found() -> None:
    recorded = exchange("runs-list-status-failure", "forgejo-16").json
    known = (RunSeen(number=3, workflow="bad.yml", status="success"),)
    async with client_of(lambda _: httpx.Response(200, json=recorded)) as client:
        (found,) = await SoakFailures(client, lambda text: text).read(REPOSITORY, "run/bad-1", known)
    assert (found.number, found.id, found.workflow, found.commit[:8]) == (22, 24, "bad.yml", "7c4e0064")
    assert found.url.endswith("/actions/runs/22")


@pytest.mark.parametrize("known", [(), (RunSeen(number=10, workflow="deploy.yml", status="failure"),)])
async def test_before_a_run_has_succeeded_nothing_is_asked(known: tuple[RunSeen, ...]) -> None:
    server = Actions("forgejo-16")
    server.add(11, "failure")
    assert await failed(server, known) == []
    assert server.asked() == []


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_what_cannot_be_asked_is_left_out(status: int) -> None:
    async with client_of(lambda _: httpx.Response(status, json={"message": "no"})) as client:
        assert await SoakFailures(client, lambda text: text).read(REPOSITORY, "main", GOOD) == ()
