"""The accounts in the database, which several processes may write at once."""

import asyncio
from datetime import UTC, datetime

from bot.store import Store, accounts, ledger, open_store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_processes_that_look_up_a_login_at_once_bind_it_once(store_url: str) -> None:
    stores = [await open_store(store_url) for _ in range(4)]

    async def look_up(store: Store, number: int) -> None:
        async with store.session() as session:
            await accounts.looked_up(session, "zoe", number, "settings", NOW)

    await asyncio.gather(*(look_up(store, number) for number, store in enumerate(stores, 5)))
    async with stores[0].read() as session:
        assert [(one.login, one.state) for one in await accounts.known(session)] == [("zoe", "bound")]
        assert await ledger.verify(session) == ledger.Proof(1)
    for store in stores:
        await store.close()


async def test_a_login_that_means_an_account_is_not_looked_up_again(store: Store) -> None:
    async with store.session() as session:
        await accounts.looked_up(session, "Zoe", 5, "settings", NOW)
        await accounts.looked_up(session, "zoe", 9, "policy", NOW)
        await accounts.looked_up(session, "zoe", accounts.NOBODY, "policy", NOW)
        assert await accounts.seen(session, "zoe", 9, NOW)
        assert not await accounts.seen(session, "zoe", 9, NOW)
        assert not await accounts.seen(session, "zoe", 5, NOW)
    async with store.read() as session:
        found = {(one.id, one.state, one.called) for one in await accounts.known(session)}
    assert found == {(5, "bound", "Zoe"), (9, "unconfirmed", "zoe")}


async def test_a_confirmed_login_means_one_account(store: Store) -> None:
    async with store.session() as session:
        await accounts.looked_up(session, "zoe", accounts.NOBODY, "settings", NOW)
        for number in (9, 5, 9):
            await accounts.confirm(session, "zoe", number, "root", NOW)
    async with store.read() as session:
        found = {(one.id, one.state, one.bound_by) for one in await accounts.known(session)}
        assert [one.detail["before"] for one in await ledger.tail(session, 3)] == [[], [9], [5]]
    assert found == {(5, "former", "root"), (9, "bound", "root")}
