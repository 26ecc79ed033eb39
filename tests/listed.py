"""The accounts of tests: known by a database of their own, and by default nobody is listed."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.forgejo import ForgejoAPI
from bot.store import Store, open_store
from bot.thread import Accounts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@asynccontextmanager
async def accounts_in(root: Path, client: ForgejoAPI) -> AsyncIterator[Accounts]:
    """Accounts of a new SQLite database."""
    store = await open_store(f"sqlite:///{root / 'accounts.db'}")
    try:
        yield accounts_of(store, client)
    finally:
        await store.close()


def accounts_of(
    store: Store,
    client: ForgejoAPI,
    operators: tuple[str, ...] = (),
    me: tuple[int, str] = (1, "assay-bot"),
    alarm: Callable[[], None] = lambda: None,
) -> Accounts:
    """Accounts of an open database."""
    return Accounts(client, store, operators, lambda: me, lambda: NOW, alarm)
