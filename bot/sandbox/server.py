"""The sandbox itself: a small Forgejo on loopback, for the demo, the tests and the benchmark.

State changes go through its API and git over HTTP, as on a real server; what has no API is staged (`staging.py`), and
the methods here let tests watch and disturb.
"""

import asyncio
import ipaddress
import secrets
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.actions import Lifecycle, News, Payloads
from bot.sandbox.api import comments, contents, issues, labels, merge, pulls, repos, statuses
from bot.sandbox.api import hooks as api_hooks
from bot.sandbox.api.actions import MODULES as ACTIONS
from bot.sandbox.events.events import Events
from bot.sandbox.events.pushes import Pushes
from bot.sandbox.events.statuses import Statuses
from bot.sandbox.events.webhooks import Disturb, Webhooks
from bot.sandbox.faults import Fault, Misbehaviour
from bot.sandbox.git.diffs import Diffs
from bot.sandbox.git.repositories import Git
from bot.sandbox.http.git import GitHttp
from bot.sandbox.http.request import Parts, Refusal
from bot.sandbox.http.routing import READS, VIEWER, mount, refused, signed_in
from bot.sandbox.pages.pages import Pages
from bot.sandbox.servers import FORGEJO_16, Server
from bot.sandbox.shapes.commits import Commits
from bot.sandbox.shapes.threads import Shapes
from bot.sandbox.staging import Staging
from bot.sandbox.state import Forge

API = "/api/v1/"
BODY_LIMIT = 64 * 1024 * 1024
MODULES = (
    repos,
    issues,
    comments,
    labels,
    merge,
    pulls,
    statuses,
    contents,
    api_hooks,
    *ACTIONS,
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}


class Call(NamedTuple):
    """An API request that arrived, at a time of the loop; `user` is None for anonymous and refused callers."""

    method: str
    path: str
    user: str | None
    at: float


def _now() -> datetime:
    return datetime.now(UTC)


def _new_token() -> str:
    return secrets.token_hex(20)


def _new_uuid() -> str:
    return str(uuid.uuid4())


