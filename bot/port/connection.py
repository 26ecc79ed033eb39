"""One connection of a port: aiohttp's own, with a time limit for each request's head and with our answers.

aiohttp 3.14 closes a connection that waits for a request for too long, and has no other limit: the port knows of each
connection since when it waits and for what.
"""

import asyncio
from typing import Protocol, cast

import structlog
from aiohttp import web

from bot.port.answers import SERVER, answer, own_answer, raw_answer
from bot.port.limits import PortLimits, site_of

log = structlog.get_logger(__name__)

LINGER_SECONDS = 2.0
"""For the rest of a body that is not read: a sender that still writes would not see the answer otherwise."""
QUEUE = 2
"""Requests of one connection that are parsed ahead; aiohttp's own 32 would let each connection keep megabytes."""


class Keeper(Protocol):
    """What a connection needs of its port."""

    limits: PortLimits

    def admit(self, connection: "Connection") -> bool:
        """Return whether the connection may stay open."""
        ...

    def lost(self, connection: "Connection") -> None:
        """Take note of the end of a connection."""
        ...


class Connection(web.RequestHandler):
    """A connection. `waiting_since` is in seconds of the loop's clock; `site` is its address for the limits."""

    __slots__ = ("_head_began", "_port", "site", "waiting_since")

    def __init__(self, port: Keeper, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        nothing_logged: dict[str, None] = {"access_log": None}
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=port.limits.idle_seconds,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,  # a small body could become a thousand times as large before anybody reads it
            **nothing_logged,  # type: ignore[arg-type] # what AppRunner takes for "no access log", too
        )
        self._max_msg_queue_size, self._msg_queue_resume_size = QUEUE, QUEUE // 2
        self._port = port
        self._head_began = True  # the first head is due at once
        self.site = ""
        self.waiting_since = loop.time()

    @property
    def waiting(self) -> bool:
        """Return whether no request is being handled: its head is awaited, or the peer does not read its answer."""
        return self._current_request is None and (self.writing_paused or not self._messages)

    def overdue(self, now: float) -> bool:
        """Return whether the connection has waited for too long."""
        limits = self._port.limits
        most = limits.head_seconds if self._head_began else limits.idle_seconds
        return self.waiting and now - self.waiting_since > most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or answer 503 and end if there are too many connections."""
        peer = transport.get_extra_info("peername")
        self.site = site_of(peer[0]) if isinstance(peer, tuple) and peer else ""
        if self._port.admit(self):
            super().connection_made(transport)
            return
        cast("asyncio.Transport", transport).write(raw_answer(503))  # uvloop's is not a subclass
        transport.close()
        self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._port.lost(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note when a further head begins."""
        if not self._head_began:
            self._head_began, self.waiting_since = True, self._loop.time()
        super().data_received(data)

    def end(self) -> None:
        """Close the connection; with 408 if a part of a head is there, and at once if its peer reads no answers."""
        transport = self.transport
        if transport is None:
            return
        if transport.get_write_buffer_size():
            transport.abort()
        elif self._head_began:
            transport.write(raw_answer(408))
        self.force_close()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer, ours in place of aiohttp's own."""
        self._head_began, self.waiting_since = False, self._loop.time()
        if isinstance(resp, web.HTTPException):
            resp = own_answer(resp)
            if not request.content.is_eof():
                resp.force_close()
        resp.headers.setdefault("Server", SERVER)
        return await super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's, which quotes the request
    ) -> web.StreamResponse:
        """Return the answer to a request that cannot be parsed, or whose handler failed. Raises ConnectionError."""
        if status >= 500 and exc is not None:  # noqa: PLR2004 - RFC 9110, section 15.6
            log.error("request.failed", kind=type(exc).__name__, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer is already sent")
        told = answer(status)
        told.force_close()
        return told
