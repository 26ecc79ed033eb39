"""`assay db`: the schema of the bot's database, and its way to the one that this version needs."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cli.bootstrap import AsJson, read_settings, run
from bot.cli.output import FINE, FOUND, as_json, line, note
from bot.cli.printing.grouped_help import group

app = group("Read and upgrade the schema of the bot's database.")


@app.command()
def status(json: AsJson = False) -> None:
    """Print the schema of the database, and what this version needs.

    Reads the bot's database. Writes nothing.

    Exit status: 0 this version can use the database; 1 it needs `assay db upgrade`, or a newer version of assay;
    2 usage, configuration or database error.
    """
    raise typer.Exit(run(_status(json=json)))


@app.command()
def upgrade() -> None:
    """Upgrade the database to the schema that this version needs; create it if it is empty.

    Writes the bot's database, in one transaction: it succeeds completely or changes nothing. Several at once run one
    after the other, and one on a current database changes nothing. Processes of the previous version may go on
    meanwhile unless it says otherwise; `assay serve` upgrades a SQLite database by itself.

    Exit status: 0 the schema is current; 2 usage, configuration or database error.
    """
    run(_upgrade())


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="An older schema, such as 0008.")],
) -> None:
    """Take the database back to an older schema, for an older version of assay.

    Stop every `assay serve` first. Writes the bot's database, in one transaction. What only the newer schema can hold
    is deleted; deliveries, targets, unconfirmed writes and the ledger stay. Some schemas have no way back but a backup.

    Exit status: 0 success; 2 usage, configuration or database error.
    """
    run(_downgrade(revision))


async def _status(*, json: bool) -> int:
    from bot.store import read_schema  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    schema = await asyncio.to_thread(read_schema, read_settings().store_url())
    if json:
        as_json({"found": [*schema.found], "needed": [*schema.newest], "current": schema.current})
    elif schema.current:
        line(f"the schema is {_said(schema.found)}, as this version needs it")
    else:
        line(f"the schema is {_said(schema.found)}; this version needs {_said(schema.newest)}")
    if schema.newer:
        note("A newer version of assay made it: use that version.")
    elif not schema.current:
        first = "Stop every assay serve, make a backup, and then run" if schema.alone else "Run"
        note(f"{first} assay db upgrade.")
    return FINE if schema.current else FOUND


async def _upgrade() -> None:
    from bot.store import upgrade_database  # noqa: PLC0415 - as above

    before, after = await asyncio.to_thread(upgrade_database, read_settings().store_url())
    if before.current:
        line(f"the schema is {_said(after.found)} already")
    else:
        line(f"upgraded from {_said(before.found)} to {_said(after.found)}")
    if before.alone:
        note("Processes of the version before cannot use this schema: stop them, and start this version.")


async def _downgrade(revision: str) -> None:
    from bot.store import deliveries, downgrade_database, open_store  # noqa: PLC0415 - as above

    # Versions before do not know SQLite's file of arrivals, so what is in it is taken into the tables.
    store = await open_store(read_settings().store_url(), create=False)
    try:
        await deliveries.take_in(store)
    finally:
        await store.close()
    before, after = await asyncio.to_thread(downgrade_database, read_settings().store_url(), revision)
    line(f"took the schema from {_said(before.found)} back to {_said(after.found)}; start an older version of assay")


def _said(versions: Sequence[str]) -> str:
    return " and ".join(version or "none" for version in versions)
