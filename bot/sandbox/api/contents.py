"""Commits, files and trees, read from git; files written through the API become commits."""

import base64
import binascii
from datetime import UTC
from email.utils import format_datetime
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.api.pulls import shape
from bot.sandbox.git.repositories import GitError, NewCommit
from bot.sandbox.http.request import Ask, Page, Refusal, answer, listed, missing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.shapes.accounts import stamp
from bot.sandbox.shapes.fixed import NEVER, Json

ROUTES = Routes()
REPO = "/repos/{owner}/{repo}"
FILE_MODE = "100644"
TREE_SIZE = 1000
KEPT = {"Cache-Control": "private, max-age=300", "Access-Control-Expose-Headers": "Content-Disposition"}


async def _at(ask: Ask, name: str, *kinds: str) -> str:
    """The commit of a ref or id, the default branch's where none is named. Raises a 404 where there is none.

    `kinds` are the kinds of objects that an id may be of; without them it is a commit's.
    """
    name = name or ask.repo.default_branch
    if sha := ask.repo.branch(name):
        return sha
    for kind in kinds or ("commit",):
        if sha := await ask.parts.git.resolve(ask.repo.path, name, kind):
            return sha
    raise missing()


async def _entries(ask: Ask, sha: str, path: str, *, deep: bool = False) -> list[Json]:
    """What stands at a path: the file itself, or the children of a folder that ends in a slash."""
    if "\0" in path or {"..", "."} & set(path.split("/")):
        return []
    flags = ("-r", "-t") if deep else ()
    out = await ask.parts.git.read(
        ask.repo.path,
        "--literal-pathspecs",
        "ls-tree",
        "-z",
        "-l",
        "--full-tree",
        *flags,
        sha,
        *([path] if path else []),
    )
    found = []
    for line in filter(None, out.decode(errors="replace").split("\0")):
        about, name = line.split("\t", 1)
        mode, kind, blob, size = about.split()
        found.append({"path": name, "mode": mode, "type": kind, "size": 0 if size == "-" else int(size), "sha": blob})
    return found


@ROUTES.add("GET", REPO + "/raw/{path:.+}")
async def raw(ask: Ask) -> web.Response:
    """A file's bytes; the ETag is the blob's id."""
    sha = await _at(ask, ask.request.query.get("ref", ""))
    entries = await _entries(ask, sha, ask.part("path"))
    if not entries or entries[0]["type"] != "blob":
        raise missing()
    tag = f'"{entries[0]["sha"]}"'
    about = {"ETag": tag}
    if not ask.forge.server.gitea:
        about |= {"X-Forgejo-Object-Type": "file", "X-Gitea-Object-Type": "file"}
    last = (await ask.parts.commits.select(ask.repo, "-n", "1", sha, "--", ask.part("path")))[0]
    about["Last-Modified"] = format_datetime(last.committer[2].astimezone(UTC), usegmt=True)
    if ask.request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=about)
    content = await ask.parts.git.read(ask.repo.path, "cat-file", "blob", entries[0]["sha"])
    kind = "application/octet-stream" if b"\0" in content[:1024] else "text/plain; charset=utf-8"
    name = ask.part("path").rpartition("/")[2].replace('"', "")
    shown = f"inline; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"
    return web.Response(body=content, headers=about | KEPT | {"Content-Type": kind, "Content-Disposition": shown})


@ROUTES.add("GET", REPO + "/contents")
@ROUTES.add("GET", REPO + "/contents/{path:.*}")
async def contents(ask: Ask) -> web.Response:
    """A file with its content in base64, or the list of a folder."""
    ref, path = ask.request.query.get("ref", ""), ask.request.match_info.get("path", "").strip("/")
    sha = await _at(ask, ref)
    found = await _entries(ask, sha, path)
    ref = ref or ask.repo.default_branch
    if path and not found:
        raise Refusal(404, "GetContentsOrList", [f"object does not exist [id: , rel_path: {path}]"])
    if not path or found[0]["type"] == "tree":
        inside = await _entries(ask, sha, f"{path}/" if path else "")
        return answer([await _content(ask, one, ref, whole=False) for one in inside])
    return answer(await _content(ask, found[0], ref, whole=True))


async def _content(ask: Ask, entry: Json, ref: str, *, whole: bool) -> Json:
    last = (await ask.parts.commits.select(ask.repo, "-n", "1", await _at(ask, ref), "--", entry["path"]))[0]
    body = await ask.parts.git.read(ask.repo.path, "cat-file", "blob", entry["sha"]) if whole else b""
    name, path = ask.repo.full_name, quote(entry["path"])
    api, page = f"{ask.forge.url}/api/v1/repos/{name}", f"{ask.forge.url}/{name}"
    links = {
        "url": f"{api}/contents/{path}?ref={quote(ref, safe='')}",
        "html_url": f"{page}/src/branch/{ref}/{path}",
        "git_url": f"{api}/git/{'trees' if entry['type'] == 'tree' else 'blobs'}/{entry['sha']}",
    }
    return {
        "name": entry["path"].rpartition("/")[2],
        "path": entry["path"],
        "sha": entry["sha"],
        "last_commit_sha": last.sha,
        "last_commit_when": stamp(last.committer[2]),
        "type": {"tree": "dir", "commit": "submodule"}.get(entry["type"], "file"),
        "size": entry["size"],
        "encoding": "base64" if whole else None,
        "content": base64.b64encode(body).decode() if whole else None,
        "target": None,
        **links,
        "download_url": f"{page}/raw/branch/{ref}/{path}",
        "submodule_git_url": None,
        "_links": {"self": links["url"], "git": links["git_url"], "html": links["html_url"]},
    }


