"""`assay ledger`: verifies the record of judgments and writes, and prints its newest entries."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.bootstrap import AsJson, opened_store, run
from bot.cli.output import FINE, FOUND, as_json, line, note, working

if TYPE_CHECKING:
    from bot.store.tables import LedgerEntry

app = typer.Typer(no_args_is_help=True, help="Verify and read the record of every judgment and write.")
SHOWN = ("sequence", "kind", "repository", "number", "actor", "object", "detail", "snapshot_hash", "result", "hash")


@app.command()
def verify() -> None:
    """Verify the hash chain of the ledger.

    The chain breaks if an entry was changed, removed or inserted. Reads the bot's database. Prints the newest hash:
    store it elsewhere, because entries removed from the end leave a valid chain. Writes nothing.

    Exit status: 0 the chain is valid; 1 it is broken; 2 usage, configuration or database error.
    """
    raise typer.Exit(run(_verify()))


@app.command()
def tail(
    number: Annotated[int, typer.Option("-n", min=1, max=100_000, help="Maximum number of entries.")] = 20,
    json: AsJson = False,
) -> None:
    """Print the newest entries of the ledger, the newest last.

    Reads the bot's database. Writes nothing.

    Exit status: 0 success; 2 usage, configuration or database error.
    """
    run(_tail(number, json=json))


async def _verify() -> int:
    from bot.store import ledger  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    async with opened_store() as store, store.read() as session:
        with working("Verifying the chain …"):
            proof = await ledger.verify(session)
        newest = await ledger.tail(session, 1)
    if proof.broken_at is not None:
        line(f"broken at entry {proof.broken_at}: {proof.entries} entries before it are valid")
        note("Restore the database from an earlier backup, and find out who can write to it.")
        return FOUND
    line(f"{proof.entries} entries are valid" + (f", the newest has hash {newest[0].hash}" if newest else ""))
    return FINE


async def _tail(number: int, *, json: bool) -> None:
    from bot.store import ledger  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    async with opened_store() as store, store.read() as session:
        entries = await ledger.tail(session, number)
    if json:
        as_json([{"at": entry.at.isoformat(), **{name: getattr(entry, name) for name in SHOWN}} for entry in entries])
        return
    for entry in entries:
        line(_text(entry))


def _text(entry: "LedgerEntry") -> str:
    place = f"{entry.repository}/{entry.number}" if entry.number else entry.repository
    parts = [f"{entry.sequence}", f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.kind, place, entry.object, entry.result]
    return " ".join(filter(None, [*parts, f"by {entry.actor}"]))
