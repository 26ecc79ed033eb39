"""`assay serve`, `setup` and `demo`: the bot at work, its place in a repository, and its story."""

import asyncio
import logging
import signal
import time
from typing import Annotated

import typer

from bot.cli.bootstrap import RepositoryName, opened_machine, read_settings, run, with_forgejo
from bot.cli.output import line, note


def add(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (serve, setup, demo):
        app.command()(command)


def serve() -> None:
    """Take webhooks and keep every pull request and issue judged, until SIGTERM or Ctrl+C.

    Listens on ASSAY_HOST and ASSAY_PORT; the log goes to standard output, one JSON object a line. Deliveries that were
    acknowledged and targets that were marked survive the end and are done at the next start.
    """
    import uvloop  # noqa: PLC0415 - only the server gains by it

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())


def setup(
    repository: RepositoryName,
    backfill: Annotated[
        bool,
        typer.Option("--backfill", help="Write reports on what is open already too, one target every two seconds."),
    ] = False,
) -> None:
    """Make a repository ready: webhook, labels, trust in its policy as it stands, a silent first look at what is open.

    Safe to run twice. Steps that the account may not do are told, with what an admin has to do by hand.
    """
    run(_setup(repository, backfill=backfill))


def demo(
    once: Annotated[bool, typer.Option("--once", help="Tell the story and end.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the pages are served; 0 is any free port.")] = 0,
) -> None:
    """Show the bot at work on real git pushes, beside a small Forgejo of its own. Needs no settings and no network."""
    from rich.console import Console  # noqa: PLC0415 - as the demo

    from bot.demo import demo as play  # noqa: PLC0415 - loads the sandbox, which nothing else needs

    try:
        status = run(play(Console(), once=once, port=port))
    except KeyboardInterrupt:
        # Ctrl+C is how the pages are left; a story cut short has failed.
        status = 130 if once else 0
    raise typer.Exit(status)


async def _serve() -> None:
    from bot.app import Service, assemble  # noqa: PLC0415 - loads everything, which --help doesn't need
    from bot.telemetry import configure_logs  # noqa: PLC0415 - as above

    settings = with_forgejo(read_settings())
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, ended.set)
    async with assemble(settings) as machine:
        configure_logs(settings.log_level, machine.scanner.mask)
        async with Service(machine).running():
            await ended.wait()
            # Looks that are cut short give their connections back unclean, which SQLAlchemy prints with a traceback.
            logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


async def _setup(repository: str, *, backfill: bool) -> None:
    from bot.setup import setup as set_up  # noqa: PLC0415 - loads the machine, which --help doesn't need

    begun = time.monotonic()
    async with opened_machine() as machine:
        complete = await set_up(machine, repository, say=line, backfill=backfill)
        calls = sum(machine.client.calls.values())
    line(f"{calls} calls to Forgejo in {time.monotonic() - begun:.1f} s")
    if not complete:
        note("The setup is incomplete: do what stands behind each ! above, then run it again.")
