"""Reads the server's version: at the start, every hour, and after a server error, since it may have been upgraded."""

import time
from collections.abc import Callable

import structlog

from bot.forgejo import endpoints
from bot.forgejo.abc import ForgejoAPI
from bot.forgejo.capabilities import Server, server_of
from bot.forgejo.errors import ForgejoError

log = structlog.get_logger(__name__)

AGAIN = 3600.0
"""Seconds after which the version is read again: an upgrade may cause no error."""
FAULT = 500
"""The lowest status of a server error (RFC 9110); 0 means no answer."""


class ServerReader:
    """Reads the server's version, and caches it. `clock` gives monotonic seconds."""

    def __init__(self, client: ForgejoAPI, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known = Server()
        self._asked_at: float | None = None

    @property
    def known(self) -> Server:
        """Return the server as last read; an unknown one before the first answer."""
        return self._known

    async def ask(self) -> Server:
        """Read the version and return the server. Raises ForgejoError."""
        before, now = self._known, server_of((await endpoints.VERSION.get(self._client)).version)
        self._known, self._asked_at = now, self._clock()
        if now != before:
            missing = [feature.name for feature in now.missing]
            log.info("server.changed" if before.text else "server.known", server=str(now), missing=missing)
            if word := now.unsupported or now.untested:
                log.warning("server.unsupported" if now.unsupported else "server.untested", why=word)
        return now

    async def refresh(self) -> Server:
        """Return the server, read again if it may have changed; on an error, as last read."""
        if self._asked_at is None or self._clock() - self._asked_at >= AGAIN:
            try:
                return await self.ask()
            except ForgejoError as fault:
                log.warning("server.unknown", error=str(fault))
        return self._known

    def saw(self, status: int) -> None:
        """Note the status of a call: after a server error the version is read again."""
        if status == 0 or status >= FAULT:
            self._asked_at = None
