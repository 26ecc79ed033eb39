"""Processes that tests start to kill them, or to start several at once."""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

from aiohttp import web

from bot.cli.main import run
from bot.intake.hook_secrets import HookSecrets
from bot.intake.inbox import Inbox
from bot.intake.webhook import add_webhook
from bot.port import Port, PortLimits
from bot.store import open_store, upgrade_database
from bot.store.ledger import Order, archive


def processes() -> ForkServerContext:
    """Processes forked from one that has imported everything: a test that starts ten doesn't import ten times."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", __name__, "alembic.command", "bot.app", "bot.cli.main", "uvloop"])
    return context


def assay(arguments: list[str], environment: Mapping[str, str], folder: Path, log: Path, umask: int) -> None:
    """Run a command as a process of its own would: in a folder, with this environment, writing to a log."""
    os.umask(umask)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with log.open("ab") as opened:
        os.dup2(opened.fileno(), 1)
        os.dup2(opened.fileno(), 2)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    sys.exit(run(arguments))


def open_and_close(url: str) -> None:
    """Open a store, ask it something, close it."""

    async def opened() -> None:
        store = await open_store(url)
        await store.ping()
        await store.close()

    asyncio.run(opened())


def upgrade_and_close(url: str) -> None:
    """Upgrade a database."""
    upgrade_database(url)


def archive_ledger(url: str, order: Order, begun: Connection) -> None:
    """Archive the ledger; tell when it begins."""

    async def run() -> None:
        store = await open_store(url)
        begun.send(True)
        await archive(store, order)
        await store.close()

    asyncio.run(run())


def serve(url: str, secret: bytes, port: Connection) -> None:
    """Serve the webhook and nothing else; tell its port, and run until killed."""

    async def served() -> None:
        inbox = Inbox(await open_store(url))
        await inbox.start()
        app = web.Application()
        clock = partial(datetime.now, UTC)
        secrets = HookSecrets.shared_by_all([secret])
        add_webhook(app, inbox, secrets=secrets, witness_key=secret, limit=1 << 20, clock=clock)
        port.send(await Port(app, PortLimits(100, 100)).start("127.0.0.1", 0))
        await asyncio.Event().wait()

    asyncio.run(served())
