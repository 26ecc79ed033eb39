"""`assay accounts`: shows which account each listed login means, and binds a login to another account."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.bootstrap import AsJson, opened_machine, opened_store, run
from bot.cli.output import as_json, line, note, table
from bot.cli.printing.grouped_help import group

if TYPE_CHECKING:
    from bot.store.accounts import Account

app = group("List the accounts that logins mean, and confirm another account.")
HEADS = ("LOGIN", "ACCOUNT", "STATE", "NOW CALLED", "SINCE")
STATES = {
    "bound": "has the login's rights",
    "missing": "nobody had this login when it was listed",
    "unconfirmed": "no rights: has the login now; confirm it if this is right",
    "former": "no rights: had the login before",
}


@app.command("list")
def listed(json: AsJson = False) -> None:
    """List the accounts of all logins in the settings and in trusted policies.

    A login means the account that had it when it was listed, also after that account was renamed. Columns: login,
    account id, state, the account's last known login, and the time of the last change. Reads the bot's database. Sends
    no requests to Forgejo and writes nothing.

    Exit status: 0 success; 2 usage, configuration or database error.
    """
    run(_list(json=json))


@app.command()
def confirm(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="The login, as in the settings or the policy.")],
    account: Annotated[int, typer.Argument(metavar="ID", min=1, help="The id of the account that has the login now.")],
) -> None:
    """Give the rights of a login to the account that has it now.

    Use it only if you know that the login and this account belong to the right person: whoever has the account gets
    all rights that the settings and the policies give to the login, in all repositories. The account that had them
    before loses them. The id is in `assay accounts list`, and in Forgejo's answer to `/api/v1/users/LOGIN`. Reads the
    account from Forgejo. Writes the bot's database, not Forgejo.

    Exit status: 0 success; 2 the account does not have the login, or usage or configuration error; 3 Forgejo or
    network error.
    """
    run(_confirm(login, account))


async def _list(*, json: bool) -> None:
    from bot.store import accounts  # noqa: PLC0415 - loads SQLAlchemy, which --help doesn't need

    async with opened_store() as store, store.read() as session:
        found = await accounts.known(session)
    if json:
        as_json([_values(one) for one in found])
        return
    if not found:
        note("no accounts yet; the server looks operators up when it starts")
        return
    table(HEADS, [_row(one) for one in found])


async def _confirm(login: str, account: int) -> None:
    async with opened_machine() as machine:
        found = await machine.accounts.confirm(login, account, getpass.getuser())
    line(f"{found.login} now means account {found.id}")


def _row(one: "Account") -> tuple[str, ...]:
    since = one.bound_at or one.seen_at
    return one.login, str(one.id or "-"), STATES[one.state], one.called, f"{since:%Y-%m-%d %H:%M}"


def _values(one: "Account") -> dict[str, Any]:
    return {
        "login": one.login,
        "id": one.id,
        "state": one.state,
        "how": one.how,
        "called": one.called,
        "seen_at": one.seen_at.isoformat(),
        "bound_at": one.bound_at.isoformat() if one.bound_at else None,
        "bound_by": one.bound_by,
    }