@ROUTES.add("POST", REPO + "/contents/{path:.+}", frozen=True)
@ROUTES.add("PUT", REPO + "/contents/{path:.+}", frozen=True)
async def write(ask: Ask) -> web.Response:
    """Creates (POST) or changes (PUT) a file by a commit, on a new branch where one is named."""
    ask.require(Level.WRITE, "user should have a permission to write to this branch")
    path, branch = ask.part("path"), ask.text("branch") or ask.repo.default_branch
    async with ask.repo.lock:
        parent = ask.repo.branch(branch)
        if parent is None:
            raise missing(f"branch does not exist [name: {branch}]")
        await _check(ask, parent, path)
        target = ask.text("new_branch") or branch
        who = (ask.doer.login, ask.doer.email, ask.forge.now())
        message = (ask.text("message") or f"Update {path}").rstrip("\n") + "\n"
        new = NewCommit(target, parent, who, message, {path: _decoded(ask)})
        try:
            sha = await ask.parts.git.commit(ask.repo.path, new)
        except GitError as error:
            raise Refusal(422, f"the file or the branch has a name that git refuses: {error}") from error
        await ask.parts.pushes.settle(ask.repo, ask.doer)
    content = await _content(ask, (await _entries(ask, sha, path))[0], target, whole=True)
    commit = ask.parts.commits.api(ask.repo, await ask.parts.commits.one(ask.repo, sha), files=False)
    return answer(
        {"content": content, "commit": _file_commit(commit), "verification": commit["commit"]["verification"]}, 201
    )


async def _check(ask: Ask, parent: str, path: str) -> None:
    if {"", ".", "..", ".git"} & set(path.lower().split("/")):
        raise Refusal(422, f"path contains a malformed path component [path: {path}]")
    found = await _entries(ask, parent, path)
    if ask.request.method == "POST" and found:
        raise Refusal(422, f"repository file already exists [path: {path}]")
    if ask.request.method == "PUT" and found and ask.text("sha") != found[0]["sha"]:
        raise Refusal(
            ask.forge.server.stale_file, f"sha does not match [given: {ask.text('sha')}, expected: {found[0]['sha']}]"
        )


def _decoded(ask: Ask) -> bytes:
    try:
        return base64.b64decode(ask.text("content"), validate=True)
    except binascii.Error as error:
        raise Refusal(422, "content is not base64") from error


def _file_commit(commit: Json) -> Json:
    """A commit as writing a file tells it, which is without its time."""
    inner = commit["commit"]
    kept = {key: commit[key] for key in ("url", "sha", "html_url", "parents")} | {"created": NEVER}
    told = {key: inner[key] for key in ("author", "committer", "message")}
    return kept | told | {"tree": inner["tree"] | {"created": NEVER}}


@ROUTES.add("GET", REPO + "/git/trees/{sha}")
async def tree(ask: Ask) -> web.Response:
    """A tree, with all that is below it when `recursive` is asked for."""
    sha = await _at(ask, ask.part("sha"), "commit", "tree")
    deep = ask.request.query.get("recursive", "") in ("true", "1")
    found = await _entries(ask, sha, "", deep=deep)
    git = f"{ask.forge.url}/api/v1/repos/{ask.repo.full_name}/git"
    for entry in found:
        entry["url"] = f"{git}/{'trees' if entry['type'] == 'tree' else 'blobs'}/{entry['sha']}"
    page = Page.of(ask.request, size=TREE_SIZE, limit="per_page")
    shown = page.cut(found)
    value = {"sha": sha, "url": f"{git}/trees/{sha}", "tree": shown, "truncated": page.number * page.size < len(found)}
    return listed(value | {"page": page.number, "total_count": len(found)}, len(found))


@ROUTES.add("GET", REPO + "/git/commits/{sha}")
async def commit(ask: Ask) -> web.Response:
    """One commit."""
    one = await ask.parts.commits.one(ask.repo, await _at(ask, ask.part("sha")))
    await ask.parts.commits.files(ask.repo, [one])
    return answer(ask.parts.commits.api(ask.repo, one))


@ROUTES.add("GET", REPO + "/commits")
async def commits(ask: Ask) -> web.Response:
    """The history of a ref, or of one path in it."""
    query, page = ask.request.query, Page.of(ask.request)
    path = query.get("path", "").replace("\0", "")
    sha = await _at(ask, query.get("sha", ""))
    found = await ask.parts.commits.select(ask.repo, sha, *(("--", f":(literal){path}") if path else ()))
    shown, files = list(page.cut(found)), query.get("files") != "false"
    if files:
        await ask.parts.commits.files(ask.repo, shown)
    shapes = [ask.parts.commits.api(ask.repo, one, files=files) for one in shown]
    if query.get("stat") == "false":
        shapes = [one | {"stats": None} for one in shapes]
    headers = page.described(ask, len(found), also="" if ask.forge.server.gitea else "X-Total, ")
    return answer(shapes, headers=headers)


@ROUTES.add("GET", REPO + "/commits/{sha}/pull")
async def pull_of_commit(ask: Ask) -> web.Response:
    """The pull request that a commit was merged by."""
    for issue in ask.repo.pulls():
        if issue.pull and issue.pull.merge_commit == ask.part("sha"):
            return answer(await shape(ask, issue))
    raise missing()
