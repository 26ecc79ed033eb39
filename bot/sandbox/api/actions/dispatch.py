"""Workflows started by hand. The run waits for a runner, which is staged."""

from aiohttp import web

from bot.sandbox.actions import FORGEJO_FOLDERS, GITEA_FOLDERS, MissingInput, Plan, Workflow, parse
from bot.sandbox.api.actions.lookups import REPO, enabled
from bot.sandbox.http.request import Ask, Refusal, answer, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.runs import Run
from bot.sandbox.servers import FORGEJO_12, FORGEJO_16, GITEA

ROUTES = Routes()
DISPATCH = REPO + "/actions/workflows/{file}/dispatches"


@ROUTES.add("POST", DISPATCH, Level.WRITE, servers=(FORGEJO_12, FORGEJO_16))
async def of_forgejo(ask: Ask) -> web.Response:
    """Starts a workflow, even one that isn't made for it; an unknown one, or an unknown ref, is a fault: 500."""
    ref, commit, workflow = await _asked(ask, FORGEJO_FOLDERS)
    if commit is None or workflow is None:
        raise Refusal(500, "")
    run = await _begin(ask, (ref, commit), workflow, strict=True)
    if not ask.flag("return_run_info"):
        return nothing()
    return answer({"id": run.id, "run_number": run.number, "jobs": [job.name for job in run.jobs]}, 201)


@ROUTES.add("POST", DISPATCH, Level.WRITE, servers=(GITEA,))
async def of_gitea(ask: Ask) -> web.Response:
    """Starts a workflow that is made for it; what it needs isn't asked for."""
    ref, commit, workflow = await _asked(ask, GITEA_FOLDERS)
    name = ask.part("file")
    if commit is None or workflow is None:
        raise Refusal(404, f'workflow "{name}" doesn\'t exist')
    if not workflow.dispatchable:
        raise Refusal(422, f'workflow "{name}" has no workflow_dispatch event trigger')
    run = await _begin(ask, (ref, commit), workflow, strict=False)
    if ask.request.query.get("return_run_details") != "true":
        return nothing()
    page = f"{ask.forge.url}/{ask.repo.full_name}/actions/runs/{run.id}"
    address = f"{ask.forge.url}/api/v1/repos/{ask.repo.full_name}/actions/runs/{run.id}"
    return answer({"workflow_run_id": run.id, "run_url": address, "html_url": page})


async def _asked(ask: Ask, folders: tuple[str, ...]) -> tuple[str, str | None, Workflow | None]:
    """The whole ref, its commit, and the workflow that stands there."""
    enabled(ask)
    ref = ask.text("ref", needed=True)
    branch = ask.repo.branch(ref.removeprefix("refs/heads/"))
    commit = branch or await ask.parts.git.resolve(ask.repo.path, ref)
    whole = f"refs/heads/{ref.removeprefix('refs/heads/')}" if branch else ref
    name = ask.part("file")
    if commit is None or "/" in name:
        return whole, None, None
    for folder in folders:
        path = f"{folder}/{name}"
        content = await ask.parts.git.run(ask.repo.path, "cat-file", "blob", f"{commit}:{path}", ok=(0, 128))
        if content and (workflow := parse(path, content)):
            return whole, commit, workflow
    return whole, commit, None


async def _begin(ask: Ask, at: tuple[str, str], workflow: Workflow, *, strict: bool) -> Run:
    given = ask.body.get("inputs")
    words = {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    try:
        inputs = workflow.filled(words, strict=strict)
    except MissingInput as lacking:
        raise Refusal(400, f"input required for '{lacking}'") from lacking
    trigger = ask.parts.payloads.dispatch(ask.repo, workflow, at, inputs, ask.doer)
    change = ask.parts.lifecycle.begin(ask.repo, Plan(ask.part("file"), workflow.title, trigger, workflow.jobs))
    await ask.parts.news.tell(change)
    return change.run
