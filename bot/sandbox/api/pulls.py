"""Pull requests: list, open, read, edit; their diff, commits, files and reviews. Merging is in `api_merge`."""

from urllib.parse import quote

from aiohttp import web

from bot.sandbox.api.issues import change, chosen_labels, new_issue
from bot.sandbox.git.diffs import ChangedFile
from bot.sandbox.http.request import Ask, Page, Refusal, answer, listed, missing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.records import Issue, Pull, Repo, Review
from bot.sandbox.shapes.fixed import Json

ROUTES = Routes()
PULLS = "/repos/{owner}/{repo}/pulls"
ONE = PULLS + "/{index:\\d+}"
REVIEW_EVENTS = {
    "APPROVED": "pull_request_review_approved",
    "REQUEST_CHANGES": "pull_request_review_rejected",
    "COMMENT": "pull_request_review_comment",
}


def pull_of(issue: Issue) -> Pull:
    """The pull request side of an issue that has one."""
    if issue.pull is None:
        raise missing()
    return issue.pull


async def shape(ask: Ask, issue: Issue) -> Json:
    """A pull request's JSON for the viewer."""
    return ask.parts.shapes.pull(issue, await ask.parts.diffs.facts(issue), ask.viewer)


@ROUTES.add("GET", PULLS)
async def listing(ask: Ask) -> web.Response:
    """Pull requests, newest first."""
    state, page = ask.request.query.get("state", "open"), Page.of(ask.request)
    found = [one for one in ask.repo.pulls() if state == "all" or (one.closed is not None) == (state == "closed")]
    if ask.forge.server.filters_pulls:
        found = [one for one in found if one.pull and _among(ask, one.pull)]
    recent = ask.request.query.get("sort") == "recentupdate"
    found.sort(key=lambda one: (one.updated if recent else one.created, one.number), reverse=True)
    facts = [await ask.parts.diffs.facts(one) for one in page.cut(found)]
    shapes = [ask.parts.shapes.pull_in_list(*pair, ask.viewer) for pair in zip(page.cut(found), facts, strict=True)]
    return answer(shapes, headers=page.links(ask, len(found)))


def _among(ask: Ask, pull: Pull) -> bool:
    """Whether a pull request is of the branches that the query names, by their bare names."""
    head, base = ask.request.query.get("head"), ask.request.query.get("base")
    return head in (None, "", pull.head_ref) and base in (None, "", pull.base_ref)


@ROUTES.add("POST", PULLS, frozen=True)
async def create(ask: Ask) -> web.Response:
    """Opens a pull request. Labels are set whoever asks, as in Forgejo."""
    title, base = ask.text("title", needed=True), ask.text("base", needed=True)
    head_repo, head = _head(ask, ask.text("head", needed=True))
    pull = _new_pull(ask, base, head_repo, head)
    # Gitea's new repositories let maintainers push to a pull request's head
    pull.maintainers_edit = ask.forge.server.gitea
    issue = new_issue(ask, title)
    issue.pull = pull
    issue.labels = chosen_labels(ask.repo, ask.body.get("labels"))
    await ask.parts.pushes.set_head(issue, pull, pull.head_sha)
    pull.merge_base = (await ask.parts.diffs.facts(issue)).merge_base
    for label in issue.labels:
        ask.forge.record(issue, "label", ask.doer, body="1", label=label)
    ids = await ask.parts.pushes.between(ask.repo, pull.merge_base or pull.base_sha, pull.head_sha)
    ask.parts.pushes.record_push(issue, ids, ask.doer)
    await ask.parts.events.issue(issue, "opened", ask.doer)
    if issue.labels:
        await ask.parts.events.labels(issue, "label_updated", ask.doer)
    return answer(await shape(ask, issue), 201)


def _head(ask: Ask, words: str) -> tuple[Repo, str]:
    """The repository and branch that `branch` or `owner:branch` means."""
    owner, colon, branch = words.partition(":")
    if not colon or owner.lower() == ask.repo.owner.login.lower():
        return ask.repo, branch if colon else words
    for repo in ask.forge.repos.values():
        mine = repo.owner.login.lower() == owner.lower() and repo.parent is ask.repo
        if mine and ask.forge.level(repo, ask.viewer) >= Level.READ:
            return repo, branch
    raise missing()


