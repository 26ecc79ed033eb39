"""`assay repositories`: lists the repositories that the bot serves, and removes one from the database."""

import getpass
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.bootstrap import AsJson, opened_store, read_settings, run
from bot.cli.output import as_json, line, note, table
from bot.cli.printing.grouped_help import group

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.store.tables import Repository

app = group("List the repositories that the bot serves, and remove one.")
HEADS = ("ID", "NAME", "OPEN", "SINCE", "STATE")
NAMELESS = "(name unknown)"


@app.command("list")
def listed(json: AsJson = False) -> None:
    """List the repositories that the bot serves.

    Columns: id, name, open targets, setup date, and whether the repository is visible to the bot. Reads the bot's
    database. Sends no requests to Forgejo and writes nothing.

    Exit status: 0 success; 2 usage, configuration or database error.
    """
    run(_list(json=json))


@app.command()
def forget(
    repository: Annotated[str, typer.Argument(metavar="OWNER/REPO|ID", help="The repository, by its name or its id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Remove a deleted repository from the bot's database, except for its entries in the ledger.

    Use it only for a repository that no longer exists: the bot keeps a repository that is temporarily not visible. If
    the bot receives a delivery of it later, it starts without history. Writes the bot's database and removes the
    mirror. Changes nothing on Forgejo.

    Exit status: 0 success; 2 unknown repository, or usage, configuration or database error; 130 not confirmed.
    """
    if not yes:
        typer.confirm(f"Remove all stored data of {repository}?", abort=True)
    run(_forget(repository))


async def _list(*, json: bool) -> None:
    from bot.store import repositories  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    async with opened_store() as store, store.read() as session:
        rows = await repositories.known(session)
        opened = await repositories.open_targets(session, [row.id for row in rows])
    if json:
        as_json([_values(row, opened.get(row.id, 0)) for row in rows])
        return
    if not rows:
        note("no repositories yet; run: assay setup OWNER/REPO")
        return
    table(HEADS, [_row(row, opened.get(row.id, 0)) for row in rows])


async def _forget(text: str) -> None:
    from bot.store import repositories  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    async with opened_store() as store:
        async with store.read() as session:
            repo = repositories.repo_of(await _one(session, text))
        count = await repositories.forget(store, repo, getpass.getuser(), datetime.now(UTC))
    shutil.rmtree(read_settings().data_dir / "mirrors" / f"{repo.id}.git", ignore_errors=True)
    line(f"removed {repo.name or NAMELESS} (id {repo.id}) with {count} targets; its entries stay in the ledger")


async def _one(session: "AsyncSession", text: str) -> "Repository":
    from bot.store import repositories  # noqa: PLC0415 - as above

    for row in await repositories.known(session):
        if text in {str(row.id), row.full_name} or row.full_name.casefold() == text.casefold():
            return row
    raise typer.BadParameter(
        f"unknown repository {text!r}; run assay repositories list for the known ones", param_hint="OWNER/REPO|ID"
    )


def _state(row: "Repository") -> str:
    if row.id < 0:
        return "id not known yet; a running server requests it from Forgejo"
    if row.unseen_since is None:
        return "visible"
    again = f", next try {row.ask_again_at:%Y-%m-%d %H:%M} UTC" if row.ask_again_at else ""
    return f"not visible since {row.unseen_since:%Y-%m-%d %H:%M} UTC{again}: {row.unseen_why}"


def _row(row: "Repository", opened: int) -> tuple[str, ...]:
    return str(row.id), row.full_name or NAMELESS, str(opened), f"{row.set_up_at:%Y-%m-%d}", _state(row)


def _values(row: "Repository", opened: int) -> dict[str, Any]:
    return {
        "id": row.id,
        "full_name": row.full_name,
        "open_targets": opened,
        "served_since": row.set_up_at.isoformat(),
        "not_visible_since": row.unseen_since.isoformat() if row.unseen_since else None,
        "why": row.unseen_why,
        "ask_again_at": row.ask_again_at.isoformat() if row.ask_again_at else None,
    }
