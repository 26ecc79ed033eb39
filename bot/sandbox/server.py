"""The sandbox itself: a small Forgejo on loopback, for the demo, the tests and the benchmark.

State changes go through its API and git over HTTP, as on a real server; the methods here stage what has no API
(accounts, tokens, first commits, grants, locks) and let tests watch and disturb.
"""

import asyncio
import ipaddress
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox import (
    api_comments,
    api_contents,
    api_hooks,
    api_issues,
    api_labels,
    api_merge,
    api_pulls,
    api_repos,
    api_statuses,
)
from bot.sandbox.asking import Parts, Refusal, missing
from bot.sandbox.commits import Commits
from bot.sandbox.diffs import Diffs
from bot.sandbox.events import Events
from bot.sandbox.faults import Fault
from bot.sandbox.git import Git, NewCommit
from bot.sandbox.git_http import GitHttp
from bot.sandbox.pages import Pages
from bot.sandbox.pushes import Pushes
from bot.sandbox.render import Shapes
from bot.sandbox.routing import READS, VIEWER, mount, refused, signed_in
from bot.sandbox.state import NAME, Forge, Level, Repo
from bot.sandbox.webhooks import Webhooks

API = "/api/v1/"
BODY_LIMIT = 64 * 1024 * 1024
MODULES = (
    api_repos,
    api_issues,
    api_comments,
    api_labels,
    api_merge,
    api_pulls,
    api_statuses,
    api_contents,
    api_hooks,
)
HEADERS = {
    "Cache-Control": "max-age=0, private, must-revalidate, no-transform",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
README = MappingProxyType({"README.md": "A repository of the sandbox.\n"})


class Call(NamedTuple):
    """An API request that arrived; `user` is None for anonymous and refused callers."""

    method: str
    path: str
    user: str | None


def _now() -> datetime:
    return datetime.now(UTC)


def _new_token() -> str:
    return secrets.token_hex(20)


def _new_uuid() -> str:
    return str(uuid.uuid4())


class Sandbox:
    """A Forgejo stand-in whose objects live under `root`. Clock, tokens and delivery ids come from outside."""

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], datetime] = _now,
        token_factory: Callable[[], str] = _new_token,
        uuid_factory: Callable[[], str] = _new_uuid,
    ) -> None:
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self._new_token = token_factory
        self._hooks = Webhooks(uuid_factory)
        self._forge = Forge(clock)
        self._parts = _assemble(self._forge, Git(root), self._hooks)
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()

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
        # bodies stay compressed: git's backend unpacks them itself
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0][1]
        self._forge.url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        self._stopping.clear()
        self._hooks.start()

    async def stop(self) -> None:
        """Ends at once; hanging requests are let go. State stays, so `start` brings the same server back."""
        self._stopping.set()
        await self._hooks.stop()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def add_user(self, login: str, *, admin: bool = False) -> str:
        """A fresh token of the account, which is made where it isn't there yet."""
        user = self._forge.user(login) or self._forge.add_user(login, admin=admin)
        user.admin = user.admin or admin
        token = self._new_token()
        self._forge.tokens[token] = user
        return token

    def add_org(self, name: str, *, owner: str = "") -> None:
        """An organisation; its owner, where one is named, owns all its repositories."""
        org = self._forge.add_user(name, organisation=True)
        org.owners = {owner.lower()} if owner else set()

    async def add_repo(
        self,
        full_name: str,
        *,
        private: bool = False,
        default_branch: str = "main",
        files: Mapping[str, str | bytes] = README,
    ) -> None:
        """A repository of an existing account, with one commit of `files`."""
        owner_name, _, name = full_name.partition("/")
        owner = self._forge.user(owner_name)
        if owner is None or not NAME.fullmatch(name) or self._forge.repo(full_name):
            raise ValueError(f"cannot make {full_name!r}: add its owner first, and use a name that is free and plain")
        number, now = self._forge.next_id("repo"), self._forge.now()
        path = self._parts.git.repos / f"{number}.git"
        repo = Repo(number, owner, name, path, now, now, private=private, default_branch=default_branch)
        await self._parts.git.create(path, default_branch)
        content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        who = (owner.login, owner.email, now)
        await self._parts.git.commit(path, NewCommit(default_branch, None, who, "First commit\n", content))
        repo.refs = await self._parts.git.refs(path)
        self._forge.repos[repo.full_name.lower()] = repo

    async def commit_files(
        self,
        full_name: str,
        branch: str,
        files: Mapping[str, str | bytes | None],
        *,
        author: str,
        message: str = "Change\n",
    ) -> str:
        """A commit on a branch as if the author had pushed it, with all that follows; None deletes. Gives its id.

        A branch that isn't there starts at the default branch. Raises ValueError for an unknown author.
        """
        repo, user = self._repo(full_name), self._forge.user(author)
        if user is None:
            raise ValueError(f"there is no user {author!r}")
        content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        async with repo.lock:
            parent = repo.branch(branch) or repo.branch(repo.default_branch)
            who = (user.login, user.email, self._forge.now())
            sha = await self._parts.git.commit(repo.path, NewCommit(branch, parent, who, message, content))
            await self._parts.pushes.settle(repo, user)
        return sha

    def grant(self, full_name: str, login: str, level: Literal["none", "read", "write", "admin"]) -> None:
        """Makes somebody a collaborator, or with `none` no longer one."""
        grants = self._repo(full_name).grants
        grants[login.lower()] = Level[level.upper()]
        if level == "none":
            del grants[login.lower()]

    def lock_issue(self, full_name: str, number: int, *, locked: bool = True) -> None:
        """Locks a conversation, for which Forgejo has no API: then only writers comment."""
        issue = self._repo(full_name).issues[number]
        issue.locked = locked
        self._forge.record(issue, "lock" if locked else "unlock", self._repo(full_name).owner)

    def drop_repo(self, full_name: str) -> None:
        """Makes a repository vanish, without any event."""
        del self._forge.repos[self._repo(full_name).full_name.lower()]

    def revoke(self, token: str) -> None:
        """Makes a token junk."""
        self._forge.tokens.pop(token, None)

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

    def _repo(self, full_name: str) -> Repo:
        repo = self._forge.repo(full_name)
        if repo is None:
            raise ValueError(f"there is no repository {full_name!r}")
        return repo

    @web.middleware
    async def _gate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuses foreign hosts, plays faults, counts calls, signs in, and shapes the router's own errors."""
        if not _is_local(request.host):
            return web.Response(status=421, text="the sandbox answers on loopback addresses only")
        for fault in list(self.faults):
            if fault.takes(request.method, request.path_qs):
                return await self._broken(request, fault)
        try:
            if request.path.startswith(API):
                self._count(request)
            response = await handler(request)
        except Refusal as refusal:
            return refused(self._forge, refusal)
        except web.HTTPNotFound:
            return web.Response(status=404, text="404 page not found\n")
        except web.HTTPMethodNotAllowed as error:
            allowed = sorted(set(error.allowed_methods) - {"HEAD"})
            return web.Response(status=405, headers={"Allow": ", ".join(allowed)})
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    def _count(self, request: web.Request) -> None:
        try:
            viewer = signed_in(self._forge, request)
        except Refusal:
            self.calls.append(Call(request.method, request.path, None))
            raise
        request[VIEWER] = viewer
        self.calls.append(Call(request.method, request.path, viewer.login if viewer else None))

    async def _broken(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.kind == "hang":
            await self._stopping.wait()
        if fault.kind in ("hang", "close") and request.transport:
            request.transport.abort()
        if fault.kind == "502-html":
            return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
        return refused(self._forge, missing() if fault.kind == "404" else Refusal(500, ""))


def _assemble(forge: Forge, git: Git, hooks: Webhooks) -> Parts:
    shapes, diffs = Shapes(forge), Diffs(git)
    commits = Commits(forge, git, shapes)
    events = Events(forge, hooks, diffs, commits)
    pushes = Pushes(forge, git, events, commits)
    return Parts(forge, git, diffs, commits, events, hooks, shapes, pushes)


def _is_local(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
