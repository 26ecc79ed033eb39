"""Processes that tests start to kill them, or to start several at once."""

import asyncio
import multiprocessing
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext

from aiohttp import web

from bot.intake.hook_secrets import HookSecrets
from bot.intake.inbox import Inbox
from bot.intake.webhook import add_webhook
from bot.port import Port, PortLimits
from bot.store import open_store, upgrade_database


def processes() -> ForkServerContext:
    """Processes forked from one that has imported everything: a test that starts ten doesn't import ten times."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", __name__, "alembic.command"])
    return context


def open_and_close(url: str) -> None:
    """Open a store, ask it something, close it."""

    async def run() -> None:
        store = await open_store(url)
        await store.ping()
        await store.close()

    asyncio.run(run())


def upgrade_and_close(url: str) -> None:
    """Upgrade a database."""
    upgrade_database(url)


def serve(url: str, secret: bytes, port: Connection) -> None:
    """Serve the webhook and nothing else; tell its port, and run until killed."""

    async def run() -> None:
        inbox = Inbox(await open_store(url))
        await inbox.start()
        app = web.Application()
        clock = partial(datetime.now, UTC)
        secrets = HookSecrets.shared_by_all([secret])
        add_webhook(app, inbox, secrets=secrets, witness_key=secret, limit=1 << 20, clock=clock)
        port.send(await Port(app, PortLimits(100, 100)).start("127.0.0.1", 0))
        await asyncio.Event().wait()

    asyncio.run(run())
