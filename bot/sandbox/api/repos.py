"""The server, users, repositories, forks, branches, collaborators; the renderer of Markdown."""

from aiohttp import web

from bot.sandbox.api.merge import required
from bot.sandbox.http.request import Ask, Page, Refusal, answer, listed, missing, nothing
from bot.sandbox.http.routing import Routes, moved
from bot.sandbox.pages.markdown import to_html
from bot.sandbox.people import Level
from bot.sandbox.records import Repo
from bot.sandbox.shapes.fixed import Json
from bot.sandbox.state import rename

ROUTES = Routes()
REPO = "/repos/{owner}/{repo}"
LIMITS = {
    "max_response_items": 50,
    "default_paging_num": 30,
    "default_git_trees_per_page": 1000,
    "default_max_blob_size": 10485760,
}
ASKING_ABOUT_OTHERS = (
    "Only admins can query all permissions, repo admins can query all repo permissions, "
    "collaborators can query only their own"
)


@ROUTES.add("GET", "/version")
async def version(ask: Ask) -> web.Response:
    """The version of the server that the sandbox is."""
    return answer({"version": ask.forge.server.version})


@ROUTES.add("GET", "/settings/api")
async def limits(_ask: Ask) -> web.Response:
    """The paging limits."""
    return answer(LIMITS)


@ROUTES.add("GET", "/user", login=True)
async def myself(ask: Ask) -> web.Response:
    """Who the token belongs to."""
    return answer(ask.parts.shapes.user(ask.doer, ask.viewer))


@ROUTES.add("GET", "/users/{name}")
async def user(ask: Ask) -> web.Response:
    """Another account; under a name that it no longer has, the address of the one it has."""
    found = ask.forge.user(ask.part("name"))
    if found is None and (renamed := ask.forge.renamed.get(ask.part("name").lower())):
        raise moved(ask.request, ask.part("name"), renamed.login)
    if found is None:
        raise Refusal(404, f"user redirect does not exist [name: {ask.part('name')}]")
    return answer(ask.parts.shapes.user(found, ask.viewer))


@ROUTES.add("POST", "/markdown")
async def markdown(ask: Ask) -> web.Response:
    """Markdown as HTML, the way comments are shown."""
    return web.Response(text=to_html(ask.text("Text")), content_type="text/html", charset="utf-8")


@ROUTES.add("GET", REPO)
async def read(ask: Ask) -> web.Response:
    """A repository, with the asker's own permissions."""
    return answer(ask.parts.shapes.repo(ask.repo, ask.level, anonymous=ask.viewer is None))


@ROUTES.add("GET", "/repositories/{id}")
async def by_id(ask: Ask) -> web.Response:
    """A repository by its id, whatever its name is by now."""
    found = next((repo for repo in ask.forge.repos.values() if repo.id == ask.number("id")), None)
    if found is None or ask.forge.level(found, ask.viewer) < Level.READ:
        raise missing()
    level = ask.forge.level(found, ask.viewer)
    return answer(ask.parts.shapes.repo(found, level, anonymous=ask.viewer is None))


