"""The list of tasks: a row for each attempt of a job that a runner took, the newest first."""

from aiohttp import web

from bot.sandbox.actions import RunShapes
from bot.sandbox.api.actions.lookups import REPO, enabled
from bot.sandbox.http.request import Ask, Page, answer
from bot.sandbox.http.routing import Routes

ROUTES = Routes()


@ROUTES.add("GET", REPO + "/actions/tasks")
async def tasks(ask: Ask) -> web.Response:
    """The tasks; on Forgejo a limit counts only where a page is asked for, and nothing links to the next."""
    enabled(ask)
    shapes, states = RunShapes(ask.forge, ask.parts.shapes), ask.request.query.getall("status", [])
    found = [
        (run, job, task)
        for run in ask.repo.runs.values()
        for attempt in (*run.past, run.jobs)
        for job in attempt
        for task in job.tasks
        if not states or task.status in states
    ]
    found.sort(key=lambda row: -row[2].id)
    page, gitea = Page.of(ask.request), ask.forge.server.gitea
    shown = page.cut(found) if gitea or "page" in ask.request.query else found
    value = {"workflow_runs": [shapes.task(ask.repo, *row) for row in shown], "total_count": len(found)}
    return answer(value, headers=page.links(ask, len(found)) if gitea else None)
