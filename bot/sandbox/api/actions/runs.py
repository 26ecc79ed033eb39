"""Runs of Forgejo's Actions, which the API has since they are listed: to read, cancel and delete them."""

from aiohttp import web

from bot.sandbox.actions import RunShapes
from bot.sandbox.api.actions.lookups import LISTED_STATES, REPO, newest_first, the_run
from bot.sandbox.http.request import Ask, Page, Refusal, answer, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.runs import SETTLED, Run
from bot.sandbox.servers import FORGEJO_16

ROUTES = Routes()
ON = (FORGEJO_16,)
RUNS = REPO + "/actions/runs"
ONE = RUNS + "/{id}"


@ROUTES.add("GET", RUNS, servers=ON)
async def listing(ask: Ask) -> web.Response:
    """The runs, the newest first; a limit counts only where a page is asked for, and nothing links to the next."""
    _known(ask)
    found = [run for run in newest_first(ask) if _wanted(ask, run)]
    shown = Page.of(ask.request).cut(found) if "page" in ask.request.query else found
    shapes = RunShapes(ask.forge, ask.parts.shapes)
    value = [shapes.run(ask.repo, run, ask.viewer) for run in shown]
    return answer({"workflow_runs": value, "total_count": len(found)})


def _known(ask: Ask) -> None:
    if not ask.forge.lists_runs:
        raise web.HTTPNotFound
    for state in ask.request.query.getall("status", []):
        if state not in LISTED_STATES:
            raise Refusal(400, f"unknown status: {state}")


def _wanted(ask: Ask, run: Run) -> bool:
    """Whether a run fits all that the query names; each is compared whole, and the list knows no run of a schedule."""
    told = {
        "run_number": str(run.number),
        "head_sha": run.trigger.commit,
        "ref": run.trigger.ref,
        "workflow_id": run.workflow,
        "event": "" if run.trigger.schedule else run.trigger.name,
        "status": run.status,
    }
    asked = {name: ask.request.query.getall(name) for name in told if ask.request.query.get(name)}
    return all(told[name] in values for name, values in asked.items())


@ROUTES.add("GET", ONE, servers=ON)
async def read(ask: Ask) -> web.Response:
    """One run by its id."""
    _known(ask)
    return answer(RunShapes(ask.forge, ask.parts.shapes).run(ask.repo, the_run(ask), ask.viewer))


@ROUTES.add("GET", ONE + "/jobs", servers=ON)
async def jobs(ask: Ask) -> web.Response:
    """The jobs of a run as their newest attempt stands."""
    run, shapes = the_run(ask), RunShapes(ask.forge, ask.parts.shapes)
    return answer([shapes.job(ask.repo, run, job) for job in run.jobs])


@ROUTES.add("POST", ONE + "/cancel", Level.WRITE, servers=ON)
async def cancel(ask: Ask) -> web.Response:
    """Ends what hasn't ended; a second time changes nothing."""
    await ask.parts.news.tell(ask.parts.lifecycle.cancel(ask.repo, the_run(ask)))
    return nothing()


@ROUTES.add("DELETE", ONE, Level.ADMIN, servers=ON)
async def delete(ask: Ask) -> web.Response:
    """Removes a run with its logs; its number isn't used again and its statuses stay. One that isn't over: 500."""
    run = the_run(ask)
    if run.status not in SETTLED:
        raise Refusal(500, "")
    del ask.repo.runs[run.number]
    return nothing()
