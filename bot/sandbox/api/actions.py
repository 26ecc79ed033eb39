"""Runs of Actions: the list of runs, which newer servers alone have, and the list of tasks, the newest first."""

from aiohttp import web

from bot.sandbox.accounts import stamp
from bot.sandbox.fixed import Json
from bot.sandbox.http.request import Ask, Page, answer, missing
from bot.sandbox.http.routing import Routes
from bot.sandbox.runs import ActionRun, ActionTask

ROUTES = Routes()


@ROUTES.add("GET", "/repos/{owner}/{repo}/actions/runs")
async def runs(ask: Ask) -> web.Response:
    """Gives the runs, the newest first, or the one of a number, or those in some states."""
    _newer(ask)
    number, states = ask.request.query.get("run_number"), ask.request.query.getall("status", [])
    found = sorted(ask.repo.runs.values(), key=lambda run: -run.id)
    if number:
        found = [run for run in found if str(run.number) == number]
    if states:
        found = [run for run in found if run.status in states]
    shown = [_run(ask, run) for run in Page.of(ask.request).cut(found)]
    return answer({"workflow_runs": shown, "total_count": len(found)})


@ROUTES.add("GET", "/repos/{owner}/{repo}/actions/runs/{id}")
async def run(ask: Ask) -> web.Response:
    """Gives one run by its id."""
    _newer(ask)
    found = next((one for one in ask.repo.runs.values() if one.id == ask.number("id")), None)
    if found is None:
        raise missing()
    return answer(_run(ask, found))


@ROUTES.add("GET", "/repos/{owner}/{repo}/actions/tasks")
async def tasks(ask: Ask) -> web.Response:
    """Gives the tasks of all runs; in pages only where one is asked for, and without a link to the next."""
    found = sorted(((run, task) for run in ask.repo.runs.values() for task in run.tasks), key=lambda pair: -pair[1].id)
    page = Page.of(ask.request).cut(found) if "page" in ask.request.query else found
    return answer({"workflow_runs": [_task(ask, *pair) for pair in page], "total_count": len(found)})


def _newer(ask: Ask) -> None:
    if not ask.forge.lists_runs:
        raise web.HTTPNotFound


def _run(ask: Ask, run: ActionRun) -> Json:
    return {
        "id": run.id,
        "name": f"Run {run.number}",
        "head_branch": run.branch,
        "head_sha": run.commit,
        "run_number": run.number,
        "event": "push",
        "status": run.status,
        "workflow_id": run.workflow,
        "triggering_actor": ask.parts.shapes.user(ask.repo.owner),
        "url": _page(ask, run),
    }


def _task(ask: Ask, run: ActionRun, task: ActionTask) -> Json:
    moment = stamp(task.started)
    return {
        "id": task.id,
        "name": "test",
        "head_branch": run.branch,
        "head_sha": run.commit,
        "run_number": run.number,
        "event": "push",
        "display_title": f"Run {run.number}",
        "status": task.status,
        "workflow_id": run.workflow,
        "url": _page(ask, run),
        "created_at": moment,
        "updated_at": moment,
        "run_started_at": moment,
    }


def _page(ask: Ask, run: ActionRun) -> str:
    return f"{ask.forge.url}/{ask.repo.full_name}/actions/runs/{run.number}"
