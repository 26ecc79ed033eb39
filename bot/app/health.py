"""Health and metrics over HTTP: `/healthz`, `/readyz` and `/metrics`.

`/readyz` asks the database, Forgejo, git and the disk at most once in some seconds, whoever asks how often: anonymous
requests must not become requests to Forgejo. Its request to Forgejo uses none of the slots of evaluations.
"""

import asyncio
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from bot.app.machine import Machine
from bot.app.receiver import Page
from bot.forgejo.errors import ForgejoError, Unauthorised
from bot.git import GitError, installed_git
from bot.store import StoreError

log = structlog.get_logger(__name__)

MIN_FREE_BYTES = 200 * 1024 * 1024
READY_SECONDS = 5.0
FORGEJO_SECONDS = 5.0
RENEW = (
    "create a new token for the bot's account in Forgejo, write it to ASSAY_TOKEN_FILE or ASSAY_TOKEN, and restart "
    "assay serve"
)


@dataclass(frozen=True)
class Readiness:
    """An answer of `/readyz`: the parts by name, what is known of the server, and logins that others have now."""

    parts: dict[str, str]
    server: dict[str, object]
    accounts: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Return whether all parts work."""
        return all(part == "ok" for part in self.parts.values())


class Health:
    """Answers the three paths. `clock` gives monotonic seconds.

    A process that only receives (`receives_only`) is ready while it can store deliveries, whatever Forgejo does.
    """

    def __init__(
        self, machine: Machine, clock: Callable[[], float] = time.monotonic, *, receives_only: bool = False
    ) -> None:
        self._machine = machine
        self._clock = clock
        self._receives_only = receives_only
        self._known: Readiness | None = None
        self._known_at = 0.0
        self._asking: asyncio.Task[Readiness] | None = None

    def pages(self) -> dict[str, Page]:
        """Return what answers each path."""
        return {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": self._metrics}

    async def readiness(self) -> Readiness:
        """Return the answer of the last seconds, or ask; many who ask at once share one question."""
        if self._known is not None and self._clock() - self._known_at < READY_SECONDS:
            return self._known
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def stop(self) -> None:
        """End a question that is being asked."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> Readiness:
        checks = {"database": self._database()}
        if not self._receives_only:
            checks |= {"forgejo": self._forgejo(), "git": self._git(), "mirrors": self._disk()}
        answers = dict(zip(checks, await asyncio.gather(*checks.values()), strict=True))
        self._known, self._known_at = Readiness(answers, self.server(), await self._accounts()), self._clock()
        return self._known

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _readyz(self, _request: web.Request) -> web.Response:
        found = await self.readiness()
        # A process that only receives asks the server nothing, so it knows nothing of it.
        more = {} if self._receives_only else {"server": found.server, "accounts": [*found.accounts]}
        return web.json_response({**found.parts, **more}, status=200 if found.ready else 503)

    def server(self) -> dict[str, object]:
        """Return what is known of the server; an old server does not make the bot unready."""
        known = self._machine.server.known
        return {
            "product": known.product,
            "version": known.text,
            "notes": [note for note in (known.unsupported, known.untested) if note],
            "missing": [str(feature) for feature in known.missing],
        }

    async def _accounts(self) -> tuple[str, ...]:
        """Return the logins that another account has now; they do not make the bot unready."""
        with suppress(StoreError, SQLAlchemyError):
            return await self._machine.accounts.problems()
        return ()

    async def _database(self) -> str:
        try:
            await self._machine.store.ping()
        except StoreError as fault:
            log.warning("database.not-writable", error=str(fault))
            return "the database cannot be written: it is locked, full, damaged or not reachable; see the log"
        return "ok"

    async def _forgejo(self) -> str:
        politeness = self._machine.client.politeness
        if pause := politeness.pause():
            why = "fails" if politeness.failing else "asked the bot to wait"
            return f"Forgejo {why}; requests wait {pause:.0f} s more; deliveries are still accepted and stored"
        try:
            async with asyncio.timeout(FORGEJO_SECONDS):
                await self._machine.server.ask()
        except Unauthorised:
            return f"Forgejo rejects the bot's token; {RENEW}"
        except (ForgejoError, TimeoutError):
            return "Forgejo does not answer; deliveries are still accepted and stored"
        return "ok"

    async def _git(self) -> str:
        try:
            await installed_git()
        except GitError as fault:
            return str(fault)
        return "ok"

    async def _disk(self) -> str:
        unmade = self._machine.mirrors.soundness.unmade
        if unmade:
            name, why = next(iter(sorted(unmade.items())))
            return f"mirrors that cannot be made: {len(unmade)}, such as {name}: {why}"
        try:
            free = shutil.disk_usage(self._machine.mirrors.root).free
        except OSError as fault:
            return f"cannot read the mirrors folder ({fault.strerror}); create it again"
        return "ok" if free >= MIN_FREE_BYTES else f"only {free // 2**20} MiB free for mirrors; free disk space"

    async def _metrics(self, _request: web.Request) -> web.Response:
        body = generate_latest(self._machine.metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
