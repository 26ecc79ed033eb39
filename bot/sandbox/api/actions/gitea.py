"""Runs of Gitea's Actions, in its own names: read with their attempts, begun again, deleted by any writer."""

from aiohttp import web

from bot.sandbox.actions import GiteaShapes, log_text
from bot.sandbox.api.actions.lookups import REPO, newest_first, the_job, the_run
from bot.sandbox.http.request import Ask, Page, Refusal, answer, missing, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.runs import SETTLED, Job, Run
from bot.sandbox.servers import GITEA

ROUTES = Routes()
ON = (GITEA,)
RUNS = REPO + "/actions/runs"
ONE = RUNS + "/{id}"
ATTEMPT = ONE + "/attempts/{attempt:\\d+}"


def _shapes(ask: Ask) -> GiteaShapes:
    return GiteaShapes(ask.forge, ask.parts.shapes)


@ROUTES.add("GET", RUNS, servers=ON)
async def listing(ask: Ask) -> web.Response:
    """The runs, the newest first, in pages with links; a number of a run is no filter."""
    query, page = ask.request.query, Page.of(ask.request)
    found = [run for run in newest_first(ask) if query.get("head_sha") in (None, "", run.trigger.commit)]
    shown = [_shapes(ask).run(ask.repo, run) for run in page.cut(found)]
    value = {"workflow_runs": shown, "total_count": len(found)}
    return answer(value, headers=page.links(ask, len(found)))


@ROUTES.add("GET", ONE, servers=ON)
async def read(ask: Ask) -> web.Response:
    """One run as its newest attempt left it."""
    return answer(_shapes(ask).run(ask.repo, the_run(ask)))


@ROUTES.add("DELETE", ONE, Level.WRITE, servers=ON)
async def delete(ask: Ask) -> web.Response:
    """Removes a run that is over."""
    run = the_run(ask)
    if run.status not in SETTLED:
        raise Refusal(400, "this workflow run is not done")
    del ask.repo.runs[run.number]
    return nothing()


@ROUTES.add("GET", ONE + "/jobs", servers=ON)
async def jobs(ask: Ask) -> web.Response:
    """The jobs of the newest attempt."""
    run = the_run(ask)
    return _jobs(ask, run, run.jobs)


@ROUTES.add("POST", ONE + "/rerun", Level.WRITE, servers=ON)
async def rerun(ask: Ask) -> web.Response:
    """Begins a run again."""
    run = the_run(ask)
    await ask.parts.news.tell(ask.parts.lifecycle.rerun(ask.repo, run, ask.doer))
    return answer(_shapes(ask).run(ask.repo, run), 201)


@ROUTES.add("GET", ATTEMPT, servers=ON)
async def attempt(ask: Ask) -> web.Response:
    """A run as one of its attempts left it."""
    run, number, _ = _attempt(ask)
    return answer(_shapes(ask).run(ask.repo, run, number))


@ROUTES.add("GET", ATTEMPT + "/jobs", servers=ON)
async def jobs_of_attempt(ask: Ask) -> web.Response:
    """The jobs of one attempt, which have ids of their own."""
    run, _, found = _attempt(ask)
    return _jobs(ask, run, found)


def _attempt(ask: Ask) -> tuple[Run, int, list[Job]]:
    run, number = the_run(ask), ask.number("attempt")
    attempts = [*run.past, run.jobs]
    if not 0 < number <= len(attempts):
        raise missing()
    return run, number, attempts[number - 1]


def _jobs(ask: Ask, run: Run, found: list[Job]) -> web.Response:
    value = {"jobs": [_shapes(ask).job(ask.repo, run, job) for job in found], "total_count": len(found)}
    headers = {"Access-Control-Expose-Headers": "X-Total-Count", "X-Total-Count": str(len(found))}
    return answer(value, headers=headers)


@ROUTES.add("GET", REPO + "/actions/jobs/{id}/logs", login=True, servers=ON)
async def logs(ask: Ask) -> web.Response:
    """A job's log, as a file; who isn't signed in gets none, even of a public repository."""
    run, job = the_job(ask)
    if job.task is None:
        raise missing()
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Disposition": f"attachment; filename={run.title}-{job.name}-{job.task.id}.log",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Access-Control-Expose-Headers": "Content-Disposition",
        "Accept-Ranges": "bytes",
    }
    return web.Response(body=log_text(job.task).encode(), headers=headers)
