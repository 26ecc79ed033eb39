"""The verbs of the client, on top of any transport: repeats, pages, bounds, counters.

Repeats are a loop of their own and not stamina's: stamina sleeps by itself, and tests put in their own sleep, clock and
chance. A POST is repeated only if it certainly had no effect, because it did not arrive or was refused by a rate limit
(429), or when its caller says that a second one is harmless.
"""

import abc
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.forgejo.errors import ForgejoError, Oversized, Paused
from bot.forgejo.options import Options, harmless, note_unanswered
from bot.forgejo.paging import Page, first_page, next_page
from bot.forgejo.politeness import Politeness
from bot.forgejo.sansio import (
    Call,
    Request,
    Response,
    build_request,
    checked_list,
    read_response,
    server_url,
    told_time,
)

Observer = Callable[[str, int, float], None]
"""Called after each attempt with method, status (0: no answer) and seconds."""

Params = Mapping[str, str | int | bool]


class ForgejoAPI(abc.ABC):
    """Forgejo's API at one server, as one account.

    `token` may be a function, asked at every call, so a new token needs no new client. `calls` counts attempts by
    method. All verbs raise ForgejoError. The bot's own calls go through `endpoints`.
    """

    def __init__(
        self,
        url: str,
        token: str | Callable[[], str],
        options: Options = Options(),  # noqa: B008 - frozen
        *,
        observer: Observer | None = None,
    ) -> None:
        self.url = server_url(url)
        self.calls: Counter[str] = Counter()
        self._token = token
        self._options = options
        self._observer = observer
        self._told: tuple[datetime, float] | None = None
        self.politeness = Politeness(options.limits, options.clock, options.sleep)

    @abc.abstractmethod
    async def _request(self, request: Request) -> Response:
        """Gives the answer to a request, followed nowhere. Raises Unreachable, ServerFault, Oversized."""

    @abc.abstractmethod
    async def _sleep(self, seconds: float) -> None:
        """Waits."""

    def server_time(self) -> datetime | None:
        """Gives the server's present time, by its last answer: its clock need not agree with ours. None before that."""
        if self._told is None:
            return None
        time, at = self._told
        return time + timedelta(seconds=self._options.clock() - at)

    async def getitem(self, path: str, params: Params | None = None) -> Any:
        """Gives the JSON of one thing, None where the server answers without content."""
        return (await self._call(Call("GET", path, params)))[0]

    async def getraw(self, path: str, params: Params | None = None) -> bytes:
        """Gives the bytes of a file, a diff or a patch as they are."""
        value, _ = await self._call(Call("GET", path, params, raw=True))
        return bytes(value)

    async def getiter(self, path: str, params: Params | None = None) -> AsyncIterator[Any]:
        """Gives the items of a list, page by page; a list that changes meanwhile may repeat or miss some."""
        asked, before, previous = first_page(params), 0, None
        for _ in range(self._options.pages_limit):
            call = Call("GET", path, asked)
            value, response = await self._call(call)
            items = checked_list(value, call)
            following = next_page(Page(asked, response.headers, items, before), previous)
            if items != previous:
                for item in items:
                    yield item
            if following is None:
                return
            asked, before, previous = following, before + len(items), items
        raise Oversized("GET", path, 200, f"the list has more than {self._options.pages_limit} pages")

    async def post(self, path: str, data: Any = None, *, repeat: bool = False) -> Any:
        """Gives the answer to a creation. `repeat` says that doing it twice is harmless."""
        return (await self._call(Call("POST", path, data=data), repeat=repeat))[0]

    async def patch(self, path: str, data: Any) -> Any:
        """Gives the answer to a change."""
        return (await self._call(Call("PATCH", path, data=data)))[0]

    async def put(self, path: str, data: Any = None) -> Any:
        """Gives the answer to a replacement."""
        return (await self._call(Call("PUT", path, data=data)))[0]

    async def delete(self, path: str, data: Any = None) -> None:
        """Removes a thing. Raises NotFound where it is already gone."""
        await self._call(Call("DELETE", path, data=data))

    async def _call(self, call: Call, *, repeat: bool = False) -> tuple[Any, Response]:
        begun, attempt = self._options.clock(), 0
        while True:
            attempt += 1
            try:
                return await self._attempt(call, begun)
            except Paused:
                raise
            except ForgejoError as error:
                note_unanswered(call.method, error)
                wait = self._options.wait(error, attempt, self._options.clock() - begun)
                if wait is None and error.repeatable and self.politeness.failing and self.politeness.pause():
                    wait = 0.0  # it waits until the server works, as those do that begin only now
                if wait is None or not harmless(call.method, error, repeat=repeat):
                    raise
            # Outside of the slot: others may use it while this call waits.
            if wait:
                await self._sleep(wait)

    async def _attempt(self, call: Call, since: float) -> tuple[Any, Response]:
        token = self._token() if callable(self._token) else self._token
        request = build_request(self.url, token, call)
        async with self.politeness.turn(call.method, call.path, since):
            begun, status = self._options.clock(), 0
            self.calls[call.method] += 1
            try:
                response = await self._request(request)
                status = response.status
                if time := told_time(response.headers):
                    self._told = time, self._options.clock()
            except ForgejoError as error:
                status = error.status
                raise
            finally:
                if self._observer:
                    self._observer(call.method, status, self._options.clock() - begun)
            return read_response(response, call, (token,), self.url), response
