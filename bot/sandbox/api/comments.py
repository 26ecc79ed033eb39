"""Comments of issues and pull requests.

Any writer may edit or delete anybody's comment; the author's name stays. Edits and deletions don't move the issue's
time of update.
"""

from datetime import datetime

from aiohttp import web

from bot.sandbox.api.issues import ROOT, react
from bot.sandbox.http.request import Ask, Page, Refusal, answer, listed, missing, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.records import Entry, Issue

ROUTES = Routes()


@ROUTES.add("GET", ROOT + "/comments")
async def of_repository(ask: Ask) -> web.Response:
    """Comments of the whole repository, oldest first; on Forgejo in pages only where one is asked for."""
    since = ask.moment("since")
    found = [
        (issue, entry)
        for issue in ask.repo.issues.values()
        for entry in issue.comments
        if since is None or entry.updated >= since
    ]
    found.sort(key=lambda pair: pair[1].id)
    paged = ask.forge.server.pages_all_comments or "page" in ask.request.query
    shown = Page.of(ask.request).cut(found) if paged else found
    return listed([ask.parts.shapes.comment(*pair) for pair in shown], len(found))


@ROUTES.add("GET", ROOT + "/{index}/comments")
async def of_issue(ask: Ask) -> web.Response:
    """All comments of an issue in one answer, whatever page or limit is asked for."""
    issue, since = ask.issue(), ask.moment("since")
    found = [entry for entry in issue.comments if since is None or entry.updated >= since]
    return listed([ask.parts.shapes.comment(issue, entry) for entry in found], len(found))


@ROUTES.add("POST", ROOT + "/{index}/comments", frozen=True)
async def create(ask: Ask) -> web.Response:
    """Writes a comment."""
    issue = ask.repo.issues.get(ask.number("index"))
    body = ask.text("body", needed=True)
    if issue is None:
        gone = f"issue does not exist [id: 0, repo_id: {ask.repo.id}, index: {ask.number('index')}]"
        raise Refusal(404, "IsErrIssueNotExist", [gone])
    if issue.locked and ask.level < Level.WRITE:
        raise Refusal(403, "This issue has been locked and limited to collaborators.")
    issue.updated = ask.forge.now()
    entry = ask.forge.record(issue, "comment", ask.doer, body=body)
    await ask.parts.events.comment(issue, entry, "created", ask.doer)
    return answer(ask.parts.shapes.comment(issue, entry), 201)


def _named(ask: Ask) -> tuple[Issue, Entry]:
    number = ask.number("id")
    issue, entry = ask.forge.comments.get(number, (None, None))
    if issue is None or entry is None or issue.repo is not ask.repo:
        raise missing(f"comment does not exist [id: {number}, issue_id: 0]")
    return issue, entry


@ROUTES.add("GET", ROOT + "/comments/{id}")
async def read(ask: Ask) -> web.Response:
    """One comment."""
    return answer(ask.parts.shapes.comment(*_named(ask)))


@ROUTES.add("PATCH", ROOT + "/comments/{id}", frozen=True)
async def edit(ask: Ask) -> web.Response:
    """Changes a comment's text, by its author or a writer; an admin may also say when that was."""
    issue, entry = _named(ask)
    if entry.user is not ask.viewer:
        ask.require(Level.WRITE)
    said = ask.text("updated_at")
    if said:
        ask.require(Level.ADMIN)
    body, old = ask.text("body", needed=True), entry.body
    entry.body, entry.updated = body, datetime.fromisoformat(said) if said else ask.forge.now()
    await ask.parts.events.comment(issue, entry, "edited", ask.doer, old)
    return answer(ask.parts.shapes.comment(issue, entry))


@ROUTES.add("DELETE", ROOT + "/comments/{id}")
async def delete(ask: Ask) -> web.Response:
    """Removes a comment, by its author or a writer."""
    issue, entry = _named(ask)
    if entry.user is not ask.viewer:
        ask.require(Level.WRITE)
    await ask.parts.events.comment(issue, entry, "deleted", ask.doer)
    issue.entries.remove(entry)
    del ask.forge.comments[entry.id]
    return nothing()


@ROUTES.add("GET", ROOT + "/comments/{id}/reactions")
@ROUTES.add("POST", ROOT + "/comments/{id}/reactions")
@ROUTES.add("DELETE", ROOT + "/comments/{id}/reactions")
async def reactions(ask: Ask) -> web.Response:
    """Reactions on a comment."""
    return await react(ask, _named(ask)[1].reactions)