def _new_pull(ask: Ask, base: str, head_repo: Repo, head: str) -> Pull:
    base_sha, head_sha = ask.repo.branch(base), head_repo.branch(head)
    if base_sha is None or head_sha is None:
        raise _lost(ask, head_repo, base if base_sha is None else head)
    if head_repo is not ask.repo and ask.repo.branch(head) is None and not ask.forge.server.opens_pulls_from_forks:
        raise Refusal(500, "")
    if head_repo is ask.repo and head == base:
        raise Refusal(422, "Invalid PullRequest: There are no changes between the head and the base")
    for issue in ask.repo.pulls():
        same = issue.pull and (issue.pull.head_repo, issue.pull.head_ref, issue.pull.base_ref) == (
            head_repo,
            head,
            base,
        )
        if same and issue.closed is None:
            raise Refusal(409, _exists(ask, issue))
    return Pull(ask.forge.next_id("pull"), base, base_sha, head_repo, head, head_sha)


def _lost(ask: Ask, repo: Repo, name: str) -> Refusal:
    if not ask.forge.server.names_lost_heads:
        return Refusal(404, "IsRefExist", [])
    return missing(f"could not find '{name}' to be a commit, branch or tag in the head repository {repo.full_name}")


def _exists(ask: Ask, issue: Issue) -> str:
    pull = pull_of(issue)
    ids = f"id: {pull.id}, issue_id: {issue.number}, head_repo_id: {pull.head_repo.id}, base_repo_id: {ask.repo.id}"
    refs = f"head_branch: {pull.head_ref}, base_branch: {pull.base_ref}"
    return f"pull request already exists for these targets [{ids}, {refs}]"


@ROUTES.add("GET", ONE)
async def read(ask: Ask) -> web.Response:
    """One pull request."""
    return answer(await shape(ask, ask.issue(pull=True)))


@ROUTES.add("PATCH", ONE)
async def edit(ask: Ask) -> web.Response:
    """Changes title, body, state or base; labels too, by writers, without any event."""
    issue = ask.issue(pull=True)
    pull = pull_of(issue)
    await change(ask, issue)
    edits = ask.flag("allow_maintainer_edit")
    pull.maintainers_edit = pull.maintainers_edit if edits is None else edits
    base = ask.body.get("base")
    if isinstance(base, str) and base != pull.base_ref and (sha := ask.repo.branch(base)):
        pull.base_ref, pull.base_sha = base, sha
        await ask.parts.events.issue(issue, "edited", ask.doer, {"ref": {"from": base}})
    if isinstance(ask.body.get("labels"), list) and ask.level >= Level.WRITE:
        _silently(ask, issue)
    return answer(await shape(ask, issue), 201)


def _silently(ask: Ask, issue: Issue) -> None:
    wanted = chosen_labels(ask.repo, ask.body["labels"])
    for label in [*issue.labels, *wanted]:
        if (label in issue.labels) != (label in wanted):
            ask.forge.record(issue, "label", ask.doer, body="1" if label in wanted else "", label=label)
    issue.labels = wanted


@ROUTES.add("GET", ONE + ".{form:diff|patch}")
async def as_text(ask: Ask) -> web.Response:
    """The change as a unified diff or as mails."""
    issue = ask.issue(pull=True)
    if ask.part("form") == "diff":
        text = await ask.parts.diffs.text(issue)
    else:
        pull = pull_of(issue)
        span = f"{(await ask.parts.diffs.facts(issue)).merge_base}..{pull.head_sha}"
        text = await ask.parts.git.run(ask.repo.path, "format-patch", "--stdout", span)
    return web.Response(body=text, headers={"Content-Type": "text/plain; charset=utf-8"})


@ROUTES.add("GET", ONE + "/commits")
async def commits(ask: Ask) -> web.Response:
    """The commits of a pull request, newest first."""
    issue, page, query = ask.issue(pull=True), Page.of(ask.request), ask.request.query
    facts = await ask.parts.diffs.facts(issue)
    found = await ask.parts.commits.select(ask.repo, f"{facts.merge_base}..{pull_of(issue).head_sha}")
    shown, files = list(page.cut(found)), query.get("files") != "false"
    if files:
        await ask.parts.commits.files(ask.repo, shown)
    verified = query.get("verification") != "false"
    shapes = [ask.parts.commits.api(ask.repo, one, verification=verified, files=files) for one in shown]
    return answer(shapes, headers=page.described(ask, len(found)))


