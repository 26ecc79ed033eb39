"""Merging pull requests in bare repositories, and the branch protections that stand against it."""

from fnmatch import fnmatchcase

from aiohttp import web

from bot.sandbox.api.pulls import ONE, pull_of
from bot.sandbox.git.repositories import GitError
from bot.sandbox.http.request import Ask, Parts, Refusal, answer, missing, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.records import Issue, Merging, Repo, Status
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
    """Merges, schedules the merge for when the required statuses are there, or answers 405 with the reason why not."""
    issue, style = ask.issue(pull=True), ask.text("Do", needed=True)
    async with ask.repo.lock:
        waits = ask.flag("merge_when_checks_succeed") and not _ready(issue)
        await _check(ask, issue, ready=bool(waits))
        if style not in STYLES:
            raise Refusal(422, f"the sandbox merges by {', '.join(STYLES)} only; use one of these as Do")
        wanted = Merging(
            ask.doer, style, ask.text("MergeTitleField"), ask.text("MergeMessageField"),
            delete=bool(ask.flag("delete_branch_after_merge")),
        )  # fmt: skip
        if waits:
            pull_of(issue).scheduled = wanted
            ask.forge.record(issue, "pull_scheduled_merge", ask.doer)
            return nothing(201)
        await merge_now(ask.parts, issue, wanted)
    return nothing(200)


@ROUTES.add("DELETE", ONE + "/merge", Level.WRITE, frozen=True)
async def cancel(ask: Ask) -> web.Response:
    """Cancels a scheduled merge."""
    issue = ask.issue(pull=True)
    if pull_of(issue).scheduled is None:
        raise missing()
    pull_of(issue).scheduled = None
    ask.forge.record(issue, "pull_cancel_scheduled_merge", ask.doer)
    return nothing()


async def merge_scheduled(parts: Parts, repo: Repo, sha: str) -> None:
    """Merges what was scheduled and became ready by a status of a commit, as the account that scheduled it.

    As on Forgejo a schedule stays over a push: nobody asks whether its account knows the head.
    """
    for issue in list(repo.pulls()):
        pull = pull_of(issue)
        if pull.scheduled is None or issue.closed or pull.head_sha != sha or issue.draft:
            continue
        async with repo.lock:
            if _ready(issue) and (await parts.diffs.facts(issue)).mergeable:
                wanted, pull.scheduled = pull.scheduled, None
                await merge_now(parts, issue, wanted)


def _ready(issue: Issue) -> bool:
    pull = pull_of(issue)
    return _allowed(required(issue.repo, pull.base_ref), issue.repo.statuses.get(pull.head_sha, []))


async def _check(ask: Ask, issue: Issue, *, ready: bool) -> None:
    pull = pull_of(issue)
    if pull.merged_at or issue.closed:
        raise Refusal(405, "")
    if ask.level < Level.WRITE or not _may_merge(ask, ask.repo.protections.get(pull.base_ref, {})):
        raise Refusal(405, "User not allowed to merge PR")
    if issue.draft:
        raise Refusal(405, "Work in progress PRs cannot be merged")
    forced = ask.flag("force_merge") and ask.level >= Level.ADMIN
    if not forced and not ready and not _ready(issue):
        raise Refusal(405, "not allowed to merge [reason: Not all required status checks successful]")
    if ask.text("head_commit_id") not in ("", pull.head_sha):
        raise Refusal(409, "head out of date")
    if not (await ask.parts.diffs.facts(issue)).mergeable:
        raise Refusal(405, "Please try again later")


def _may_merge(ask: Ask, rule: Json) -> bool:
    """Whether a protection's whitelist has who asks; without one everybody who may write merges."""
    return not rule.get("enable_merge_whitelist") or ask.doer.login in rule["merge_whitelist_usernames"]


def required(repo: Repo, branch: str) -> set[str]:
    """The status contexts that a branch's protection demands."""
    rule = repo.protections.get(branch, {})
    return set(rule["status_check_contexts"]) if rule.get("enable_status_check") else set()


def _allowed(patterns: set[str], rows: list[Status]) -> bool:
    """Whether each demanded context is there and none of them blocks; a word that is no state blocks nothing."""
    newest = {row.context: row.state for row in rows}
    found = [[state for context, state in newest.items() if fnmatchcase(context, one)] for one in patterns]
    return all(states and not BLOCKING & set(states) for states in found)


async def merge_now(parts: Parts, issue: Issue, wanted: Merging) -> None:
    """Merges a pull request, with all that follows. The caller holds the repository's lock."""
    repo, pull, pushes, forge = issue.repo, pull_of(issue), parts.pushes, parts.forge
    base = repo.branch(pull.base_ref) or pull.base_sha
    pull.merge_base = (await parts.diffs.facts(issue)).merge_base
    span = await parts.commits.select(repo, f"{pull.merge_base}..{pull.head_sha}")
    sha = await _commit(parts, issue, base, wanted)
    await parts.git.run(repo.path, "update-ref", f"refs/heads/{pull.base_ref}", sha, base)
    changes = await pushes.read(repo)
    pull.merged_at = issue.closed = issue.updated = forge.now()
    pull.merged_by, pull.merge_commit, pull.base_sha = wanted.doer, sha, base
    forge.record(issue, "merge_pull", wanted.doer, ref_commit_sha=sha)
    await parts.events.issue(issue, "closed", wanted.doer)
    await pushes.tell(repo, changes, wanted.doer)
    words = "\n".join([issue.title, issue.body, *(commit.message for commit in span)])
    await pushes.close_named(repo, words, wanted.doer)
    if wanted.delete and pull.head_repo is repo:
        await parts.git.run(repo.path, "update-ref", "-d", f"refs/heads/{pull.head_ref}")
        await pushes.settle(repo, wanted.doer)


async def _commit(parts: Parts, issue: Issue, base: str, wanted: Merging) -> str:
    """Makes the commit that the base branch moves to. Raises a 405 where only a real merge would do."""
    git, repo, pull = parts.git, issue.repo, pull_of(issue)
    if wanted.style == "fast-forward-only":
        if pull.merge_base != base:
            raise Refusal(405, "not allowed to merge [reason: the head branch is behind the base branch]")
        return pull.head_sha
    try:
        tree = await git.merge_tree(repo.path, base, pull.head_sha)
    except GitError:
        tree = None
    if tree is None:
        raise Refusal(405, "Please try again later")
    parents = (base,) if wanted.style == "squash" else (base, pull.head_sha)
    who = (wanted.doer.login, wanted.doer.email, parts.forge.now())
    return await git.join(repo.path, tree, parents, who, _message(issue, wanted))


def _message(issue: Issue, wanted: Merging) -> str:
    pull = pull_of(issue)
    usual = f"Merge pull request '{issue.title}' (#{issue.number}) from {pull.head_ref} into {pull.base_ref}"
    title = wanted.title or (f"{issue.title} (#{issue.number})" if wanted.style == "squash" else usual)
    return f"{title}\n\n{wanted.body}\n" if wanted.body else f"{title}\n"


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
