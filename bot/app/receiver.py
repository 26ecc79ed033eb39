"""The receiving side of the server: the ports, the webhook endpoint and the inbox.

It needs the settings and the database, and nothing of Forgejo, git or the checks, so that it can run alone.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from bot.addresses import REACHED, local_address
from bot.config import ConfigError, Settings
from bot.intake import HookSecrets, Inbox, add_webhook
from bot.port import Bodies, Port, PortLimits, TooFewFiles, open_files, port_limits
from bot.store import Store
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)

HEALTH_CONNECTIONS = 64


Page = Callable[[web.Request], Coroutine[Any, Any, web.Response]]
"""Answers one path, such as `/healthz`."""


class Receiver:
    """Accepts deliveries and stores them durably. `on_stored` is called after each batch of new ones.

    All of it is used on one event loop: that on which `running` is entered.
    """

    def __init__(  # noqa: PLR0913 - the parts of one side of the server, by keyword
        self,
        settings: Settings,
        store: Store,
        *,
        secrets: HookSecrets,
        metrics: Metrics,
        pages: Mapping[str, Page],
        clock: Callable[[], datetime],
        on_stored: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._metrics = metrics
        self._pages = pages
        self._clock = clock
        self.inbox = Inbox(store, max_backlog=settings.max_backlog, on_stored=on_stored)
        self.health_address = ""
        self._bodies = Bodies(settings.bodies_bytes())
        self._app = self._application()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Accept deliveries and yield the address for them. Raises ConfigError if the process may open too few files.

        At the end the ports are closed first, then what waits is stored.
        """
        limits = self._limits()
        await self.inbox.start()
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self.inbox.stop)
            yield await self._listen(limits, closing)

    def _limits(self) -> PortLimits:
        settings = self._settings
        try:
            return port_limits(settings.max_connections, settings.max_connections_per_address, open_files())
        except TooFewFiles as fault:
            raise ConfigError(str(fault)) from None

    async def _listen(self, limits: PortLimits, closing: AsyncExitStack) -> str:
        """Open the ports, and return the address for deliveries; health and metrics may have a port of their own."""
        settings, closed = self._settings, self._metrics.connections_closed
        port = Port(self._app, limits, bodies=self._bodies, on_closed=lambda why: closed.labels(reason=why).inc())
        closing.push_async_callback(port.stop)
        number = await port.start(settings.host, settings.port)
        address = local_address(REACHED.get(settings.host, settings.host), number)
        self.health_address = await self._listen_for_health(closing) or address
        log.info("listening", address=address, health=self.health_address)
        return address

    async def _listen_for_health(self, closing: AsyncExitStack) -> str:
        host, wanted = self._settings.health_host, self._settings.health_port
        if wanted is None:
            return ""
        return await closing.enter_async_context(health_port(self._pages, host, wanted))

    def _application(self) -> web.Application:
        app = web.Application()
        add_webhook(
            app,
            self.inbox,
            secrets=self._secrets,
            witness_key=self._settings.installation_key(),
            limit=self._settings.max_body_bytes,
            clock=self._clock,
            bodies=self._bodies,
            on_result=lambda result: self._metrics.deliveries.labels(result=result).inc(),
        )
        if self._settings.health_port is None:
            _add_pages(app, self._pages)
        return app


@asynccontextmanager
async def health_port(pages: Mapping[str, Page], host: str, number: int) -> AsyncIterator[str]:
    """Answer nothing but the pages of health on a port, and yield its address."""
    app = web.Application()
    _add_pages(app, pages)
    port = Port(app, PortLimits(HEALTH_CONNECTIONS, HEALTH_CONNECTIONS))
    try:
        yield local_address(REACHED.get(host, host), await port.start(host, number))
    finally:
        await port.stop()


def _add_pages(app: web.Application, pages: Mapping[str, Page]) -> None:
    for path, page in pages.items():
        app.router.add_get(path, page)
