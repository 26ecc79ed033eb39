"""`assay ledger`: verifies the record of judgments and writes, prints it, and moves it to files."""

import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.bootstrap import AsJson, opened_store, run
from bot.cli.output import FINE, FOUND, as_json, line, note, working
from bot.cli.printing.grouped_help import group

if TYPE_CHECKING:
    from bot.store.ledger.anchors import Compared
    from bot.store.ledger.files import Span
    from bot.store.tables import LedgerEntry

app = group("Verify, read and export the record of every judgment and write.")
SHOWN = ("sequence", "kind", "repository", "number", "actor", "object", "detail", "snapshot_hash", "result", "hash")


AnchorsFile = Annotated[
    Path | None, typer.Option("--anchors", metavar="FILE", help="Also compare with a file of daily anchors.")
]
Since = Annotated[datetime | None, typer.Option(help="From the first entry since this time (UTC).")]
Until = Annotated[datetime | None, typer.Option(help="To the last entry before any of this time (UTC).")]


@app.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A file of `export` or `archive`; needs no database.")
    ] = None,
    anchors: AnchorsFile = None,
) -> None:
    """Verify the hash chain of the ledger, in the database or in a file.

    The chain breaks if an entry was changed, removed or inserted. Entries removed from the end leave a valid chain, and
    so does a ledger that was written anew: compare it with anchors that were kept elsewhere. Reads the bot's database,
    or the file. Prints the newest hash. Writes nothing.

    Exit status: 0 the chain is valid; 1 it is broken, or differs from an anchor; 2 usage, configuration or database
    error.
    """
    raise typer.Exit(run(_verify(anchors)) if file is None else _verify_file(file, anchors))


@app.command()
def export(
    output: Annotated[
        Path | None, typer.Option("-o", metavar="FILE", help="A new file; default: standard output.")
    ] = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Export entries of the ledger as JSON, one object a line, with the hashes of the chain.

    `assay ledger verify FILE` proves the file without a database. Reads the bot's database. Writes the file (mode
    0600).

    Exit status: 0 success; 2 usage, configuration or database error, or a broken chain.
    """
    run(_export(output, _utc(since), _utc(until)))


@app.command()
def archive(
    before: Annotated[datetime, typer.Option(help="Archive the entries before this time (UTC).")],
    output: Annotated[Path, typer.Option("-o", metavar="FILE", help="The file of the archive.")],
) -> None:
    """Move the old entries of the ledger to a file.

    Writes the file, verifies it, records it in the ledger, and then deletes the entries from the bot's database, in
    small steps; the server may run. The chain goes on from the last archived hash. Entries that the bot reads
    (restores, setups, archives) stay too. If it is interrupted, run the same command again. Keep the file: nothing else
    has it.

    Exit status: 0 success; 2 usage, configuration or database error, or a file that does not fit.
    """
    run(_archive(before.replace(tzinfo=UTC), output))


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


async def _verify(place: Path | None) -> int:
    from bot.store import ledger  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need
    from bot.store.ledger import anchors  # noqa: PLC0415 - as above

    known, unread = anchors.read(place) if place else ([], 0)
    async with opened_store() as store, store.read() as session:
        with working("Verifying the chain …"):
            proof = await ledger.verify(session)
        newest = await ledger.tail(session, 1)
        compared = await anchors.compare(session, known) if proof.broken_at is None else None
    if compared is None:
        line(f"broken at entry {proof.broken_at}: valid entries before it: {proof.entries}")
        note("Restore the database from an earlier backup, and find out who can write to it.")
        return FOUND
    line(f"valid entries: {proof.entries}" + (f"; the newest has hash {newest[0].hash}" if newest else ""))
    if proof.archived:
        line(f"entries up to {proof.archived} are archived in files; verify them by assay ledger verify FILE")
    return _told(compared, unread) if place else FINE


def _verify_file(file: Path, place: Path | None) -> int:
    from bot.store.ledger import LedgerFileError, anchors, files  # noqa: PLC0415 - as above

    known, unread = anchors.read(place) if place else ([], 0)
    try:
        span = files.verify_file(file)
    except LedgerFileError as fault:
        line(str(fault))
        note("Get the file from a backup.")
        return FOUND
    if not span.entries:
        line("the file has no entries")
        return FOUND
    line(f"valid entries: {span.entries}, from {span.first} to {span.last}; the last has hash {span.hash}")
    return _told(anchors.compare_file(file, span, known), unread) if place else FINE


def _told(compared: "Compared", unread: int) -> int:
    if unread:
        note(f"{unread} lines of the anchors are not readable and were not compared.")
    if (anchor := compared.broken) is not None:
        what = "is missing" if compared.missing else "is another one"
        line(f"differs from the anchor of {anchor.at:%Y-%m-%d %H:%M} UTC: entry {anchor.sequence} {what}")
        note("Entries were removed or written anew, or an earlier backup was restored. Find out who can write to it.")
        return FOUND
    elsewhere = f"; {compared.elsewhere} are of entries that are not here" if compared.elsewhere else ""
    line(f"{compared.held} anchors hold{elsewhere}")
    return FINE


async def _export(output: Path | None, since: datetime | None, until: datetime | None) -> None:
    from bot.store.ledger import files  # noqa: PLC0415 - as above

    async with opened_store() as store, store.read() as session:
        if output is None:
            span = await files.export(session, sys.stdout.write, since, until)
        else:
            span = await files.export_file(session, output, since, until)
    note(f"exported {_range(span)}")


async def _archive(before: datetime, output: Path) -> None:
    from bot.store import ledger  # noqa: PLC0415 - as above

    order = ledger.Order(before, output, getpass.getuser(), datetime.now(UTC))
    async with opened_store() as store:
        with working("Archiving …"):
            span = await ledger.archive(store, order)
    if not span.entries:
        note("no entry is older; nothing was done")
        return
    line(f"archived {_range(span)} in {output}")
    note("Keep the file: the entries are no longer in the database.")


def _range(span: "Span") -> str:
    return f"{span.entries} entries, {span.first} to {span.last}" if span.entries else "0 entries"


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


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