class Sandbox(Staging):
    """A stand-in for a server, whose objects live under `root`. Clock, tokens and delivery ids come from outside."""

    def __init__(
        self,
        root: Path,
        *,
        server: Server = FORGEJO_16,
        clock: Callable[[], datetime] = _now,
        token_factory: Callable[[], str] = _new_token,
        uuid_factory: Callable[[], str] = _new_uuid,
    ) -> None:
        self.calls: list[Call] = []
        self.delay = 0.0
        """Seconds that each API request waits before it is handled, as on a distant or busy server."""
        self.faults: list[Fault] = []
        self._hooks = Webhooks(server, uuid_factory)
        super().__init__(_assemble(Forge(clock, server), Git(root), self._hooks, uuid_factory), token_factory)
        self._misbehaviour = Misbehaviour(self._forge)
        self._runner: web.AppRunner | None = None

    @property
    def server(self) -> Server:
        """Which server this is."""
        return self._forge.server

    @property
    def url(self) -> str:
        """The address, without a slash at its end. Empty before the start."""
        return self._forge.url

    @property
    def hooks_paused(self) -> bool:
        """While true, deliveries are dropped; they are never made up for."""
        return self._hooks.paused

    @hooks_paused.setter
    def hooks_paused(self, paused: bool) -> None:
        self._hooks.paused = paused

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listens; port 0 takes a free one. Raises ValueError for an address that others could reach."""
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the sandbox has no protection and listens on loopback only, not on {host}")
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[self._gate])
        mount(app, self._parts, [route for module in MODULES for route in module.ROUTES.all])
        GitHttp(self._parts).mount(app)
        Pages(self._parts).mount(app)
        app.on_response_prepare.append(self._dated)
        # bodies stay compressed: git's backend unpacks them itself
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0][1]
        self._forge.url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        self._misbehaviour.start()
        self._hooks.start()

    async def stop(self) -> None:
        """Ends at once; hanging requests are let go. State stays, so `start` brings the same server back."""
        self._misbehaviour.stop()
        await self._hooks.stop()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @property
    def keeps_earlier_answers(self) -> bool:
        """While true, reads can be answered as they were a moment ago: the fault `stale`."""
        return self._misbehaviour.remembers

    @keeps_earlier_answers.setter
    def keeps_earlier_answers(self, keeps: bool) -> None:
        self._misbehaviour.remembers = keeps

    async def late_effects(self) -> None:
        """Return when the requests have had their effect whose connections ended before it."""
        await self._misbehaviour.under_way()

    def disturb_hooks(self, disturb: Disturb | None) -> None:
        """Have each delivery replaced by those that `disturb` gives: none, itself twice, one that was held back."""
        self._hooks.disturb = disturb

    @property
    def acknowledged(self) -> list[str]:
        """The ids of the deliveries that were answered with 2xx."""
        return self._hooks.acknowledged

    def reset_calls(self) -> None:
        """Forgets the requests counted so far."""
        self.calls.clear()

    @property
    def writes(self) -> list[Call]:
        """The counted requests that aren't mere reads."""
        return [call for call in self.calls if call.method not in READS]

    async def hooks_idle(self) -> None:
        """Returns when every queued delivery was sent."""
        await self._hooks.idle()

    @web.middleware
    async def _gate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuses foreign hosts, plays faults, counts calls, signs in, and shapes the router's own errors."""
        if not _is_local(request.host):
            return web.Response(status=421, text="the sandbox answers on loopback addresses only")
        for fault in list(self.faults):
            if fault.takes(request.method, request.path_qs, self._login(request) if fault.user else ""):
                return await self._misbehaviour.play(fault, request, lambda: self._answer(request, handler))
        response = await self._answer(request, handler)
        self._misbehaviour.saw(request, response)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            if not self._unkept(response):
                response.headers.setdefault("Cache-Control", self._forge.server.cache_control)
        return response

    async def _dated(self, request: web.Request, response: web.StreamResponse) -> None:  # noqa: ARG002 - aiohttp's
        """Every answer, also git's, has the time of the sandbox's own clock."""
        response.headers["Date"] = format_datetime(self._forge.now(), usegmt=True)

    def _unkept(self, response: web.StreamResponse) -> bool:
        """Answers that say nothing of caches: to a range that isn't there, and on Gitea to a path that isn't."""
        if response.status == HTTPStatus.NOT_FOUND:
            return self._forge.server.gitea and response.content_type == "text/plain"
        return response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE

    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            if request.path.startswith(API):
                if self.delay:
                    await asyncio.sleep(self.delay)
                self._count(request)
            return await handler(request)
        except Refusal as refusal:
            return refused(self._forge, refusal)
        except web.HTTPNotFound:
            return web.Response(status=404, text="404 page not found\n")
        except web.HTTPMethodNotAllowed as error:
            allowed = sorted(set(error.allowed_methods) - {"HEAD"})
            return web.Response(status=405, headers={"Allow": ", ".join(allowed)})

    def _login(self, request: web.Request) -> str:
        try:
            user = signed_in(self._forge, request)
        except Refusal:
            return ""
        return user.login if user else ""

    def _count(self, request: web.Request) -> None:
        now = asyncio.get_running_loop().time()
        try:
            viewer = signed_in(self._forge, request)
        except Refusal:
            self.calls.append(Call(request.method, request.path, None, now))
            raise
        request[VIEWER] = viewer
        self.calls.append(Call(request.method, request.path, viewer.login if viewer else None, now))


def _assemble(forge: Forge, git: Git, hooks: Webhooks, new_uuid: Callable[[], str]) -> Parts:
    shapes, diffs = Shapes(forge), Diffs(git)
    commits = Commits(forge, git, shapes)
    events = Events(forge, hooks, diffs, commits)
    statuses = Statuses(forge, hooks, commits, shapes)
    return Parts(
        forge=forge,
        git=git,
        diffs=diffs,
        commits=commits,
        events=events,
        hooks=hooks,
        shapes=shapes,
        pushes=Pushes(forge, git, events, commits),
        statuses=statuses,
        lifecycle=Lifecycle(forge, statuses, new_uuid),
        news=News(forge, hooks, statuses, shapes),
        payloads=Payloads(events, commits, shapes),
    )


def _is_local(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
