"""What is known of the server: asked at the start, and again hourly and after a fault, since it may have changed."""

import time
from collections.abc import Callable

import structlog

from bot.forgejo import endpoints
from bot.forgejo.abc import ForgejoAPI
from bot.forgejo.capabilities import Server, server_of
from bot.forgejo.errors import ForgejoError

log = structlog.get_logger(__name__)

AGAIN = 3600.0
"""Seconds after which a server is asked again: an upgrade need not show in any fault."""
FAULT = 500
"""The first status of a server's fault (RFC 9110); 0 stands for no answer at all."""


class ServerReader:
    """Asks for the server's version, and remembers it. `clock` gives seconds that only grow."""

    def __init__(self, client: ForgejoAPI, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known = Server()
        self._asked_at: float | None = None

    @property
    def known(self) -> Server:
        """Gives the server as it was last told; one that isn't known before it was ever asked."""
        return self._known

    async def ask(self) -> Server:
        """Gives the server as it is now. Raises ForgejoError."""
        before, now = self._known, server_of((await endpoints.VERSION.get(self._client)).version)
        self._known, self._asked_at = now, self._clock()
        if now != before:
            missing = [feature.name for feature in now.missing]
            log.info("server.changed" if before.told else "server.known", server=str(now), missing=missing)
            if word := now.unsupported or now.untested:
                log.warning("server.unsupported" if now.unsupported else "server.untested", why=word)
        return now

    async def refresh(self) -> Server:
        """Gives the server, asking again where it may have changed; what it was where it can't be asked."""
        if self._asked_at is None or self._clock() - self._asked_at >= AGAIN:
            try:
                return await self.ask()
            except ForgejoError as fault:
                log.warning("server.unknown", error=str(fault))
        return self._known

    def saw(self, status: int) -> None:
        """Takes note of how a call ended: a server that fails may be one that is being upgraded."""
        if status == 0 or status >= FAULT:
            self._asked_at = None
