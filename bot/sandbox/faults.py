"""Misbehaviour on demand: tests and the demo make the sandbox answer 500, HTML, too late, or nothing at all."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from bot.sandbox.http.request import Refusal, missing
from bot.sandbox.http.routing import refused
from bot.sandbox.state import Forge

FaultKind = Literal["500", "502-html", "404", "429", "hang", "close", "cut", "slow", "lost", "late", "stale"]
"""With `lost` the request has its effect and the connection ends without the answer, with `late` the connection ends
first. `cut` sends half of the answer, `stale` the one of the last `seconds`, as a cache does.
"""
COPIED = ("Content-Type", "Link", "X-Total-Count")
"""Headers of an answer that is given again."""


@dataclass
class Fault:
    """Requests whose method and path match get `kind` instead of their answer.

    `method` is a method or `*`; `path` is a regular expression looked for anywhere in the raw path with its query;
    `times` bounds how often the fault happens, None means until it is removed. `seconds` is how long a `slow` answer
    or a `late` effect takes, and what a 429 asks to wait. `user` is the login whose requests are hit, or everybody.
    """

    kind: FaultKind
    path: str = ""
    method: str = "*"
    times: int | None = None
    seconds: float = 1.0
    user: str = ""

    def takes(self, method: str, path: str, user: str = "") -> bool:
        """Whether this request is hit. Counts the hit."""
        if self.times == 0 or self.method not in ("*", method) or self.user not in ("", user):
            return False
        if not re.search(self.path, path):
            return False
        if self.times is not None:
            self.times -= 1
        return True


Answer = Callable[[], Awaitable[web.StreamResponse]]
Kept = tuple[int, dict[str, str], bytes]


class Misbehaviour:
    """Plays faults. While it `remembers`, it keeps the last answer to each read, for those that are to be stale."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._stopping = asyncio.Event()
        self._late: set[asyncio.Task[None]] = set()
        self._kept: dict[str, tuple[float, Kept]] = {}
        self.remembers = False

    def start(self) -> None:
        """Let requests hang from now on."""
        self._stopping.clear()

    def stop(self) -> None:
        """Let go of hanging requests, and of late effects."""
        self._stopping.set()
        for task in self._late:
            task.cancel()

    async def under_way(self) -> None:
        """Return when all late effects have come."""
        await asyncio.gather(*self._late)

    def saw(self, request: web.Request, response: web.StreamResponse) -> None:
        """Keep an answer."""
        if not self.remembers or request.method != "GET" or not isinstance(response, web.Response):
            return
        if not isinstance(response.body, bytes):
            return
        kept = response.status, {name: response.headers[name] for name in COPIED if name in response.headers}
        self._kept[request.path_qs] = asyncio.get_running_loop().time(), (*kept, response.body)

    async def play(self, fault: Fault, request: web.Request, answer: Answer) -> web.StreamResponse:
        """Answer a request as a fault has it."""
        match fault.kind:
            case "hang":
                await self._stopping.wait()
            case "lost":
                await answer()
            case "late":
                await request.read()
                self._keep(self._later(fault.seconds, answer))
            case "slow":
                await asyncio.sleep(fault.seconds)
                return await answer()
            case "cut":
                return await _halved(request, await answer())
            case "stale":
                since, kept = self._kept.get(request.path_qs, (0.0, None))
                if kept is None or asyncio.get_running_loop().time() - since > fault.seconds:
                    return await answer()
                return web.Response(status=kept[0], headers=kept[1], body=kept[2])
        if fault.kind in ("hang", "close", "lost", "late") and request.transport:
            request.transport.abort()
        return self._refusal(fault)

    def _refusal(self, fault: Fault) -> web.StreamResponse:
        if fault.kind == "502-html":
            return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
        if fault.kind == "429":
            return web.Response(status=429, headers={"Retry-After": f"{fault.seconds:.0f}"}, text="too many requests")
        return refused(self._forge, missing() if fault.kind == "404" else Refusal(500, ""))

    async def _later(self, seconds: float, answer: Answer) -> None:
        await asyncio.sleep(seconds)
        await answer()

    def _keep(self, late: Awaitable[None]) -> None:
        task = asyncio.ensure_future(late)
        self._late.add(task)
        task.add_done_callback(self._late.discard)


async def _halved(request: web.Request, whole: web.StreamResponse) -> web.StreamResponse:
    """Half of an answer that announced all of it, and the end of the connection."""
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else b""
    if not body:
        return whole
    headers = {name: whole.headers[name] for name in COPIED if name in whole.headers}
    half = web.StreamResponse(status=whole.status, headers=headers | {"Content-Length": str(len(body))})
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport:
        request.transport.abort()
    return half
