"""The accounts that listed logins mean: each login is bound to the id of one account.

Every function works inside a transaction of its caller. Logins are compared in lower case, as Forgejo compares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.ledger import Entry, append, lock
from bot.store.tables import AccountRow

State = Literal["bound", "missing", "unconfirmed", "former"]
How = Literal["settings", "policy", "seen", "command"]
NOBODY = 0
"""The account id of a login that nobody had when it was first looked up."""


@dataclass(frozen=True)
class Account:
    """An account under a listed login; `called` is its last known login."""

    login: str
    id: int
    state: str
    how: str
    called: str
    seen_at: datetime
    bound_at: datetime | None = None
    bound_by: str = ""


async def known(session: AsyncSession) -> tuple[Account, ...]:
    """Return all accounts, by login and time."""
    query = select(AccountRow).order_by(AccountRow.login, AccountRow.seen_at, AccountRow.account_id)
    return tuple(
        Account(
            login=row.login,
            id=row.account_id,
            state=row.state,
            how=row.how,
            called=row.called,
            seen_at=row.seen_at,
            bound_at=row.bound_at,
            bound_by=row.bound_by,
        )
        for row in (await session.execute(query)).scalars()
    )


async def looked_up(session: AsyncSession, login: str, account_id: int, how: How, at: datetime) -> None:
    """Bind a login that is not known yet to the account that has it, or record that nobody has it (id 0)."""
    if await _of(session, login):
        return
    bound = account_id != NOBODY
    row = _row(login, account_id, "bound" if bound else "missing", how, at)
    row.bound_at = at if bound else None
    session.add(row)
    await append(session, [_entry(row, row.state, {"how": how})], at)


async def adopt(session: AsyncSession, login: str, account_id: int, at: datetime) -> None:
    """Record that the settings list a login that was bound for a policy, and that the server confirms its account."""
    for row in await _of(session, login):
        if row.account_id == account_id and row.state == "bound" and row.how == "policy":
            row.how = "settings"
            await append(session, [_entry(row, "adopted", {"how": row.how})], at)


async def seen(session: AsyncSession, login: str, account_id: int, at: datetime) -> bool:
    """Record that an account which the login does not mean has it now; return whether that is news."""
    rows = {row.account_id: row for row in await _of(session, login)}
    row = rows.get(account_id)
    if row is not None and row.state in {"unconfirmed", "bound"}:
        return False
    if row is None:
        row = _row(login, account_id, "unconfirmed", "seen", at)
        session.add(row)
    row.state, row.seen_at, row.called = "unconfirmed", at, login
    bound = [one.account_id for one in rows.values() if one.state == "bound"]
    await append(session, [_entry(row, "login-taken", {"means": bound}, kind="alarm")], at)
    return True


async def renamed(session: AsyncSession, account_id: int, called: str, at: datetime) -> bool:
    """Record what an account is called now; return whether that is news."""
    query = select(AccountRow).where(AccountRow.account_id == account_id, AccountRow.called != called)
    rows = list((await session.execute(query)).scalars())
    for row in rows:
        before, row.called = row.called, called
        await append(session, [_entry(row, "renamed", {"from": before, "to": called})], at)
    return bool(rows)


async def returned(session: AsyncSession, login: str) -> bool:
    """Record that the account which a login means has it; return whether another one had it before."""
    rows = [row for row in await _of(session, login) if row.state == "unconfirmed"]
    for row in rows:
        row.state = "former"
    return bool(rows)


async def confirm(session: AsyncSession, login: str, account_id: int, by: str, at: datetime) -> None:
    """Bind a login to an account on an operator's command; the account that it meant before loses it."""
    rows = {row.account_id: row for row in await _of(session, login)}
    before = [row.account_id for row in rows.values() if row.state == "bound" and row.account_id != account_id]
    for row in rows.values():
        if row.state == "bound":
            row.state = "former"
    missing = rows.get(NOBODY)
    if missing is not None:
        await session.delete(missing)
    row = rows.get(account_id) or _row(login, account_id, "bound", "command", at)
    session.add(row)
    row.state, row.how, row.called, row.bound_at, row.bound_by = "bound", "command", login, at, by
    await append(session, [_entry(row, "confirmed", {"before": before}, actor=by)], at)


def folded(login: str) -> str:
    """Return a login as it is stored and compared."""
    return login.casefold()


async def _of(session: AsyncSession, login: str) -> Sequence[AccountRow]:
    """Return the rows of a login. No other process can change them before the transaction ends."""
    await lock(session)
    found = await session.execute(select(AccountRow).where(AccountRow.login == folded(login)))
    return found.scalars().all()


def _row(login: str, account_id: int, state: State, how: How, at: datetime) -> AccountRow:
    return AccountRow(
        login=folded(login), account_id=account_id, state=state, how=how, called=login, seen_at=at, bound_by=""
    )


def _entry(row: AccountRow, what: str, detail: dict[str, object], *, actor: str = "", kind: str = "account") -> Entry:
    return Entry(
        kind,
        "",
        0,
        actor or row.called,
        object=f"account:{row.login}"[:255],
        detail={"what": what, "id": row.account_id, **detail},
    )
