"""Commit statuses: any word is a state, every post adds a row, the newest of a context counts; no event tells."""

import re
from http import HTTPStatus

from aiohttp import web

from bot.sandbox.api.merge import merge_scheduled
from bot.sandbox.events.statuses import Said
from bot.sandbox.http.request import Ask, Page, Refusal, answer, listed, missing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.shapes.fixed import Json

ROUTES = Routes()
WHOLE = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""A commit's whole id, which nobody looks for when statuses are read."""
# the worst comes last; an unknown word counts with the pending, and what was skipped only where there is nothing else
RANK = {"skipped": -1, "success": 0, "warning": 2, "failure": 3, "error": 3}


@ROUTES.add("POST", "/repos/{owner}/{repo}/statuses/{sha}", Level.WRITE)
async def create(ask: Ask) -> web.Response:
    """Adds a status to a commit; shortened ids are taken. For unknown ones Forgejo 16 answers 404, others 500."""
    name = ask.part("sha")
    sha = await _commit(ask, name)
    if sha is None:
        lost = ask.forge.server.unknown_commit
        raise Refusal(lost, name, []) if lost == HTTPStatus.NOT_FOUND else Refusal(lost, "")
    said = Said(ask.text("state"), ask.text("context"), ask.text("description"), ask.text("target_url"))
    row = await ask.parts.statuses.post(ask.repo, sha, said, ask.doer)
    await merge_scheduled(ask.parts, ask.repo, sha)
    return answer(ask.parts.shapes.status(ask.repo, row), 201)


async def _commit(ask: Ask, name: str) -> str | None:
    """The commit that an id, a branch or a tag means."""
    known = ask.repo.branch(name) or ask.repo.refs.get(f"refs/tags/{name}")
    if known or name in ask.repo.statuses:
        return known or name
    return await ask.parts.git.resolve(ask.repo.path, name)


@ROUTES.add("GET", "/repos/{owner}/{repo}/statuses/{sha}")
@ROUTES.add("GET", "/repos/{owner}/{repo}/commits/{sha}/statuses")
async def listing(ask: Ask) -> web.Response:
    """All rows of a commit: the latest second first, and in the order of posting within a second."""
    sha, page = await _commit(ask, ask.part("sha")), Page.of(ask.request)
    rows = sorted(ask.repo.statuses.get(sha or "", []), key=lambda row: (-row.created.timestamp(), row.index))
    shapes = [ask.parts.shapes.status(ask.repo, row) for row in page.cut(rows)]
    return answer(shapes, headers=page.links(ask, len(rows)))


def _together(ask: Ask, states: list[str]) -> str:
    if ask.forge.server.fails_strange_states and not set(states) <= {"pending", *RANK}:
        return "failure"
    worst = max(states, key=lambda state: RANK.get(state, 1))
    return "failure" if worst == "error" else worst


def _links(ask: Ask, sha: str) -> Json:
    if not ask.forge.server.gitea:
        return {"commit_url": "", "url": ""}
    address = f"{ask.forge.url}/api/v1/repos/{ask.repo.full_name}/commits/{sha}"
    return {"commit_url": address, "url": f"{address}/status"}


@ROUTES.add("GET", "/repos/{owner}/{repo}/commits/{sha}/status")
async def combined(ask: Ask) -> web.Response:
    """The newest row of each context, and the worst of their states; state and count are of the asked page only."""
    name = ask.part("sha")
    sha = name if WHOLE.fullmatch(name) else await _commit(ask, name)
    if sha is None:
        raise missing()
    newest = {row.context: row for row in ask.repo.statuses.get(sha, [])}
    everything = sorted(newest.values(), key=lambda row: row.index)
    rows = Page.of(ask.request).cut(everything)
    if not rows:
        empty = {"state": "", "sha": "", "total_count": 0, "statuses": None, "repository": None}
        return answer(empty | {"commit_url": "", "url": ""})
    value = {
        "state": _together(ask, [row.state for row in rows]),
        "sha": sha,
        "total_count": len(rows),
        "statuses": [ask.parts.shapes.status(ask.repo, row) for row in rows],
        "repository": ask.parts.shapes.repo(ask.repo, ask.level, anonymous=ask.viewer is None),
        **_links(ask, sha),
    }
    return listed(value, len(everything))
