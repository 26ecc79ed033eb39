"""A port: listens for connections, admits as many as its limits allow, and closes those that wait for too long.

When the limit is reached, the connection that has waited longest for a request makes room for a new one. Connections
that never complete a request therefore cannot keep out one that does.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from bot.memory import trim
from bot.port.bodies import Bodies
from bot.port.connection import Connection
from bot.port.limits import PortLimits

SWEEP_SECONDS = 1.0
BACKLOG = 256
"""Connections that the system keeps until they are accepted. With more, a burst could end one before it is read."""
CROWD = 100
"""Closed connections in a second after which memory is given back."""


class Port:
    """A port of an application. `on_closed` is called with the reason: connections, address or timeout."""

    def __init__(
        self,
        app: web.Application,
        limits: PortLimits,
        *,
        bodies: Bodies | None = None,
        on_closed: Callable[[str], None] | None = None,
    ) -> None:
        self.limits = limits
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        self._bodies = bodies
        self._on_closed = on_closed
        self._open: dict[Connection, None] = {}
        self._sites: Counter[str] = Counter()
        self._ended = 0
        self._server: asyncio.Server | None = None
        self._sweeping: asyncio.Task[None] | None = None

    @property
    def open(self) -> int:
        """Return the number of open connections."""
        return len(self._open)

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port's number. Raises OSError if it cannot be used."""
        await self._runner.setup()
        manager, loop = self._runner.server, asyncio.get_running_loop()
        if manager is None:
            raise OSError("the server was not set up")
        self._server = await loop.create_server(lambda: Connection(self, manager, loop), host, port, backlog=BACKLOG)
        self._sweeping = loop.create_task(self._sweeps())
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def stop(self) -> None:
        """Stop listening, and close all connections; requests that are being handled get two seconds."""
        if self._server is not None:
            self._server.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeping
        await self._runner.cleanup()

    def admit(self, connection: Connection) -> bool:
        """Return whether a new connection may stay; another one may have to make room."""
        if self._sites[connection.site] >= self.limits.per_address and not self._made_room("address", connection.site):
            return False
        if len(self._open) >= self.limits.connections and not self._made_room("connections", ""):
            return False
        self._open[connection] = None
        self._sites[connection.site] += 1
        return True

    def lost(self, connection: Connection) -> None:
        """Take note of the end of a connection; a second time changes nothing."""
        if connection not in self._open:
            return
        del self._open[connection]
        self._ended += 1
        self._sites[connection.site] -= 1
        if not self._sites[connection.site]:
            del self._sites[connection.site]

    def sweep(self, now: float) -> None:
        """Close the connections that have waited for too long, and give memory back after a flood."""
        for connection in [one for one in self._open if one.overdue(now)]:
            self._end(connection, "timeout")
        flooded = self._ended > CROWD or (self._bodies is not None and self._bodies.flood_is_over())
        self._ended = 0
        if flooded:
            trim()

    def _made_room(self, reason: str, site: str) -> bool:
        """Close the connection that has waited longest, of one site or of all; count what could not be closed, too."""
        waiting = [one for one in self._open if one.waiting and (not site or one.site == site)]
        if not waiting:
            self._count(reason)
            return False
        self._end(min(waiting, key=lambda one: one.waiting_since), reason)
        return True

    def _end(self, connection: Connection, reason: str) -> None:
        self._count(reason)
        connection.end()
        self.lost(connection)

    def _count(self, reason: str) -> None:
        if self._on_closed is not None:
            self._on_closed(reason)

    async def _sweeps(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.sweep(loop.time())
