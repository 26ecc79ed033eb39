"""Issues: list, open, read, edit, timeline; reactions on them."""

from datetime import datetime

from aiohttp import web

from bot.sandbox.http.request import Ask, Page, Refusal, answer, clean, listed, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.records import Issue, Label, Reaction, Repo
from bot.sandbox.servers import FORGEJO_12, FORGEJO_16

ROUTES = Routes()
TITLE_BYTES = 255
EMOJI = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
ROOT = "/repos/{owner}/{repo}/issues"


@ROUTES.add("GET", ROOT)
async def listing(ask: Ask) -> web.Response:
    """Issues and pull requests, newest first; filters by state, type, labels and time of update."""
    query, since, page = ask.request.query, ask.moment("since"), Page.of(ask.request)
    wanted = {name for name in query.get("labels", "").split(",") if name}
    found = [
        issue
        for issue in ask.repo.issues.values()
        if _kind(issue, query.get("type", ""))
        and _state(issue, query.get("state", "open"))
        and (since is None or issue.updated >= since)
        and wanted <= {label.name for label in issue.labels}
    ]
    found.sort(key=_by_update if query.get("sort") == "recentupdate" else _by_creation, reverse=True)
    shapes = [ask.parts.shapes.issue(issue, ask.viewer) for issue in page.cut(found)]
    return answer(shapes, headers=page.links(ask, len(found)))


@ROUTES.add("GET", "/repos/issues/search", login=True, servers=(FORGEJO_12, FORGEJO_16))
async def search(ask: Ask) -> web.Response:
    """Issues and pull requests of all repositories that the account may read, or of those of one owner."""
    query, since, page = ask.request.query, ask.moment("since"), Page.of(ask.request)
    owner = query.get("owner", "").lower()
    found = [
        issue
        for repo in ask.forge.repos.values()
        if not owner or repo.owner.login.lower() == owner
        if ask.forge.level(repo, ask.viewer) >= Level.READ
        for issue in repo.issues.values()
        if _state(issue, query.get("state", "open")) and (since is None or issue.updated >= since)
    ]
    found.sort(key=_by_creation, reverse=True)
    shapes = [ask.parts.shapes.issue(issue, ask.viewer) for issue in page.cut(found)]
    return answer(shapes, headers=page.links(ask, len(found)))


def _kind(issue: Issue, kind: str) -> bool:
    return kind not in ("issues", "pulls") or (issue.pull is not None) == (kind == "pulls")


def _state(issue: Issue, state: str) -> bool:
    return state == "all" or (issue.closed is not None) == (state == "closed")


def _by_update(issue: Issue) -> tuple[datetime, int]:
    return issue.updated, issue.number


def _by_creation(issue: Issue) -> tuple[datetime, int]:
    return issue.created, issue.number


def new_issue(ask: Ask, title: str) -> Issue:
    """Takes the next number of the repository and keeps the issue under it."""
    repo, now = ask.repo, ask.forge.now()
    number = max(repo.issues, default=0) + 1
    issue = Issue(ask.forge.next_id("issue"), number, repo, ask.doer, shortened(title), ask.text("body"), now, now)
    repo.issues[number] = issue
    return issue


def shortened(title: str) -> str:
    """A title as it is stored: without outer blanks, at most 255 bytes."""
    raw = title.strip().encode()
    if len(raw) <= TITLE_BYTES:
        return title.strip()
    return raw[: TITLE_BYTES - 3].decode(errors="ignore") + "\N{HORIZONTAL ELLIPSIS}"


@ROUTES.add("POST", ROOT, frozen=True)
async def create(ask: Ask) -> web.Response:
    """Opens an issue; labels of those who may not write are dropped without a word."""
    issue = new_issue(ask, ask.text("title", needed=True))
    if ask.level >= Level.WRITE:
        issue.labels = chosen_labels(ask.repo, ask.body.get("labels"))
    for label in issue.labels:
        ask.forge.record(issue, "label", ask.doer, body="1", label=label)
    await ask.parts.events.issue(issue, "opened", ask.doer)
    if issue.labels:
        await ask.parts.events.labels(issue, "label_updated", ask.doer)
    return answer(ask.parts.shapes.issue(issue, ask.viewer), 201)


def chosen_labels(repo: Repo, ids: object) -> list[Label]:
    """The labels that a list of ids names; what isn't there is left out."""
    known = {label.id: label for label in repo.labels.values()}
    return [known[one] for one in ids if isinstance(one, int) and one in known] if isinstance(ids, list) else []


