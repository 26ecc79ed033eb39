"""The store: one database, opened once for a process, used in short transactions.

SQLite by default, PostgreSQL by URL; `sqlite.py` handles what is different about SQLite. A transaction commits when its
block ends and rolls back when the block raises.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Engine, create_engine, inspect, make_url
from sqlalchemy import Table as CoreTable
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bot.engine.schema import QueueSchema
from bot.store.database import sqlite
from bot.store.database import upgrade as schema
from bot.store.database.alone import locked_file, locked_row
from bot.store.database.probe import Damage, probe
from bot.store.database.spool import Spool
from bot.store.database.turn import Turn
from bot.store.database.upgrade import Part, Schema, SchemaError
from bot.store.tables import LedgerEntry, Table

Result = TypeVar("Result")
PING_SECONDS = 8.0
FEW, MORE = 5, 10
"""How many connections are kept at least, and how many more there may be for schedules and pages of health."""

_ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
_BLOCKING_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


class StoreError(Exception):
    """A database error; the text says why and what to do, and never contains the password."""


class Store:
    """An open database. Made by `open_store`, ended by `close`. `users` hold one connection each, at most."""

    def __init__(self, url: URL, users: int = FEW) -> None:
        self.url = url
        self.dialect = url.get_backend_name()
        options = sqlite.CONNECT if self.dialect == "sqlite" else {}
        self.engine: AsyncEngine = create_async_engine(
            url.set(drivername=_ASYNC_DRIVERS[self.dialect]),
            connect_args=options,
            pool_size=max(FEW, users),
            max_overflow=MORE,
        )
        self.blocking: Engine = create_engine(url.set(drivername=_BLOCKING_DRIVERS[self.dialect]), connect_args=options)
        if self.dialect == "sqlite":
            sqlite.attend(self.engine.sync_engine)
            sqlite.attend(self.blocking)
        self.damage = Damage()
        self.damage.watch(self.engine.sync_engine)
        self._writing = self.engine.execution_options(**{sqlite.WRITES: True})
        self._turn = Turn() if self.dialect == "sqlite" else None
        self.spool = Spool(Path(url.database or "")) if self.dialect == "sqlite" else None
        """Where deliveries are stored first, if not in the database itself."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction that may write. Keep it short: on SQLite the next writer waits for its end.

        Raises StoreError if earlier writers do not finish in time.
        """
        async with self.turn(), AsyncSession(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One transaction that only reads; it waits for no writer."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the right to write: the most pressing work first, then in order of arrival.

        SQLite has one writer, and waiting writers race for its lock: an inbox under load would block all others.
        PostgreSQL needs no turns.
        """
        if self._turn is None:
            yield
            return
        async with AsyncExitStack() as held:
            try:
                await held.enter_async_context(self._turn.taken())
            except TimeoutError:
                raise StoreError(
                    "timeout: other transactions have been writing for too long; check for a slow disk, or for a "
                    "nested transaction"
                ) from None
            yield

    def again(self) -> "Store":
        """Return the same database with connections of their own, for another event loop."""
        return Store(self.url)

    @asynccontextmanager
    async def alone(self, what: str, number: int) -> AsyncIterator[None]:
        """Do something with a repository or another numbered thing in one process at a time.

        Raises StoreError if another process does not finish in time.
        """
        if self.dialect == "sqlite":
            place = Path(self.url.database or "")
            lock = locked_file(place.with_name(f"{place.stem}.locks"), what, number)
        else:
            lock = locked_row(self.engine, what, number)
        async with AsyncExitStack() as held:
            try:
                await held.enter_async_context(lock)
            except TimeoutError:
                raise StoreError(f"timeout: another process of the bot changes {what} for too long") from None
            yield

    async def ping(self) -> None:
        """Return if the database can be read and written; raise StoreError if not, within some seconds."""
        try:
            async with asyncio.timeout(PING_SECONDS), self.session() as session:
                await probe(session, self.dialect)
        except TimeoutError:
            raise StoreError(f"the database did not take a write within {PING_SECONDS:.0f} s") from None
        except SQLAlchemyError as error:
            raise _unusable(self.url, error) from error
        if self.damage.found:
            raise StoreError(f"the database is damaged: {self.damage.found}; restore it from a backup and restart")

    async def close(self) -> None:
        """Close all connections."""
        if self.spool is not None:
            await self.spool.close()
        await self.engine.dispose()
        self.blocking.dispose()


