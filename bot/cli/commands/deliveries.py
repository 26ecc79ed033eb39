"""`assay deliveries`: lists stored deliveries and routes one again. It needs only the database, not Forgejo."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.bootstrap import AsJson, opened_store, repository_name, run
from bot.cli.output import as_json, line, note
from bot.cli.printing.grouped_help import group

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.intake import Change
    from bot.model import Envelope
    from bot.store.deliveries import Kept

app = group("Show received webhook deliveries, and route one again.")

DeliveryId = Annotated[str, typer.Argument(metavar="ID", help="A delivery's id, or an unambiguous prefix of it.")]


@app.command("list")
def list_(
    repository: Annotated[str, typer.Option(metavar="OWNER/REPO", help="Only deliveries of this repository.")] = "",
    event: Annotated[
        str, typer.Option(metavar="EVENT", help="Only deliveries of this event, such as pull_request_sync.")
    ] = "",
    number: Annotated[int, typer.Option("-n", min=1, max=10_000, help="Maximum number of deliveries.")] = 50,
    json: AsJson = False,
) -> None:
    """Print the newest deliveries, newest first.

    Columns: time, routed or waiting, id, event, target, sender. Reads the bot's database. Writes nothing.

    Exit status: 0 success; 2 usage, configuration or database error.
    """
    if repository:
        repository_name(repository)
    run(_list(repository, event, number, json=json))


@app.command()
def show(delivery: DeliveryId) -> None:
    """Print the stored data of a delivery as JSON. Texts of a delivery are not stored.

    Reads the bot's database. Writes nothing.

    Exit status: 0 success; 2 usage, configuration or database error.
    """
    run(_show(delivery))


@app.command()
def replay(delivery: DeliveryId) -> None:
    """Route a stored delivery again.

    Reads the bot's database and marks the targets of the delivery; a running `assay serve` evaluates them again within
    a minute.

    Exit status: 0 success; 2 usage, configuration or database error.
    """
    run(_replay(delivery))


async def _list(repository: str, event: str, number: int, *, json: bool) -> None:
    from bot.store import deliveries  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    async with opened_store() as store, store.read() as session:
        found = await deliveries.listed(session, repository=repository, event=event, limit=number)
    if json:
        as_json([_values(kept) for kept in found])
        return
    for kept in found:
        one = kept.envelope
        action = f"{one.event}/{one.action}" if one.action else one.event
        state = "routed " if kept.routed_at else "waiting"
        line(f"{one.received_at:%Y-%m-%d %H:%M:%S} {state} {one.id} {action} {_place(one)} by {one.sender or '-'}")
    if not found:
        note("no deliveries; check that the webhook exists (assay setup OWNER/REPO) and reaches the bot")


async def _show(beginning: str) -> None:
    async with opened_store() as store, store.read() as session:
        kept = await _one(session, beginning)
    as_json(_values(kept))


async def _replay(beginning: str) -> None:
    from bot.intake import mark_changed, route  # noqa: PLC0415 - as above

    async with opened_store() as store, store.session() as session:
        # Without a login the bot's own deliveries count too: a replay always asks for an evaluation.
        changes = route((await _one(session, beginning)).envelope, 0)
        found = await mark_changed(session, changes)
    _print_targets(changes, [str(change.target) for change in found])


def _print_targets(changes: "list[Change]", targets: list[str]) -> None:
    for target in targets:
        line(f"{target} will be evaluated again")
    if not changes:
        note("the delivery concerns no pull request or issue; nothing to evaluate")
    elif not targets:
        note("no open pull request has this branch as its base, or this commit as its head; nothing to evaluate")


async def _one(session: "AsyncSession", beginning: str) -> "Kept":
    """Return the delivery whose id has this prefix. Raises BadParameter if there is none or more than one."""
    from bot.store import deliveries  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    found = await deliveries.shown(session, beginning)
    exact = [kept for kept in found if kept.envelope.id == beginning]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    what = "several deliveries have an id that starts" if found else "no delivery has an id that starts"
    raise typer.BadParameter(f"{what} with {beginning!r}; run assay deliveries list for the ids")


def _values(kept: "Kept") -> dict[str, object]:
    routed = kept.routed_at.isoformat() if kept.routed_at else None
    return {**kept.envelope.model_dump(mode="json"), "routed_at": routed}


def _place(envelope: "Envelope") -> str:
    if envelope.number is not None:
        return f"{envelope.repository}{'!' if envelope.is_pull else '#'}{envelope.number}"
    return f"{envelope.repository or '-'} {envelope.ref}".rstrip()
