"""Git over HTTP by git's own `http-backend`, run as a CGI program and streamed both ways.

Junk credentials are refused up front, even where anybody may read; a dry run of a push works for every known user,
since the right to write is only asked when the pack comes. Both are Forgejo's ways.
"""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator

from aiohttp import web

from bot import subprocesses
from bot.sandbox.http.request import Parts, Refusal
from bot.sandbox.http.routing import former, moved, refused, signed_in
from bot.sandbox.people import Level, User
from bot.sandbox.records import Repo

SERVICES = ("git-upload-pack", "git-receive-pack")
CHUNK = 1 << 16
LIMIT_SECONDS = 120.0
WHO = {"WWW-Authenticate": 'Basic realm="Gitea"'}


class GitHttp:
    """The three requests of git's smart protocol."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # the path saves the wrapper process of `git http-backend`
        where = subprocess.run(["git", "--exec-path"], capture_output=True, check=True, text=True)
        self._backend = f"{where.stdout.strip()}/git-http-backend"
        self._capabilities: dict[str, bytes] = {}

    def mount(self, app: web.Application) -> None:
        """Adds the routes, with and without `.git`."""
        for suffix in ("{repo:[^/]+?}.git", "{repo}"):
            app.router.add_get(f"/{{owner}}/{suffix}/info/refs", self.refs)
            app.router.add_post(f"/{{owner}}/{suffix}/{{service:git-(?:upload|receive)-pack}}", self.serve)

    async def refs(self, request: web.Request) -> web.StreamResponse:
        """What a client may fetch or push."""
        service = request.query.get("service", "")
        try:
            repo, user = self._allowed(request, service)
            if service == SERVICES[0] and request.headers.get("Git-Protocol") == "version=2":
                return await self._version_two(request, repo)
        except Refusal as refusal:
            return self._refused(refusal)
        return await self._run(request, repo, user, "info/refs")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The exchange of packs; after a push, what follows from it is done before the answer ends."""
        service = request.match_info["service"]
        try:
            repo, user = self._allowed(request, service)
            if service == SERVICES[0]:
                return await self._run(request, repo, user, service)
            return await self._push(request, repo, user)
        except Refusal as refusal:
            return self._refused(refusal)

    async def _push(self, request: web.Request, repo: Repo, user: User | None) -> web.StreamResponse:
        if user is None or self._parts.forge.level(repo, user) < Level.WRITE or repo.archived:
            raise Refusal(403, "you may not push to this repository")
        async with repo.lock:
            try:
                response = await self._run(request, repo, user, SERVICES[1], end=False)
            finally:
                # references may have moved though the client went away before it heard so
                await self._parts.pushes.settle(repo, user)
        await response.write_eof()
        return response

    def _allowed(self, request: web.Request, service: str) -> tuple[Repo, User | None]:
        forge, info = self._parts.forge, request.match_info
        if service not in SERVICES:
            raise Refusal(403, "only git's smart protocol is served; use a current git")
        user = signed_in(forge, request)
        repo = forge.repo(f"{info['owner']}/{info['repo']}")
        old = former(forge, info["owner"], info["repo"]) if repo is None else None
        if old is not None and forge.level(old, user) >= Level.READ:
            raise moved(request, f"{info['owner']}/{info['repo']}", old.full_name)
        if user is None and (service == SERVICES[1] or repo is None or repo.private):
            raise Refusal(401, "sign in with a token as password")
        if repo is None or forge.level(repo, user) < Level.READ:
            raise Refusal(404, "Repository not found")
        return repo, user

    def _refused(self, refusal: Refusal) -> web.Response:
        response = refused(self._parts.forge, refusal)
        if refusal.status == web.HTTPUnauthorized.status_code:
            response.headers.update(WHO)
        return response

    async def _version_two(self, request: web.Request, repo: Repo) -> web.Response:
        """The capabilities of protocol 2, asked of git once: they name no ref, and one config serves all."""
        if "v2" not in self._capabilities:
            async with self._process(request, repo, None, "info/refs") as process:
                head, _, body = (await process.communicate())[0].partition(b"\r\n\r\n")
            if not body or b"Status:" in head:
                raise Refusal(500, "git could not read the repository")
            self._capabilities["v2"] = body
        kind = "application/x-git-upload-pack-advertisement"
        return web.Response(body=self._capabilities["v2"], headers={"Content-Type": kind, "Cache-Control": "no-cache"})

    async def _run(
        self, request: web.Request, repo: Repo, user: User | None, path: str, *, end: bool = True
    ) -> web.StreamResponse:
        async with self._process(request, repo, user, path) as process, asyncio.timeout(LIMIT_SECONDS):
            feeding = asyncio.create_task(_feed(request, process))
            try:
                response = await _answer(request, process)
            finally:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
        if end:
            await response.write_eof()
        return response

    @contextlib.asynccontextmanager
    async def _process(
        self, request: web.Request, repo: Repo, user: User | None, path: str
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            self._backend,
            env=self._parts.git.environment | self._cgi(request, repo, user, path),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=repo.path,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            await subprocesses.end(process)  # a client that goes away leaves a git that still writes

    def _cgi(self, request: web.Request, repo: Repo, user: User | None, path: str) -> dict[str, str]:
        values = {
            "GIT_PROJECT_ROOT": str(repo.path.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{repo.path.name}/{path}",
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.query_string,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REMOTE_USER": user.login if user else "",
            "REMOTE_ADDR": "127.0.0.1",
        }
        if "Content-Length" in request.headers:
            values["CONTENT_LENGTH"] = request.headers["Content-Length"]
        return {name: value for name, value in values.items() if value}


async def _feed(request: web.Request, process: asyncio.subprocess.Process) -> None:
    stdin = process.stdin
    if stdin is None:
        return
    # the program may answer and leave before it has read all
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        async for chunk in request.content.iter_chunked(CHUNK):
            stdin.write(chunk)
            await stdin.drain()
        stdin.close()


async def _answer(request: web.Request, process: asyncio.subprocess.Process) -> web.StreamResponse:
    """Turns the program's headers into an answer and streams its body; the end is left to the caller."""
    if process.stdout is None:
        raise RuntimeError("the process was started without its output")
    status, headers = 200, {}
    while line := (await process.stdout.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers[name] = value.strip()
    response = web.StreamResponse(status=status, headers=headers)
    await response.prepare(request)
    while chunk := await process.stdout.read(CHUNK):
        await response.write(chunk)
    await process.wait()
    return response
