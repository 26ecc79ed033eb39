"""The connection by which a process hears of jobs, and holds the leadership of the processes that share a database.

One process at a time leads: it runs the schedules that run once in the cluster. The leadership is an advisory lock of
this connection, so PostgreSQL gives it free as soon as the process has ended, however it ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg
import structlog
from psycopg import sql

log = structlog.get_logger(__name__)

LEADER = 0x6C65616465
"""The key of PostgreSQL's advisory lock: "leade" in ASCII."""
LOOK = 5.0
"""How often a process asks for the leadership, or whether it still has it, in seconds."""
AGAIN = 1.0
KEEPALIVE: dict[str, Any] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
SERVER_KEEPALIVE = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
"""So both sides notice within half a minute that the other machine is gone; the system's default is two hours."""


class Line:
    """Listens on channels and tells `heard` of each message, and with an empty channel of news that it may have missed.

    That is after it has connected, and when the process begins to lead.
    """

    def __init__(self, url: str, channels: Sequence[str], heard: Callable[[str, str], Awaitable[None]]) -> None:
        self._url = url
        self._channels = channels
        self._heard = heard
        self.leads = asyncio.Event()
        self._bound: set[asyncio.Future[None]] = set()

    async def run(self) -> None:
        """Listen until cancelled; a connection that breaks is made again."""
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as fault:
                log.warning("queue.not-heard", error=type(fault).__name__)
            finally:
                self.leads.clear()
                for one in list(self._bound):
                    one.cancel()
            await asyncio.sleep(AGAIN)

    async def while_leading(self, job: Awaitable[None]) -> None:
        """Run a job, and cancel it when the leadership is lost."""
        run = asyncio.ensure_future(job)
        self._bound.add(run)
        try:
            await asyncio.wait({run})
        finally:
            self._bound.discard(run)
            run.cancel()

    async def _listen(self) -> None:
        connecting = psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=int(LOOK), options=SERVER_KEEPALIVE, **KEEPALIVE
        )
        async with await connecting as connection:
            for channel in self._channels:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            await self._heard("", "")
            while True:
                async with asyncio.timeout(LOOK):
                    if await self._ask_to_lead(connection):
                        await self._heard("", "")
                async for message in connection.notifies(timeout=LOOK):
                    await self._heard(message.channel, message.payload)

    async def _ask_to_lead(self, connection: psycopg.AsyncConnection) -> bool:
        """Return whether this process begins to lead; of one that leads, check the connection."""
        if self.leads.is_set():
            await connection.execute("SELECT 1")
            return False
        row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", [LEADER])).fetchone()
        if row and row[0]:
            self.leads.set()
        return self.leads.is_set()
