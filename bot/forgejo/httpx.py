"""The client over httpx: connections, time limits, and a bound on what is read.

Of the environment only `SSL_CERT_FILE` and `SSL_CERT_DIR` are used, not proxies and netrc. Redirects are not followed.
Cookies are not kept, because only the token may identify the account.
"""

import asyncio
import ssl
from collections.abc import Callable
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpx

from bot.config import ConfigError
from bot.forgejo.abc import ForgejoAPI, Observer
from bot.forgejo.errors import Oversized, ServerFault, Unreachable
from bot.forgejo.options import Options
from bot.forgejo.sansio import Request, Response
from bot.network import Network

# With these the request can't have been read by a server: no connection was made.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
UNTRUSTED = "the server's certificate is not trusted; set ASSAY_CA_FILE to a file with its certificate authority"


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
        places = options.limits.concurrency
        certificates, proxy = _certificates(options.network), options.network.proxy_for(self.url)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(options.read_timeout, connect=options.connect_timeout, pool=None),
            limits=httpx.Limits(max_connections=places, max_keepalive_connections=places),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            transport=transport,
            verify=certificates,
            proxy=httpx.Proxy(proxy, ssl_context=certificates) if proxy.startswith("https:") else proxy or None,
            trust_env=False,
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
        await self.politeness.close()
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
            sent, why = not isinstance(error, _NOT_SENT), UNTRUSTED if _untrusted(error) else type(error).__name__
            raise Unreachable(call.method, call.path, why, sent=sent) from None

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


def _certificates(network: Network) -> ssl.SSLContext:
    try:
        return network.context() or _public()
    except OSError:
        raise ConfigError(
            "SSL_CERT_FILE: the certificates cannot be read; correct the variable, or set ASSAY_CA_FILE"
        ) from None


@cache
def _public() -> ssl.SSLContext:
    """Return the public authorities; cached, because reading them takes most of the time of a new client."""
    return httpx.create_ssl_context(trust_env=False)


def _untrusted(error: BaseException | None) -> bool:
    """Return whether a certificate caused an error; libraries chain the original error as cause or as context."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
