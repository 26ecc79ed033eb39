"""Looks at the statuses of the heads of open pull requests: Forgejo tells of no status, and anybody may set one.

One request for each head, since the server offers none for many; only where they differ from those that should be
there, the pull request is evaluated.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.concurrent import run_each
from bot.engine import Engine
from bot.forgejo import ForgejoAPI
from bot.forgejo.errors import ForgejoError, Paused, Unreachable
from bot.model import Target
from bot.store import Store
from bot.store.scheduling import due
from bot.thread import read_statuses, statuses_digest

log = structlog.get_logger(__name__)

EACH = timedelta(minutes=10)
EACH_WITH_RUNS = timedelta(minutes=35)
"""How often the statuses of a head are looked at; the second where deliveries tell of the end of runs."""
MOST = 600
"""Heads in one round of a minute: with more than 6,000 open pull requests, each is looked at less often."""
AT_ONCE = 8
PRIORITY = 4


class Heads:
    """Compares the statuses of heads with those that the last evaluation left."""

    def __init__(self, client: ForgejoAPI, store: Store, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._store = store
        self._engine = engine
        self._clock = clock

    async def compare(self) -> None:
        """Look at the statuses of the pull requests that are due, and evaluate those with other ones."""
        async with self._store.read() as session:
            watched = await due.watched(session, self._clock(), EACH, EACH_WITH_RUNS, MOST)
        seen: list[Target] = []

        async def look(one: due.Watched) -> None:
            if await self._differs(one):
                await self._engine.submit(one.target, priority=PRIORITY)
            seen.append(one.target)

        try:
            await run_each(AT_ONCE, look, watched)
        except (Paused, Unreachable) as fault:
            log.info("resync.statuses-not-read", error=str(fault), seen=len(seen), due=len(watched))
        async with self._store.session() as session:
            await due.watched_at(session, seen, self._clock())

    async def _differs(self, one: due.Watched) -> bool:
        """Return whether a head's statuses differ, or can't be read. Raises Paused and Unreachable."""
        try:
            found = await read_statuses(self._client, one.target.repository, one.head)
        except (Paused, Unreachable):
            raise
        except ForgejoError:
            return True
        return statuses_digest(found) != one.statuses
