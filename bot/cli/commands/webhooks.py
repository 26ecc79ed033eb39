"""`assay webhooks`: lists whose secret signs the deliveries of each repository, and prints a webhook's secret."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.bootstrap import AsJson, RepositoryName, opened_machine, opened_store, run
from bot.cli.output import as_json, line, note, table
from bot.cli.printing.grouped_help import group

if TYPE_CHECKING:
    from bot.store.tables import Repository

app = group("Show whose secret signs deliveries, and print a webhook's secret.")
HEADS = ("ID", "NAME", "SECRET", "LAST DELIVERY", "SIGNED BY")
NONE = "-"


@app.command("list")
def listed(json: AsJson = False) -> None:
    """List the repositories with the secrets of their webhooks.

    Columns: id, name, whether the webhook has its own secret and since when, time of the last stored delivery, and
    whose secret signed it (`repository`, `owner:ID`, `server` or `shared`). Reads the bot's database. Sends no requests
    to Forgejo and writes nothing.

    Exit status: 0 success; 1 a repository still uses a shared secret; 2 usage, configuration or database error.
    """
    run(_list(json=json))


class Scope(StrEnum):
    """Which webhook has the secret."""

    REPOSITORY = "repository"
    OWNER = "owner"
    SERVER = "server"


@app.command()
def secret(
    repository: RepositoryName,
    scope: Annotated[
        Scope,
        typer.Option("--for", help="The webhook of the repository, of its organisation or user, or of the server."),
    ] = Scope.REPOSITORY,
) -> None:
    """Print the target URL and the secret of a webhook, to enter them in Forgejo by hand.

    `assay setup` writes the webhooks of repositories itself. Use this command if the bot is not an administrator, or
    for one webhook of an organisation, a user or the server, which serves all their repositories. The secret is valid
    only for them. Reads the ids of the repository and its owner from Forgejo. Writes nothing.

    Exit status: 0 success; 2 usage or configuration error; 3 Forgejo or network error.
    """
    run(_secret(repository, scope))


async def _list(*, json: bool) -> None:
    from bot.store import deliveries, repositories  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    async with opened_store() as store, store.read() as session:
        rows = await repositories.known(session)
        last = await deliveries.last_signers(session)
    values = [_values(row, last.get(row.id)) for row in rows]
    shared = [one for one in values if one["last_signer"] == "shared" and not one["own_secret_since"]]
    if json:
        as_json(values)
    elif not rows:
        note("no repositories yet; run: assay setup OWNER/REPO")
    else:
        table(HEADS, [_row(one) for one in values])
    if shared:
        note("Repositories without their own secret: run assay setup OWNER/REPO for each of them.")
        raise typer.Exit(1)


def _values(row: "Repository", last: "tuple[Any, str] | None") -> dict[str, Any]:
    return {
        "id": row.id,
        "full_name": row.full_name,
        "own_secret_since": row.own_secret_since.isoformat(timespec="seconds") if row.own_secret_since else None,
        "last_delivery": last[0].isoformat(timespec="seconds") if last else None,
        "last_signer": last[1] or "shared" if last else None,
    }


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    own = f"its own, since {one['own_secret_since']}" if one["own_secret_since"] else "not known to be its own"
    return str(one["id"]), one["full_name"] or NONE, own, one["last_delivery"] or NONE, one["last_signer"] or NONE


async def _secret(name: str, scope: Scope) -> None:
    from bot.intake import Signer  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need
    from bot.model import SignerKind  # noqa: PLC0415 - as above
    from bot.setup import address_and_secret, repository_of  # noqa: PLC0415 - as above

    async with opened_machine() as machine:
        found = await repository_of(machine.client, name)
        ids = {Scope.REPOSITORY: found.id, Scope.OWNER: found.owner.id, Scope.SERVER: 0}
        url, value = address_and_secret(machine, Signer(SignerKind(scope), ids[scope]))
    line(f"target URL  {url}")
    line(f"secret      {value}")
