"""`assay repositories`: which repositories the bot serves, and removing one that is gone for good."""

import getpass
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.bootstrap import AsJson, opened_store, read_settings, run
from bot.cli.output import as_json, line, note, table

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.store.tables import Repository

app = typer.Typer(no_args_is_help=True, help="List the repositories that the bot serves, and remove one.")
HEADS = ("ID", "NAME", "OPEN", "SINCE", "STATE")
NAMELESS = "(name unknown)"


@app.command("list")
def listed(json: AsJson = False) -> None:
    """List all repositories that the bot serves, with their ids, open targets and whether they can be seen.

    The database is read; the server is not asked.
    """
    run(_list(json=json))


@app.command()
def forget(
    repository: Annotated[str, typer.Argument(metavar="OWNER/REPO|ID", help="The repository, by its name or its id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove everything that the database knows of a repository, except for its entries in the ledger.

    A repository that cannot be seen is kept for as long as it takes; this is for one that is gone for good. If the bot
    hears of it again, it starts without history. Ends with 2 when the repository is not known.
    """
    if not yes:
        typer.confirm(f"Remove all that is known of {repository}?", abort=True)
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

    async with opened_store() as store, store.session() as session:
        row = await _one(session, text)
        repo = repositories.repo_of(row)
        count = await repositories.forget(session, repo, getpass.getuser(), datetime.now(UTC))
    shutil.rmtree(read_settings().data_dir / "mirrors" / f"{repo.id}.git", ignore_errors=True)
    line(f"removed {repo.name or NAMELESS} (id {repo.id}) with {count} targets; the ledger keeps its entries")


async def _one(session: "AsyncSession", text: str) -> "Repository":
    from bot.store import repositories  # noqa: PLC0415 - as above

    for row in await repositories.known(session):
        if text in {str(row.id), row.full_name} or row.full_name.casefold() == text.casefold():
            return row
    raise typer.BadParameter(
        f"the bot does not know {text!r}; see: assay repositories list", param_hint="OWNER/REPO|ID"
    )


def _state(row: "Repository") -> str:
    if row.id < 0:
        return "id not known yet: the bot asks the server when it runs"
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
