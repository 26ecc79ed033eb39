"""`assay ledger`: proof that the record of judgments and writes is whole, and its newest entries."""

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
    """Walk the whole chain of hashes. Ends with 1 when an entry was changed, taken out or slipped in.

    Keep the newest hash somewhere else: entries cut off at the end leave a chain that holds.
    """
    raise typer.Exit(run(_verify()))


@app.command()
def tail(
    number: Annotated[int, typer.Option("-n", min=1, max=100_000, help="How many at most.")] = 20,
    json: AsJson = False,
) -> None:
    """Print the newest entries, the newest last."""
    run(_tail(number, json=json))


async def _verify() -> int:
    from bot.store import ledger  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    async with opened_store() as store, store.read() as session:
        with working("Walking the chain …"):
            proof = await ledger.verify(session)
        newest = await ledger.tail(session, 1)
    if proof.broken_at is not None:
        line(f"broken at entry {proof.broken_at}: {proof.entries} entries before it hold")
        note("Restore the database from a backup made before, and find out who can write to it.")
        return FOUND
    line(f"{proof.entries} entries hold" + (f", the newest with hash {newest[0].hash}" if newest else ""))
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
