"""The durable log of deliveries: `put` returns when the envelope is on disk.

Group commit: one batch is written at a time, and deliveries that arrive meanwhile go into the next batch. So an idle
inbox commits at once, and under load one commit serves many deliveries. Transactions of evaluations do not delay it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from bot.model import Envelope
from bot.store import DeliveryWriter, NotWritten, Outcome, Store, StoreError, deliveries

PATIENCE = 4.0
"""Seconds until a delivery that could not be stored is refused; Forgejo waits five seconds for an answer."""

RECOUNT_SECONDS = 1.0
MAX_WAITING = 2_000
QUIET_TURNS = 2
MAX_BATCH = 128


class Stored(StrEnum):
    """The result of `put`: the delivery is new, or it was already stored."""

    NEW = "new"
    KNOWN = "known"


class InboxFull(Exception):
    """More deliveries are waiting than the limits allow; the sender has to retry later."""


class InboxUnavailable(Exception):
    """The delivery cannot be stored now; the text says why."""


@dataclass(slots=True)
class _Waiting:
    envelope: Envelope
    answer: asyncio.Future[Stored]
    since: float


class Inbox:
    """The inbox of one process: call `start` before the first `put`, `stop` before the store is closed."""

    def __init__(
        self,
        store: Store,
        *,
        max_backlog: int = 20_000,
        patience: float = PATIENCE,
        on_stored: Callable[[], object] | None = None,
    ) -> None:
        self.backlog = 0
        self._stored = 0
        self._store = store
        self._max_backlog = max_backlog
        self._patience = patience
        self._on_stored = on_stored
        self._writer = DeliveryWriter(store)
        self._waiting: deque[_Waiting] = deque()
        self._batch: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._counting: asyncio.Task[None] | None = None
        self._stopped = False

    async def start(self) -> None:
        """Count the deliveries that wait for a routing pass, now and every few seconds: others route them."""
        await self.recount()
        self._counting = asyncio.get_running_loop().create_task(self._recounts())

    async def recount(self) -> None:
        """Count the deliveries that wait for a routing pass; those that are stored meanwhile may count twice."""
        before = self._stored
        found = await deliveries.count_waiting(self._store)
        self.backlog = found + self._stored - before

    async def stop(self) -> None:
        """Write the waiting deliveries, then stop; later ones are refused."""
        self._stopped = True
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.gather(self._counting, return_exceptions=True)
        if self._writing is not None:
            await self._writing
        if self._watch is not None:
            self._watch.cancel()
        self._writer.close()

    async def put(self, envelope: Envelope) -> Stored:
        """Store an envelope durably. Raises InboxFull or InboxUnavailable."""
        if self._stopped:
            raise InboxUnavailable("the bot is shutting down")
        if self.backlog >= self._max_backlog or len(self._waiting) >= MAX_WAITING:
            raise InboxFull(f"backlog full: {self.backlog} deliveries not routed, {len(self._waiting)} not stored")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Stored] = loop.create_future()
        self._waiting.append(_Waiting(envelope, answer, loop.time()))
        if self._writing is None:
            self._writing = loop.create_task(self._write())
        if self._watch is None:
            self._watch = loop.call_later(self._patience, self._refuse_the_late)
        return await answer

    async def _recounts(self) -> None:
        while True:
            await asyncio.sleep(RECOUNT_SECONDS)
            if self.backlog:
                with suppress(StoreError, SQLAlchemyError):  # the estimate stays; the next count corrects it
                    await self.recount()

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._let_more_in()
                self._take_batch()
                await self._store_batch([entry.envelope for entry in self._batch])
        finally:
            self._writing = None

    async def _let_more_in(self) -> None:
        """If several deliveries wait, wait for more until two turns of the loop bring nothing new."""
        quiet = 0
        while quiet < QUIET_TURNS and 1 < len(self._waiting) < MAX_BATCH:
            before = len(self._waiting)
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._waiting) == before else 0

    def _take_batch(self) -> None:
        self._batch = []
        while self._waiting and len(self._batch) < MAX_BATCH:
            entry = self._waiting.popleft()
            if not entry.answer.done():  # refused or cancelled while it waited
                self._batch.append(entry)

    async def _store_batch(self, envelopes: list[Envelope]) -> None:
        if not envelopes:
            return
        await self._writer.write(envelopes, self._answer)

    def _answer(self, outcomes: Sequence[Outcome]) -> None:
        new = sum(outcome is True for outcome in outcomes)
        self._stored += new
        self.backlog += new
        for entry, outcome in zip(self._batch, outcomes, strict=True):
            if entry.answer.done():
                continue
            if isinstance(outcome, NotWritten):
                entry.answer.set_exception(InboxUnavailable(str(outcome)))
            else:
                entry.answer.set_result(Stored.NEW if outcome else Stored.KNOWN)
        if new and self._on_stored is not None:
            self._on_stored()

    def _refuse_the_late(self) -> None:
        """Refuse deliveries that waited too long. One timer serves all: a timer for each one would cost too much."""
        loop = asyncio.get_running_loop()
        self._watch = None
        if self._writing is None:
            return
        late = loop.time() - self._patience
        for entry in (*self._batch, *self._waiting):
            if entry.since <= late and not entry.answer.done():
                entry.answer.set_exception(InboxUnavailable(f"the database took longer than {self._patience:g} s"))
        self._watch = loop.call_later(self._patience / 8, self._refuse_the_late)