@ROUTES.add("PATCH", REPO, Level.ADMIN)
async def edit(ask: Ask) -> web.Response:
    """Renames, archives, hides, describes, turns Actions off, or names another default branch."""
    repo = ask.repo
    if ask.text("name") not in ("", repo.name):
        try:
            rename(ask.forge, repo, ask.text("name"))
        except ValueError as error:
            raise Refusal(422, str(error)) from error
    for name in ("archived", "private", "has_actions"):
        setattr(repo, name, getattr(repo, name) if ask.flag(name) is None else ask.flag(name))
    if isinstance(ask.body.get("description"), str):
        repo.description = ask.text("description") if ask.body["description"] else ""
    repo.detects_manual_merges = bool(ask.body.get("autodetect_manual_merge", repo.detects_manual_merges))
    branch = ask.text("default_branch")
    if branch and repo.branch(branch):
        repo.default_branch = branch
        await ask.parts.git.run(repo.path, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    repo.updated = ask.forge.now()
    return answer(ask.parts.shapes.repo(repo, ask.level))


@ROUTES.add("POST", REPO + "/forks")
async def fork(ask: Ask) -> web.Response:
    """Copies the repository to the asker's account."""
    parent, name = ask.repo, ask.text("name") or ask.repo.name
    if ask.forge.repo(f"{ask.doer.login}/{name}"):
        raise Refusal(409, "The repository with the same name already exists.")
    number, now = ask.forge.next_id("repo"), ask.forge.now()
    path = ask.parts.git.repos / f"{number}.git"
    copy = Repo(number, ask.doer, name, path, now, now, parent=parent, private=parent.private)
    copy.default_branch, copy.description = parent.default_branch, parent.description
    copy.object_format = parent.object_format
    await ask.parts.git.run(path, "clone", "--quiet", "--bare", str(parent.path), str(path))
    copy.refs = await ask.parts.git.refs(path)
    ask.forge.keep(copy)
    ask.parts.events.fork(parent, copy, ask.doer)
    return answer(ask.parts.shapes.repo(copy, Level.OWNER), 202)


@ROUTES.add("GET", REPO + "/branches")
async def branches(ask: Ask) -> web.Response:
    """The branches, by name."""
    page = Page.of(ask.request)
    names = sorted(name.removeprefix("refs/heads/") for name in ask.repo.refs if name.startswith("refs/heads/"))
    return answer([await _branch(ask, name) for name in page.cut(names)], headers=page.links(ask, len(names)))


@ROUTES.add("GET", REPO + "/branches/{branch:.+}")
async def branch(ask: Ask) -> web.Response:
    """A branch with its head and, for anybody who reads, the status contexts it demands."""
    return answer(await _branch(ask, ask.part("branch")))


async def _branch(ask: Ask, name: str) -> Json:
    sha = ask.repo.branch(name)
    if sha is None:
        raise missing(f"branch does not exist [name: {name}]")
    rule = ask.repo.protections.get(name)
    commit = await ask.parts.commits.one(ask.repo, sha)
    writes = ask.level >= Level.WRITE
    return {
        "name": name,
        "commit": ask.parts.commits.payload(ask.repo, commit, files=False),
        "protected": rule is not None,
        "required_approvals": rule["required_approvals"] if rule else 0,
        "enable_status_check": bool(rule and rule["enable_status_check"]),
        "status_check_contexts": sorted(required(ask.repo, name)),
        "user_can_push": writes and (rule is None or rule["enable_push"]),
        "user_can_merge": writes,
        "effective_branch_protection_name": name if rule and ask.level >= Level.ADMIN else "",
    }


@ROUTES.add("DELETE", REPO + "/branches/{branch:.+}", Level.WRITE, frozen=True)
async def delete_branch(ask: Ask) -> web.Response:
    """Removes a branch, which closes the pull requests from it."""
    name, repo = ask.part("branch"), ask.repo
    if repo.branch(name) is None:
        raise missing(f"branch does not exist [name: {name}]")
    if name == repo.default_branch or name in repo.protections:
        raise Refusal(403, "branch protected")
    async with repo.lock:
        await ask.parts.git.run(repo.path, "update-ref", "-d", f"refs/heads/{name}")
        await ask.parts.pushes.settle(repo, ask.doer)
    return nothing()


@ROUTES.add("GET", REPO + "/collaborators", login=True)
async def collaborators(ask: Ask) -> web.Response:
    """Those with a direct grant; owners are not among them."""
    found = [account for login in ask.repo.grants if (account := ask.forge.user(login))]
    return listed([ask.parts.shapes.user(one, ask.viewer) for one in found], len(found))


@ROUTES.add("GET", REPO + "/collaborators/{name}", login=True)
async def collaborator(ask: Ask) -> web.Response:
    """Whether somebody has a direct grant: 204 or 404; 422 for nobody."""
    name = ask.part("name")
    if ask.forge.user(name) is None:
        raise Refusal(422, f"user does not exist [uid: 0, name: {name}]")
    if name.lower() not in ask.repo.grants:
        raise missing()
    return nothing()


@ROUTES.add("GET", REPO + "/collaborators/{name}/permission", login=True)
async def permission(ask: Ask) -> web.Response:
    """What somebody may do: repository admins may ask about all, others about themselves."""
    account = ask.forge.user(ask.part("name"))
    if account is None:
        raise Refusal(404, f"user does not exist [uid: 0, name: {ask.part('name')}]")
    if account is not ask.viewer:
        ask.require(Level.ADMIN, ASKING_ABOUT_OTHERS)
    word = ask.forge.level(ask.repo, account).name.lower()
    shape = ask.parts.shapes.user(account, address=account.email)
    return answer({"permission": word, "role_name": word, "user": shape})
