"""The client over httpx: connections, time limits, and a bound on what is read.

Nothing of the environment (proxies, netrc) is used unless the options say so; redirects aren't followed; cookies aren't
kept, since the token alone says who asks.
"""

import asyncio
import ssl
from collections.abc import Callable
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpx

from bot.forgejo.abc import ForgejoAPI, Observer
from bot.forgejo.errors import Oversized, ServerFault, Unreachable
from bot.forgejo.options import Options
from bot.forgejo.sansio import Request, Response

# With these the request can't have been read by a server: no connection was made.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)


class HttpxForgejo(ForgejoAPI):
    """Forgejo over httpx. `url` is the server's root, sub-path included. Close it, or use `async with`."""

    def __init__(
        self,
        url: str,
        token: str | Callable[[], str],
        options: Options = Options(),  # noqa: B008 - frozen
        *,
        observer: Observer | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(url, token, options, observer=observer)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(options.read_timeout, connect=options.connect_timeout, pool=None),
            limits=httpx.Limits(max_connections=options.concurrency, max_keepalive_connections=options.concurrency),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            transport=transport,
            verify=_certificates(),
            trust_env=options.trust_env,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._client.aclose()

    async def _sleep(self, seconds: float) -> None:
        await self._options.sleep(seconds)

    async def _request(self, request: Request) -> Response:
        call = request.call
        try:
            async with asyncio.timeout(self._options.total_timeout):
                return await self._exchange(request)
        except TimeoutError:
            raise Unreachable(call.method, call.path, "timeout: no complete answer", sent=True) from None
        except httpx.DecodingError:
            raise ServerFault(call.method, call.path, 0, "the answer's compression is invalid") from None
        except httpx.TransportError as error:
            # Only the class is shown: texts of lower layers may quote the request.
            sent = not isinstance(error, _NOT_SENT)
            raise Unreachable(call.method, call.path, type(error).__name__, sent=sent) from None

    async def _exchange(self, request: Request) -> Response:
        limit = self._options.body_limit
        method, headers = request.call.method, {**request.headers, "Accept-Encoding": "gzip"}
        async with self._client.stream(method, request.url, headers=headers, content=request.body) as answer:
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > limit:
                    raise Oversized(method, request.call.path, answer.status_code, f"more than {limit} bytes")
            lowered = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status_code, lowered, bytes(body))


@cache
def _certificates() -> ssl.SSLContext:
    """The authorities that the process believes; reading them takes longer than anything else in a new client."""
    return httpx.create_ssl_context(trust_env=False)
