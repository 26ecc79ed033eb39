"""`assay targets`: the targets whose evaluation fails, and evaluating them again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.bootstrap import AsJson, opened_store, repository_name, run
from bot.cli.output import as_json, line, note, table
from bot.cli.printing.grouped_help import group
from bot.model import Target

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.store.parking import Failing

app = group("List the targets whose evaluation fails, and evaluate them again.")
HEADS = ("TARGET", "FAILED", "NEXT", "WHY")


@app.command("list")
def listed(
    parked: Annotated[bool, typer.Option("--parked", help="Only those that are evaluated once a day.")] = False,
    number: Annotated[int, typer.Option("-n", min=1, max=100_000, help="Maximum number of targets.")] = 100,
    json: AsJson = False,
) -> None:
    """List the targets whose last evaluation failed, the longest failing first.

    Columns: target, failures in a row, time of the next evaluation (UTC), and why the last one failed. After many
    failures of one kind a target is parked: it is evaluated once a day and after its next event. Reads the bot's
    database. Writes nothing.

    Exit status: 0 success; 2 usage, configuration or database error.
    """
    run(_list(number, parked=parked, json=json))


@app.command()
def retry(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGET]…", help="Pull requests and issues, as owner/repo!12.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All parked targets.")] = False,
) -> None:
    """Evaluate targets again, within a minute and with all attempts.

    Needs a running `assay serve`. Writes the bot's database.

    Exit status: 0 success; 2 unknown target, or usage, configuration or database error.
    """
    if bool(targets) == every:
        raise typer.BadParameter("name targets, or use --all; not both", param_hint="TARGET")
    run(_retry(targets or ()))


async def _list(number: int, *, parked: bool, json: bool) -> None:
    from bot.store import parking  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    async with opened_store() as store, store.read() as session:
        found = await parking.failing(session, parked=parked, limit=number)
    if json:
        as_json([_values(one) for one in found])
    elif found:
        table(HEADS, [_row(one) for one in found])
    else:
        note("no target is parked" if parked else "no target fails")


async def _retry(named: Sequence[str]) -> None:
    from bot.store import parking  # noqa: PLC0415 - as above

    async with opened_store() as store, store.session() as session:
        chosen = [await _known(session, text) for text in named]
        count = await parking.retry(session, chosen or None)
    for target in chosen:
        line(f"{target} will be evaluated again")
    if not chosen:
        line(f"{count} parked targets will be evaluated again")


async def _known(session: "AsyncSession", text: str) -> Target:
    """Return the target that a text names, with the id of its repository. Raises BadParameter."""
    from bot.store import repositories, targets  # noqa: PLC0415 - as above

    try:
        named = Target.parse(text)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None
    repo = await repositories.called(session, repository_name(named.repository))
    target = repo.target(named.number, named.kind) if repo else named
    row = await targets.row_of(session, target) if repo else None
    if row is None or row.kind != target.kind.value:
        raise typer.BadParameter(f"the bot does not know {named}; run assay targets list, or assay plan {named}")
    return target


def _row(one: "Failing") -> tuple[str, ...]:
    due = f"{one.due:%Y-%m-%d %H:%M}" if one.due else "now"
    return str(one.target), str(one.attempts), f"{due} (parked)" if one.parked_at else due, one.why


def _values(one: "Failing") -> dict[str, object]:
    return {
        "target": str(one.target),
        "failures": one.attempts,
        "next": one.due.isoformat() if one.due else None,
        "parked_at": one.parked_at.isoformat() if one.parked_at else None,
        "why": one.why,
    }
