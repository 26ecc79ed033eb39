"""How an endpoint is declared, and what every API request goes through before its handler.

Junk credentials are refused first, even on what anybody may read; then what may not be seen is hidden; then signing in
and rights are asked for. That is Forgejo's order, and clients come to rely on it.
"""

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.git.repositories import GitError
from bot.sandbox.http.request import Ask, Moved, Parts, Refusal, answer, missing, read_body
from bot.sandbox.people import Level, User
from bot.sandbox.records import Repo
from bot.sandbox.servers import SERVERS, Server
from bot.sandbox.state import Forge

log = logging.getLogger(__name__)

Handler = Callable[[Ask], Awaitable[web.StreamResponse]]
READS = ("GET", "HEAD")
VIEWER: web.RequestKey[User | None] = web.RequestKey("viewer", User)
LACKING = {
    Level.WRITE: "user should have a permission to write to a repo",
    Level.ADMIN: "user should be an owner or a collaborator with admin write of a repository",
}


@dataclass(frozen=True)
class Route:
    """An endpoint: what it needs, what answers it, and which servers have it.

    `frozen` refuses on archived repositories.
    """

    method: str
    path: str
    handler: Handler
    level: Level = Level.READ
    frozen: bool = False
    login: bool = False
    servers: tuple[Server, ...] = SERVERS


class Routes:
    """Collects the endpoints of one module."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def add(  # noqa: PLR0913 - what an endpoint may need
        self,
        method: str,
        path: str,
        level: Level = Level.READ,
        *,
        frozen: bool = False,
        login: bool = False,
        servers: tuple[Server, ...] = SERVERS,
    ) -> Callable[[Handler], Handler]:
        """Declares an endpoint; all but reads need a signed-in user."""

        def keep(handler: Handler) -> Handler:
            self.all.append(Route(method, path, handler, level, frozen, login or method not in READS, servers))
            return handler

        return keep


def mount(app: web.Application, parts: Parts, routes: list[Route]) -> None:
    """Adds the endpoints that the server has to the application, under the API's prefix."""
    for route in routes:
        if parts.forge.server.name in {server.name for server in route.servers}:
            app.router.add_route(route.method, f"/api/v1{route.path}", _bound(route, parts))


def _bound(route: Route, parts: Parts) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await route.handler(await _prepared(route, parts, request))
        except Refusal as refusal:
            return refused(parts.forge, refusal)
        except (GitError, TimeoutError) as error:
            log.warning("%s %s failed: %s", request.method, request.path, error)
            return refused(parts.forge, Refusal(500, ""))

    return handle


async def _prepared(route: Route, parts: Parts, request: web.Request) -> Ask:
    viewer = request.get(VIEWER)
    ask = Ask(parts, request, viewer)
    if "owner" in request.match_info:
        ask.found = visible(parts.forge, request, viewer)
        ask.level = parts.forge.level(ask.found, viewer)
    if route.login and viewer is None:
        raise Refusal(401, "token is required")
    if ask.found and route.frozen and ask.found.archived:
        raise Refusal(423, f"<Repository {ask.found.id}:{ask.found.full_name}> is archived")
    if ask.found and ask.level < route.level:
        raise Refusal(403, LACKING[route.level])
    if request.method not in READS:
        ask.body = await read_body(request)
    return ask


def visible(forge: Forge, request: web.Request, viewer: User | None) -> Repo:
    """The repository of the path. Raises a 404 where it isn't there or the viewer may not know of it.

    Under a name that it no longer has, raises a 301 to the one it has.
    """
    info = request.match_info
    repo = forge.repo(f"{info['owner']}/{info['repo']}")
    if repo is None and (old := former(forge, info["owner"], info["repo"])):
        repo = old
        if forge.level(repo, viewer) >= Level.READ:
            raise moved(request, f"{info['owner']}/{info['repo']}", repo.full_name)
    if repo is None or forge.level(repo, viewer) < Level.READ:
        raise missing()
    return repo


def former(forge: Forge, owner: str, name: str) -> Repo | None:
    """The repository that had this name, or whose owner had this one."""
    renamed = forge.renamed.get(owner.lower())
    return forge.moved.get(f"{owner}/{name}".lower()) or (forge.repo(f"{renamed.login}/{name}") if renamed else None)


def moved(request: web.Request, old: str, new: str) -> Moved:
    """The answer to a request under an old name: the same address with the new one."""
    query = f"?{request.query_string}" if request.query_string else ""
    return Moved(request.rel_url.raw_path.replace(f"/{old}", f"/{new}", 1) + query, read=request.method in READS)


def signed_in(forge: Forge, request: web.Request) -> User | None:
    """Whose token the request carries, None where it carries none. Raises a 401 for a token of nobody."""
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    scheme, _, value = header.partition(" ")
    token = _basic(value) if scheme.lower() == "basic" else value.strip()
    user = forge.tokens.get(token) if scheme.lower() in ("token", "bearer", "basic") else None
    if user is None:
        raise Refusal(401, forge.server.junk.format(token=token))
    return user


def _basic(value: str) -> str:
    """The password; git sends a token there, beside any user name."""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def refused(forge: Forge, refusal: Refusal) -> web.Response:
    """The answer that a refusal becomes."""
    if isinstance(refusal, Moved):
        response = web.Response(status=refusal.status, text=refusal.message, headers={"Location": refusal.location})
        if refusal.message:
            response.content_type = "text/html"
        return response
    if refusal.message is None:
        return web.Response(status=refusal.status)
    value: dict[str, object] = {"message": refusal.message, "url": f"{forge.url}/api/swagger"}
    if refusal.errors is not None:
        value["errors"] = refusal.errors
    return answer(value, refusal.status)
