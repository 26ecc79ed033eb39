"""Commit statuses: any word is a state, every post adds a row, the newest of a context counts; no event tells."""

import re

from aiohttp import web

from bot.sandbox.http.request import Ask, Page, Refusal, answer, listed, missing
from bot.sandbox.http.routing import Routes
from bot.sandbox.state import Level, Status

ROUTES = Routes()
WHOLE = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# the worst comes last; an unknown word counts with the pending
RANK = {"success": 0, "warning": 2, "failure": 3, "error": 3}


@ROUTES.add("POST", "/repos/{owner}/{repo}/statuses/{sha}", Level.WRITE)
async def create(ask: Ask) -> web.Response:
    """Adds a status to a commit; shortened ids are taken, unknown ones answer 500."""
    sha = await _commit(ask, ask.part("sha"))
    if sha is None:
        raise Refusal(500, "")
    rows = ask.repo.statuses.setdefault(sha, [])
    state, context = ask.text("state"), ask.text("context")
    about = (ask.text("description"), ask.text("target_url"))
    rows.append(Status(len(rows) + 1, sha, state, context, *about, ask.doer, ask.forge.now()))
    return answer(ask.parts.shapes.status(ask.repo, rows[-1]), 201)


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


@ROUTES.add("GET", "/repos/{owner}/{repo}/commits/{sha}/status")
async def combined(ask: Ask) -> web.Response:
    """The newest row of each context, and the worst of their states; state and count are of the asked page only.

    A whole id is taken as it is, whether there is such a commit or not.
    """
    asked = ask.part("sha")
    sha = asked if WHOLE.fullmatch(asked) else await _commit(ask, asked)
    if sha is None:
        raise missing()
    newest = {row.context: row for row in ask.repo.statuses.get(sha, [])}
    everything = sorted(newest.values(), key=lambda row: row.index)
    rows = Page.of(ask.request).cut(everything)
    if not rows:
        empty = {"state": "", "sha": "", "total_count": 0, "statuses": None, "repository": None}
        return answer(empty | {"commit_url": "", "url": ""})
    worst = max((row.state for row in rows), key=lambda state: RANK.get(state, 1))
    value = {
        "state": "failure" if worst == "error" else worst,
        "sha": sha,
        "total_count": len(rows),
        "statuses": [ask.parts.shapes.status(ask.repo, row) for row in rows],
        "repository": ask.parts.shapes.repo(ask.repo, ask.level),
        "commit_url": "",
        "url": "",
    }
    return listed(value, len(everything))