async def open_store(url: str, *, create: bool = True, parts: Sequence[Part] | None = None, users: int = FEW) -> Store:
    """Open the database at `url`; if it is missing or empty, create it unless told not to.

    A SQLite database is migrated to the newest schema. Takes `sqlite:///path`, `sqlite+aiosqlite:///path`,
    `postgresql://…` and `postgresql+psycopg://…`. `parts` are the schemas that it needs beside the bot's own, usually
    on PostgreSQL those of the queue; `users` is how many evaluations use it at once.
    Raises StoreError if it cannot be opened, and for PostgreSQL if its schema isn't the one of this version.
    """
    store = Store(_known(url), users)
    try:
        if not create:
            await asyncio.to_thread(_check_existing, store)
        await asyncio.to_thread(_changed, store, lambda: schema.prepare(store.blocking, _parts(store, parts)))
    except BaseException:
        await store.close()
        raise
    return store


def upgrade_database(url: str, parts: Sequence[Part] | None = None) -> tuple[Schema, Schema]:
    """Bring the database at `url` to this version's schema, and create it if it is missing.

    Returns the schema before and after. Raises StoreError.
    """
    with _closing(url) as store:
        return _changed(store, lambda: schema.upgrade(store.blocking, _parts(store, parts)))


def downgrade_database(url: str, revision: str) -> tuple[Schema, Schema]:
    """Take the database at `url` back to an older revision; return the schema before and after. Raises StoreError."""
    with _closing(url) as store:
        _check_existing(store)
        return _changed(store, lambda: schema.downgrade(store.blocking, revision))


def read_schema(url: str, parts: Sequence[Part] | None = None) -> Schema:
    """Return the schema of the database at `url`, which must exist. Raises StoreError."""
    with _closing(url) as store:
        _check_existing(store)
        return _changed(store, lambda: schema.read(store.blocking, _parts(store, parts)))


async def upsert(
    session: AsyncSession,
    table: type[Table],
    rows: Sequence[Mapping[str, Any]],
    keys: Collection[str],
    set_: Collection[str] | Mapping[str, Any],
) -> None:
    """Insert rows, or update those whose `keys` exist.

    `set_` names the columns that take the new row's value, or maps columns to expressions. The rows
    share one set of columns.
    """
    if not rows:
        return
    core = table.__table__
    if not isinstance(core, CoreTable):
        raise TypeError(f"cannot insert rows into {table.__name__}")
    dialect = sqlite_dialect if session.get_bind().dialect.name == "sqlite" else postgresql_dialect
    statement = dialect.insert(core)
    change = dict(set_) if isinstance(set_, Mapping) else {name: statement.excluded[name] for name in set_}
    await session.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=change), list(rows))


def _known(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("invalid database URL; use sqlite:///path or postgresql://user@host/name") from None
    backend = parsed.get_backend_name()
    if "\0" in (parsed.database or ""):
        raise StoreError("invalid database URL; it must not contain %00")
    if parsed.drivername not in {backend, _ASYNC_DRIVERS.get(backend), _BLOCKING_DRIVERS.get(backend)} or (
        backend not in _ASYNC_DRIVERS
    ):
        raise StoreError(f"unsupported database {parsed.drivername!r}; use SQLite or PostgreSQL")
    if backend == "sqlite" and (not parsed.database or parsed.database.startswith((":memory:", "file:"))):
        raise StoreError("the SQLite database must be a file; use sqlite:///path/to/assay.db")
    return parsed


def _check_existing(store: Store) -> None:
    """Raise StoreError if there is no database of the bot; nothing is created."""
    try:
        missing = store.dialect == "sqlite" and not Path(store.url.database or "").is_file()
        if not missing and inspect(store.blocking).has_table(LedgerEntry.__tablename__):
            return
    except SQLAlchemyError as error:
        raise _unusable(store.url, error) from error
    place = store.url.render_as_string(hide_password=True)
    next_step = "run the command in the bot's folder, or set ASSAY_DATA_DIR or ASSAY_DATABASE_URL"
    if store.dialect == "postgresql":
        next_step = "run assay db upgrade to create its tables, or check ASSAY_DATABASE_URL"
    raise StoreError(f"there is no database of the bot at {place}; {next_step}")


def _parts(store: Store, wanted: Sequence[Part] | None) -> Sequence[Part]:
    if wanted is not None:
        return wanted
    return (QueueSchema(),) if store.dialect == "postgresql" else ()


@contextmanager
def _closing(url: str) -> Iterator[Store]:
    store = Store(_known(url))
    try:
        yield store
    finally:
        store.blocking.dispose()


def _changed(store: Store, work: Callable[[], Result]) -> Result:
    """Return the result of work on the schema. Raises StoreError."""
    try:
        if store.dialect == "sqlite":
            sqlite.prepare_file(Path(store.url.database or ""))
        found = work()
        if store.spool is not None:
            store.spool.prepare()
    except SchemaError as error:
        raise StoreError(str(error)) from error
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise _unusable(store.url, error) from error
    return found


def _unusable(url: URL, error: Exception) -> StoreError:
    # The first line of a driver's message; SQLAlchemy adds statement and parameters below it.
    reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    return StoreError(f"the database {url.render_as_string(hide_password=True)} cannot be used: {reason}")