@ROUTES.add("GET", ONE + "/files")
async def files(ask: Ask) -> web.Response:
    """The changed files of a pull request, without their text."""
    issue, page = ask.issue(pull=True), Page.of(ask.request)
    found = (await ask.parts.diffs.facts(issue)).files
    sha = pull_of(issue).head_sha
    shapes = [_file(ask, file, sha) for file in page.cut(found)]
    return answer(shapes, headers=page.described(ask, len(found)))


def _file(ask: Ask, file: ChangedFile, sha: str) -> Json:
    page, path = f"{ask.forge.url}/{ask.repo.full_name}", quote(file.path)
    value: Json = {"filename": file.path, "status": file.status}
    if file.previous:
        value["previous_filename"] = file.previous
    return value | {
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "html_url": f"{page}/src/commit/{sha}/{path}",
        "contents_url": f"{ask.forge.url}/api/v1/repos/{ask.repo.full_name}/contents/{path}?ref={sha}",
        "raw_url": f"{page}/raw/commit/{sha}/{path}",
    }


@ROUTES.add("GET", ONE + "/reviews")
async def reviews(ask: Ask) -> web.Response:
    """The reviews of a pull request, oldest first."""
    issue = ask.issue(pull=True)
    return listed([ask.parts.shapes.review(issue, one, ask.viewer) for one in issue.reviews], len(issue.reviews))


@ROUTES.add("POST", ONE + "/reviews")
async def review(ask: Ask) -> web.Response:
    """Submits a review; an unknown event makes one that stays pending. A reader may, which isn't official."""
    issue, event, body = ask.issue(pull=True), ask.text("event"), ask.text("body")
    given = ask.body.get("comments")
    inline = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    if issue.user is ask.viewer and event in ("APPROVED", "REQUEST_CHANGES"):
        raise Refusal(422, f"{'approve' if event == 'APPROVED' else 'reject'} your own pull is not allowed")
    if event == "COMMENT" and not body and not inline:
        raise Refusal(422, "review event COMMENT requires a body or a comment")
    state = event if event in REVIEW_EVENTS else "PENDING"
    official = ask.level >= Level.WRITE and state in ("APPROVED", "REQUEST_CHANGES")
    one = _pending(ask, issue) or Review(ask.forge.next_id("review"), ask.doer, ask.forge.now())
    one.state, one.body, one.official = state, body, official
    one.commit_id = ask.text("commit_id") or pull_of(issue).head_sha
    one.inline = [
        (
            ask.forge.next_id("comment"),
            str(comment.get("path", "")),
            str(comment.get("body", "")),
            int(comment.get("new_position") or 0),
        )
        for comment in inline
    ]
    if one not in issue.reviews:
        one.entry_id = ask.forge.record(issue, "review", ask.doer, body=body, review_id=one.id).id
        issue.reviews.append(one)
    if state in REVIEW_EVENTS:
        await ask.parts.events.review(issue, REVIEW_EVENTS[state], body, ask.doer)
    return answer(ask.parts.shapes.review(issue, one, ask.viewer))


def _pending(ask: Ask, issue: Issue) -> Review | None:
    """The review that somebody left pending, which the next one of the same person becomes."""
    return next((one for one in issue.reviews if one.state == "PENDING" and one.user is ask.viewer), None)


@ROUTES.add("GET", ONE + "/reviews/{id:\\d+}/comments")
async def review_comments(ask: Ask) -> web.Response:
    """The comments of a review on lines."""
    issue = ask.issue(pull=True)
    return answer(ask.parts.shapes.review_comments(issue, _review(ask, issue), ask.viewer))


@ROUTES.add("POST", ONE + "/reviews/{id:\\d+}/dismissals")
async def dismiss(ask: Ask) -> web.Response:
    """Takes a decision's weight away, which no event tells."""
    ask.require(Level.ADMIN, "Must be repo admin")
    issue = ask.issue(pull=True)
    found = _review(ask, issue)
    if found.state not in ("APPROVED", "REQUEST_CHANGES"):
        raise Refusal(403, "not need to dismiss this review because it's type is not Approve or change request")
    found.dismissed = True
    found.official &= ask.forge.server.dismissal_keeps_official
    ask.forge.record(issue, "dismiss_review", ask.doer, body=ask.text("message"), review_id=found.id)
    return answer(ask.parts.shapes.review(issue, found, ask.viewer))


def _review(ask: Ask, issue: Issue) -> Review:
    """The review that the address names. Raises a 404 where there is none."""
    found = next((one for one in issue.reviews if one.id == ask.number("id")), None)
    if found is None:
        raise missing()
    return found
