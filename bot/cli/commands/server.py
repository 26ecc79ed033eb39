"""`assay serve`, `setup` and `demo`: run the server, set up a repository, run the demo."""

import asyncio
import logging
import signal
import time
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any

import typer

from bot.cli.bootstrap import RepositoryName, opened_machine, read_settings, run, with_forgejo
from bot.cli.output import line, note


def add(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (serve, setup, demo):
        app.command()(command)


class RoleName(StrEnum):
    """The roles of a server process."""

    WEB = "web"
    WORKER = "worker"
    BOTH = "both"


def serve(
    role: Annotated[
        RoleName,
        typer.Option("--role", help="With PostgreSQL: web only receives webhooks, worker only evaluates targets."),
    ] = RoleName.BOTH,
) -> None:
    """Run the server that receives webhooks and writes reports.

    Listens on ASSAY_HOST and ASSAY_PORT until SIGTERM or Ctrl+C. Reads repositories from Forgejo; writes comments,
    labels and statuses to Forgejo, and the database and mirrors in the data directory. Logs to standard output, one
    JSON object per line. Acknowledged deliveries and pending targets survive a restart. With PostgreSQL, any number of
    these processes share the work, each with a data directory of its own.

    Exit status: 0 stopped; 2 configuration or database error.
    """
    import uvloop  # noqa: PLC0415 - only the server benefits from it

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(role))


def setup(
    repository: RepositoryName,
    backfill: Annotated[
        bool,
        typer.Option("--backfill", help="Also report on targets that are already open, one every two seconds."),
    ] = False,
) -> None:
    """Set up a repository: webhook, labels, policy, open targets.

    Reads the repository from Forgejo. Writes the webhook and the label definitions to Forgejo; in the bot's database it
    trusts the current policy and registers the open targets. Writes no comments and no statuses. Safe to run again. A
    line that begins with ! is a step that the account may not do; it says what an admin has to do by hand.

    Exit status: 0 finished, even with lines that begin with !; 2 usage or configuration error; 3 Forgejo or network
    error.
    """
    run(_setup(repository, backfill=backfill))


def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit after the last chapter.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the web pages; 0 is any free port.")] = 0,
) -> None:
    """Show the bot with real git pushes to a small Forgejo stand-in.

    Needs no settings and no network. Writes only to a temporary folder and to standard output. Without --once the pages
    stay up until Ctrl+C.

    Exit status: 0 success; 1 the bot did not answer in a chapter; 130 interrupted with --once.
    """
    from rich.console import Console  # noqa: PLC0415 - as the demo

    from bot.demo import demo as play  # noqa: PLC0415 - loads the sandbox, which nothing else needs

    raise typer.Exit(run(play(Console(), once=once, port=port)))


async def _serve(role: RoleName) -> None:
    from bot.app import Role, Service, assemble, only_server  # noqa: PLC0415 - loads everything, which --help doesn't need
    from bot.telemetry import configure_logs  # noqa: PLC0415 - as above

    settings = with_forgejo(read_settings())
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, ended.set)
    async with (
        assemble(settings) as machine,
        only_server(settings.data_dir, machine.store, settings.installation_key()),
    ):
        configure_logs(settings.log_level, machine.scanner.mask)
        service = Service(machine, role=Role(role))
        async with service.running():
            await _first(ended.wait(), service.failed())
            # Cancelled evaluations return unclean connections, which SQLAlchemy reports with a traceback.
            logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when the first is done, or raise its exception."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _setup(repository: str, *, backfill: bool) -> None:
    from bot.setup import setup as set_up  # noqa: PLC0415 - loads the machine, which --help doesn't need

    begun = time.monotonic()
    async with opened_machine() as machine:
        complete = await set_up(machine, repository, say=line, backfill=backfill)
        calls = sum(machine.client.calls.values())
    line(f"{calls} calls to Forgejo in {time.monotonic() - begun:.1f} s")
    if not complete:
        note("The setup is incomplete: follow each line above that begins with !, then run it again.")
