"""Writes deliveries, and what they bear witness to, to disk: one batch per transaction, as fast as the database allows.

On SQLite they go to a file of their own (`database/spool.py`), from which `deliveries.take_in` moves them into the
tables. They are added in the event loop's thread, which takes microseconds because hardly anybody else holds the lock;
the commit, which waits for the disk, runs in a worker thread. A single delivery on an idle bot is committed directly
unless the last commits were slow: the worker would cost as much as the commit. Work that may wait for a lock or for
PostgreSQL always runs in the worker.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import PoolProxiedConnection
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from bot.model import Envelope
from bot.store import witnesses
from bot.store.database import spool, sqlite
from bot.store.database.session import Store
from bot.store.database.worker import Worker

ON_THE_SPOT_SECONDS = 0.005
"""A single delivery is committed on the event loop while commits take less than this."""

CLOSE_SECONDS = 5.0
_COLUMNS = tuple(Envelope.model_fields)


class NotWritten(Exception):
    """A delivery could not be stored; the text is the first line of the driver's message."""


Outcome = bool | NotWritten
"""True: stored now; False: already stored."""

Tell = Callable[[Sequence[Outcome]], None]


class DeliveryWriter:
    """One connection that adds deliveries; one `write` at a time."""

    def __init__(self, store: Store) -> None:
        self._sqlite = store.spool is not None
        self._engine = store.blocking if store.spool is None else store.spool.writing
        self._database = store.blocking
        self._statement = spool.INSERTION if self._sqlite else _insertion()
        self._bearing = witnesses.insertion(["%s"] * len(witnesses.COLUMNS))
        dbapi: Any = self._engine.dialect.loaded_dbapi
        self._passing = (dbapi.OperationalError, OperationalError)
        self._errors = (dbapi.Error, SQLAlchemyError, ValueError, OverflowError)
        self._worker = Worker("deliveries")
        self._connection: PoolProxiedConnection | None = None
        self._reading: PoolProxiedConnection | None = None
        self._patient = True  # as connections come
        self._last_commit = 0.0

    async def write(self, envelopes: Sequence[Envelope], tell: Tell) -> None:
        """Store new deliveries and report each one's result as early as possible.

        A connection error is retried once on a new connection; an invalid row fails alone.
        """
        try:
            try:
                await self._together(envelopes, tell)
            except self._passing:
                await self._together(envelopes, tell)
        except self._passing as error:
            tell([_refusal(error)] * len(envelopes))
        except self._errors:
            tell(await self._worker.run(partial(self._apart, envelopes)))

    def close(self) -> None:
        """Close thread and connection."""
        self._worker.close(CLOSE_SECONDS)
        self._drop()
        if self._reading is not None:
            self._reading.invalidate()

    async def _together(self, envelopes: Sequence[Envelope], tell: Tell) -> None:
        added = self._add_at_once(envelopes) if self._sqlite else None
        if added is None:
            tell(await self._worker.run(partial(self._waiting, envelopes)))
        elif added < len(envelopes):
            self._drop()
            tell(await self._worker.run(partial(self._apart, envelopes)))
        elif added == 1 and self._last_commit < ON_THE_SPOT_SECONDS:
            self._commit()
            tell([True])
        else:
            await self._worker.run(self._commit, lambda _: tell([True] * added))

    def _add_at_once(self, envelopes: Sequence[Envelope]) -> int | None:
        """Like `_add`, but None if another process holds the lock."""
        try:
            return self._add(envelopes)
        except sqlite3.OperationalError as error:
            if not sqlite.is_busy(error):
                raise
            return None

    def _waiting(self, envelopes: Sequence[Envelope]) -> list[Outcome]:
        added = self._add(envelopes, patient=True)
        if added < len(envelopes):
            self._drop()
            return self._apart(envelopes)
        self._commit()
        return [True] * added

    def _apart(self, envelopes: Sequence[Envelope]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for envelope in envelopes:
            try:
                stored = self._add([envelope], patient=True) == 1
                self._commit()
            except self._errors as error:
                outcomes.append(_refusal(error))
            else:
                outcomes.append(stored)
        return outcomes

    def _add(self, envelopes: Sequence[Envelope], *, patient: bool = False) -> int:
        """Begin a transaction, add the rows, return how many are new."""
        rows = self._rows(envelopes)
        try:
            cursor = self._connected().cursor()
            if self._sqlite:
                if patient is not self._patient:
                    cursor.execute(f"PRAGMA busy_timeout={sqlite.BUSY_SECONDS * 1000 * patient}")
                    self._patient = patient
                cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(self._statement, rows)
            added = cursor.rowcount if rows else 0
            if not self._sqlite and (seen := sorted(witnesses.row_of(one) for one in envelopes if one.bears_witness)):
                cursor.executemany(self._bearing, seen)
        except BaseException:
            self._drop()
            raise
        return added

    def _commit(self) -> None:
        begun = time.perf_counter()
        try:
            self._connected().commit()
        except BaseException:
            self._drop()
            raise
        self._last_commit = time.perf_counter() - begun

    def _connected(self) -> PoolProxiedConnection:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
            self._patient = True
        return self._connection

    def _drop(self) -> None:
        """Discard the connection and its open transaction; the next use opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            # A closed SQLite connection keeps its lock while a cursor is referenced (by a traceback): roll back first.
            with suppress(*self._errors):
                connection.rollback()
            connection.invalidate()

    def _rows(self, envelopes: Sequence[Envelope]) -> list[tuple[Any, ...]]:
        if self._sqlite:
            return [(one.id, _json(one)) for one in envelopes if not self._known(one.id)]
        # Sorted by id: two processes that store the same ids cannot deadlock.
        return sorted(tuple(vars(envelope).values()) for envelope in envelopes)

    def _known(self, name: str) -> bool:
        """Say whether the database has a delivery. If it cannot say, a repeated one costs one more evaluation."""
        try:
            if self._reading is None:
                self._reading = self._database.raw_connection()
                self._reading.cursor().execute("PRAGMA busy_timeout=0")
            cursor = self._reading.cursor()
            found = cursor.execute(spool.KNOWN, (name,)).fetchone()
            cursor.close()
        except self._errors:
            if self._reading is not None:
                self._reading.invalidate()
                self._reading = None
            return False
        return found is not None


def _json(envelope: Envelope) -> str:
    """Return an envelope as the tables can take it. Raises OverflowError for numbers that they cannot."""
    for value in vars(envelope).values():
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise OverflowError("a number of the delivery is too large")
    return envelope.model_dump_json()


def _insertion() -> str:
    # Bypasses SQLAlchemy's statement compiler, which would double the cost per row.
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    values = ", ".join(["%s"] * len(_COLUMNS))
    return f"INSERT INTO deliveries ({names}) VALUES ({values}) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - own names


def _refusal(error: BaseException) -> NotWritten:
    return NotWritten(str(getattr(error, "orig", None) or error).strip().partition("\n")[0])