@ROUTES.add("GET", ROOT + "/{index:\\d+}")
async def read(ask: Ask) -> web.Response:
    """One issue or pull request."""
    return answer(ask.parts.shapes.issue(ask.issue(), ask.viewer))


@ROUTES.add("PATCH", ROOT + "/{index:\\d+}")
async def edit(ask: Ask) -> web.Response:
    """Changes title, body or state."""
    issue = ask.issue()
    await change(ask, issue)
    return answer(ask.parts.shapes.issue(issue, ask.viewer), 201)


async def change(ask: Ask, issue: Issue) -> None:
    """What editing an issue and editing a pull request share. Only the author and writers may."""
    if ask.viewer is not issue.user and ask.level < Level.WRITE:
        raise Refusal(403)
    if "updated_at" in ask.body:
        ask.require(Level.ADMIN, ask.forge.server.backdating)
    old_title, old_body, now = issue.title, issue.body, ask.forge.now()
    if isinstance(ask.body.get("body"), str):
        issue.body = clean(ask.body["body"])
    if isinstance(ask.body.get("title"), str):
        issue.title = shortened(clean(ask.body["title"])) or issue.title
    changes = []
    if issue.title != old_title:
        ask.forge.record(issue, "change_title", ask.doer, old_title=old_title, new_title=issue.title)
        changes.append({"title": {"from": old_title}})
    if issue.body != old_body:
        changes.append({"body": {"from": old_body}})
    issue.updated = now
    for one in changes:
        await ask.parts.events.issue(issue, "edited", ask.doer, one)
    await turn(ask, issue, str(ask.body.get("state", "")))


async def turn(ask: Ask, issue: Issue, state: str) -> None:
    """Closes or reopens; any word but `closed` counts as open."""
    if not state or (state == "closed") == (issue.closed is not None):
        return
    if issue.pull and issue.pull.merged_at:
        raise Refusal(412, "cannot change state of this pull request, it was already merged")
    closing = state == "closed"
    issue.closed = issue.updated = ask.forge.now()
    if not closing:
        issue.closed = None
        await ask.parts.pushes.catch_up(issue)
    ask.forge.record(issue, "close" if closing else "reopen", ask.doer)
    await ask.parts.events.issue(issue, "closed" if closing else "reopened", ask.doer)


@ROUTES.add("GET", ROOT + "/{index:\\d+}/timeline")
async def timeline(ask: Ask) -> web.Response:
    """Everything that happened, oldest first; null where nothing did.

    Forgejo 12 gives all in one answer, Forgejo 16 a page where one is asked for, Gitea always; the count is of what is
    given, and nothing links to the rest.
    """
    issue, since, query = ask.issue(), ask.moment("since"), ask.request.query
    entries = [entry for entry in issue.entries if since is None or entry.updated >= since]
    pages = ask.forge.server.timeline_pages
    if (pages == "always" and query.keys() & {"page", "limit"}) or (pages == "with-page" and "page" in query):
        entries = list(Page.of(ask.request).cut(entries))
    shapes = [ask.parts.shapes.timeline(issue, entry) for entry in entries]
    return listed(shapes or None, len(shapes))


async def react(ask: Ask, reactions: list[Reaction]) -> web.Response:
    """Adds, removes or lists reactions, by the request's method."""
    if ask.request.method == "GET":
        return answer([ask.parts.shapes.reaction(one, ask.viewer) for one in reactions] or None)
    content = ask.text("content")
    if content not in EMOJI:
        raise Refusal(403, f"'{content}' is not an allowed reaction")
    mine = [one for one in reactions if one.user is ask.viewer and one.content == content]
    if ask.request.method == "DELETE":
        reactions[:] = [one for one in reactions if one not in mine]
        return nothing(200)
    if mine:
        return answer(ask.parts.shapes.reaction(mine[0], ask.viewer))
    reactions.append(Reaction(ask.doer, content, ask.forge.now()))
    return answer(ask.parts.shapes.reaction(reactions[-1], ask.viewer), 201)


@ROUTES.add("GET", ROOT + "/{index:\\d+}/reactions")
@ROUTES.add("POST", ROOT + "/{index:\\d+}/reactions")
@ROUTES.add("DELETE", ROOT + "/{index:\\d+}/reactions")
async def reactions_of_issue(ask: Ask) -> web.Response:
    """Reactions on the first text of an issue."""
    return await react(ask, ask.issue().reactions)
