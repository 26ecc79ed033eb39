"""A model's endpoint on a real socket that answers as its script says, and remembers what it was asked.

It speaks the part of the OpenAI interface that Ollama and most other servers share. What the script doesn't foresee is
answered with 418, and a script that wasn't played to its end fails the test.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web

Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Asked(NamedTuple):
    """A request that arrived."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    def said(self, role: str) -> list[str]:
        """The texts of one role, in order."""
        return [message["content"] for message in self.body["messages"] if message["role"] == role]


class ModelServer:
    """Answers in the order of its script; `url` ends without a path."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.let_go = asyncio.Event()
        """Set when a client has hung up on a request that it waited for."""
        self._script: deque[Step] = deque()
        self._came = asyncio.Condition()

    async def seen(self, count: int, seconds: float = 20.0) -> None:
        """Returns once so many requests have arrived."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(self.asked) >= count)

    def says(
        self, content: str | None, *, finish: str = "stop", refusal: str | None = None, tokens: int | None = 20
    ) -> None:
        """Answers with what a model wrote; without `tokens` the server doesn't count them."""
        message = {"role": "assistant", "content": content, "refusal": refusal}
        whole: dict[str, Any] = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted"}
        whole["choices"] = [{"index": 0, "message": message, "finish_reason": finish}]
        if tokens is not None:
            whole["usage"] = {"prompt_tokens": 50, "completion_tokens": tokens, "total_tokens": 50 + tokens}
        self.replies(json.dumps(whole))

    def replies(self, body: str | bytes = "", *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answers with just this."""
        told = {"Content-Type": "application/json"} | dict(headers or {})

        async def step(_request: web.Request) -> web.Response:
            return web.Response(status=status, body=body.encode() if isinstance(body, str) else body, headers=told)

        self._script.append(step)

    def hangs(self) -> None:
        """Doesn't answer for as long as the client waits."""

        async def step(_request: web.Request) -> web.Response:
            try:
                await asyncio.Event().wait()
            finally:
                self.let_go.set()
            raise web.HTTPInternalServerError

        self._script.append(step)

    def holds_back(self, event: asyncio.Event) -> None:
        """Lets the newest step of the script wait until something has happened."""
        answer = self._script.pop()

        async def step(request: web.Request) -> web.StreamResponse:
            await event.wait()
            return await answer(request)

        self._script.append(step)

    def goes_on(self, piece: bytes) -> None:
        """Sends the same piece without an end, until the client hangs up."""

        async def step(request: web.Request) -> web.StreamResponse:
            answer = web.StreamResponse(headers={"Content-Type": "application/json"})
            await answer.prepare(request)
            try:
                while True:
                    await answer.write(piece)
                    await asyncio.sleep(0)  # the client lives in the same loop and wants its turn
            finally:
                self.let_go.set()

        self._script.append(step)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        arrived = Asked(request.path, dict(request.headers), await request.json())
        async with self._came:
            self.asked.append(arrived)
            self._came.notify_all()
        return await self._script.popleft()(request) if self._script else web.Response(status=418)


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """A server that listens on a free port of 127.0.0.1."""
    server = ModelServer()
    app = web.Application()
    app.router.add_post("/{path:.*}", server._handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
    assert not server._script, "the script wasn't played to its end"
