"""Merging pull requests in bare repositories, and the branch protections that stand against it."""

from fnmatch import fnmatchcase

from aiohttp import web

from bot.sandbox.api.pulls import ONE, pull_of
from bot.sandbox.git.repositories import GitError
from bot.sandbox.http.request import Ask, Refusal, answer, missing, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.records import Issue, Repo, Status
from bot.sandbox.shapes.accounts import stamp
from bot.sandbox.shapes.fixed import PROTECTION, Json

ROUTES = Routes()
PROTECTIONS = "/repos/{owner}/{repo}/branch_protections"
STYLES = ("merge", "squash", "fast-forward-only")
BLOCKING = {"pending", "warning", "failure", "error", ""}


@ROUTES.add("GET", ONE + "/merge")
async def merged(ask: Ask) -> web.Response:
    """Whether a pull request was merged: 204 or 404."""
    if pull_of(ask.issue(pull=True)).merged_at is None:
        raise missing()
    return nothing()


@ROUTES.add("POST", ONE + "/merge", frozen=True)
async def merge(ask: Ask) -> web.Response:
    """Merges, or answers 405 with the reason why not."""
    issue, style = ask.issue(pull=True), ask.text("Do", needed=True)
    async with ask.repo.lock:
        await _check(ask, issue)
        if style not in STYLES:
            raise Refusal(422, f"the sandbox merges by {', '.join(STYLES)} only; use one of these as Do")
        await _merge(ask, issue, style)
    return nothing(200)


async def _check(ask: Ask, issue: Issue) -> None:
    pull = pull_of(issue)
    if pull.merged_at or issue.closed:
        raise Refusal(405, "")
    if ask.level < Level.WRITE:
        raise Refusal(405, "User not allowed to merge PR")
    if issue.draft:
        raise Refusal(405, "Work in progress PRs cannot be merged")
    forced = ask.flag("force_merge") and ask.level >= Level.ADMIN
    if not forced and not _allowed(required(ask.repo, pull.base_ref), ask.repo.statuses.get(pull.head_sha, [])):
        raise Refusal(405, "not allowed to merge [reason: Not all required status checks successful]")
    if ask.text("head_commit_id") not in ("", pull.head_sha):
        raise Refusal(409, "head out of date")
    if not (await ask.parts.diffs.facts(issue)).mergeable:
        raise Refusal(405, "Please try again later")


def required(repo: Repo, branch: str) -> set[str]:
    """The status contexts that a branch's protection demands."""
    rule = repo.protections.get(branch, {})
    return set(rule["status_check_contexts"]) if rule.get("enable_status_check") else set()


def _allowed(patterns: set[str], rows: list[Status]) -> bool:
    """Whether each demanded context is there and none of them blocks; a word that is no state blocks nothing."""
    newest = {row.context: row.state for row in rows}
    found = [[state for context, state in newest.items() if fnmatchcase(context, one)] for one in patterns]
    return all(states and not BLOCKING & set(states) for states in found)


async def _merge(ask: Ask, issue: Issue, style: str) -> None:
    repo, pull, pushes = ask.repo, pull_of(issue), ask.parts.pushes
    base = repo.branch(pull.base_ref) or pull.base_sha
    pull.merge_base = (await ask.parts.diffs.facts(issue)).merge_base
    span = await ask.parts.commits.select(repo, f"{pull.merge_base}..{pull.head_sha}")
    sha = await _commit(ask, issue, base, style)
    await ask.parts.git.run(repo.path, "update-ref", f"refs/heads/{pull.base_ref}", sha, base)
    changes = await pushes.read(repo)
    pull.merged_at = issue.closed = issue.updated = ask.forge.now()
    pull.merged_by, pull.merge_commit, pull.base_sha = ask.doer, sha, base
    ask.forge.record(issue, "merge_pull", ask.doer, ref_commit_sha=sha)
    await ask.parts.events.issue(issue, "closed", ask.doer)
    await pushes.tell(repo, changes, ask.doer)
    words = "\n".join([issue.title, issue.body, *(commit.message for commit in span)])
    await pushes.close_named(repo, words, ask.doer)
    if ask.flag("delete_branch_after_merge") and pull.head_repo is repo:
        await ask.parts.git.run(repo.path, "update-ref", "-d", f"refs/heads/{pull.head_ref}")
        await pushes.settle(repo, ask.doer)


async def _commit(ask: Ask, issue: Issue, base: str, style: str) -> str:
    """Makes the commit that the base branch moves to. Raises a 405 where only a real merge would do."""
    git, repo, pull = ask.parts.git, ask.repo, pull_of(issue)
    if style == "fast-forward-only":
        if pull.merge_base != base:
            raise Refusal(405, "not allowed to merge [reason: the head branch is behind the base branch]")
        return pull.head_sha
    try:
        tree = await git.merge_tree(repo.path, base, pull.head_sha)
    except GitError:
        tree = None
    if tree is None:
        raise Refusal(405, "Please try again later")
    parents = (base,) if style == "squash" else (base, pull.head_sha)
    return await git.join(
        repo.path, tree, parents, (ask.doer.login, ask.doer.email, ask.forge.now()), _message(ask, issue)
    )


def _message(ask: Ask, issue: Issue) -> str:
    pull, body = pull_of(issue), ask.text("MergeMessageField")
    usual = f"Merge pull request '{issue.title}' (#{issue.number}) from {pull.head_ref} into {pull.base_ref}"
    title = ask.text("MergeTitleField") or (f"{issue.title} (#{issue.number})" if ask.text("Do") == "squash" else usual)
    return f"{title}\n\n{body}\n" if body else f"{title}\n"


@ROUTES.add("GET", PROTECTIONS, Level.ADMIN, login=True)
async def protections(ask: Ask) -> web.Response:
    """The rules of all protected branches."""
    return answer(list(ask.repo.protections.values()))


@ROUTES.add("POST", PROTECTIONS, Level.ADMIN)
async def protect(ask: Ask) -> web.Response:
    """Protects a branch."""
    name = ask.text("rule_name") or ask.text("branch_name")
    if not name:
        raise Refusal(422, "both rule_name and branch_name are empty")
    if name in ask.repo.protections:
        raise Refusal(403, "Branch protection already exist")
    now = stamp(ask.forge.now())
    rule = PROTECTION | {"branch_name": name, "rule_name": name, "created_at": now, "updated_at": now}
    ask.repo.protections[name] = rule | _known(ask.body)
    return answer(ask.repo.protections[name], 201)


def _known(body: Json) -> Json:
    return {key: value for key, value in body.items() if key in PROTECTION and type(value) is type(PROTECTION[key])}


@ROUTES.add("GET", PROTECTIONS + "/{name}", Level.ADMIN, login=True)
@ROUTES.add("PATCH", PROTECTIONS + "/{name}", Level.ADMIN)
@ROUTES.add("DELETE", PROTECTIONS + "/{name}", Level.ADMIN)
async def protection(ask: Ask) -> web.Response:
    """Reads, changes or removes one rule."""
    name = ask.part("name")
    if name not in ask.repo.protections:
        raise missing()
    if ask.request.method == "DELETE":
        del ask.repo.protections[name]
        return nothing()
    ask.repo.protections[name] |= _known(ask.body)
    return answer(ask.repo.protections[name])
