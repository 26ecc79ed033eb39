"""Runs of Actions on the sandbox, as the server describes them; the recordings have tasks alone."""

import pytest

from tests.sandbox.test_contract import openapi, undescribed
from tests.sandbox.world import World


@pytest.fixture
async def ran(world: World) -> World:
    await world.sandbox.add_repo("workshop/ci-demo")
    for number, status in enumerate(("failure", "success", "success"), 1):
        world.sandbox.add_run("workshop/ci-demo", number, "a" * 40, status)
    return world


@pytest.mark.parametrize(("query", "total", "shown"), [("run_number=2", 1, 1), ("limit=1&page=2", 3, 1), ("", 3, 3)])
async def test_the_list_of_runs_is_as_described(ran: World, query: str, total: int, shown: int) -> None:
    path = "/repos/workshop/ci-demo/actions/runs"
    recorded = {
        "name": "runs",
        "request": {"method": "GET", "path": f"/api/v1{path}"},
        "response": {"status": 200},
    }
    response = await ran.call("codex", "GET", f"{path}?{query}")
    assert not [*undescribed(response, recorded, openapi())]
    assert (response.json()["total_count"], len(response.json()["workflow_runs"])) == (total, shown)


async def test_a_run_is_told_by_its_id(ran: World) -> None:
    listed = await ran.made("codex", "GET", "/repos/workshop/ci-demo/actions/runs?run_number=2")
    one = listed["workflow_runs"][0]
    path = f"/repos/workshop/ci-demo/actions/runs/{one['id']}"
    response = await ran.call("codex", "GET", path)
    recorded = {
        "name": "run",
        "request": {"method": "GET", "path": f"/api/v1{path}"},
        "response": {"status": 200},
    }
    assert not [*undescribed(response, recorded, openapi())]
    assert response.json() == one
    assert (await ran.call("codex", "GET", "/repos/workshop/ci-demo/actions/runs/2")).status_code == 404


async def test_an_older_server_has_no_list_of_runs(ran: World) -> None:
    ran.sandbox.lists_runs = False
    response = await ran.call("codex", "GET", "/repos/workshop/ci-demo/actions/runs?run_number=2")
    assert (response.status_code, response.text) == (404, "404 page not found\n")
    assert (await ran.call("codex", "GET", "/repos/workshop/ci-demo/actions/tasks")).status_code == 200
