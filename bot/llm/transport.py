"""A transport between the libraries that talk to models and the network.

Only this module has the key. It sends no unneeded header: the client would add some that describe this machine, or that
come from environment variables. The libraries see no error bodies and no raw answers: only answers with status 200 that
are complete, within the size limit and in the known format, since a broken or hostile server could otherwise cause
arbitrary exceptions and warnings in the libraries.
"""

import ssl
from typing import Annotated

import httpx2
from anyio import EndOfStream
from pydantic import BaseModel, Field, SecretStr, ValidationError

from bot.llm.outcome import Outcome, Unanswered
from bot.network import DIRECT, Network

MAX_ANSWER = 1024 * 1024
"""Maximum bytes of one HTTP answer; the model's text has a lower limit, in tokens."""

_SENT = ("host", "content-type", "content-length", "accept")
_MEANING = {
    401: "it rejects the bot's key",
    403: "it rejects the bot's key",
    404: "wrong address or unknown model",
    429: "too many requests",
}
_REJECTED = frozenset({400, 413, 422})

_Count = Annotated[int, Field(ge=0, le=2**31)]


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0


class _Completion(BaseModel):
    """The used fields of an OpenAI API answer. Missing token counts are 0."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


class Gate(httpx2.AsyncBaseTransport):
    """Sends a question with its key, and returns the answer in one fixed format. Raises Unanswered otherwise."""

    def __init__(self, key: SecretStr, url: str = "", network: Network = DIRECT) -> None:
        """Send questions to `url`."""
        certificates, proxy = network.context(), network.proxy_for(url)
        self._inner: httpx2.AsyncBaseTransport = httpx2.AsyncHTTPTransport(
            verify=certificates or True,
            proxy=httpx2.Proxy(proxy, ssl_context=certificates) if proxy.startswith("https:") else proxy or None,
            trust_env=False,
        )
        self._key = key

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the complete answer."""
        headers = {name: request.headers[name] for name in _SENT if name in request.headers}
        headers |= {"accept-encoding": "identity", "user-agent": "assaymaster"}
        if key := self._key.get_secret_value():
            headers["authorization"] = f"Bearer {key}"
        request.headers = httpx2.Headers(headers)
        try:
            answer = await self._inner.handle_async_request(request)
            try:
                body = await _read(answer)
            finally:
                await answer.aclose()
        except httpx2.TimeoutException:
            raise Unanswered(Outcome.TIMEOUT, "it did not answer in time") from None
        except (httpx2.TransportError, ssl.SSLError, EndOfStream):
            raise Unanswered(Outcome.UNREACHABLE, "its endpoint cannot be reached") from None
        return httpx2.Response(httpx2.codes.OK, json=_plain(body))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


async def _read(answer: httpx2.Response) -> bytes:
    status = answer.status_code
    if status in _REJECTED:
        raise Unanswered(Outcome.REJECTED, f"its endpoint rejected the question (HTTP {status})")
    if status != httpx2.codes.OK:
        meaning = _MEANING.get(status, "redirects are not followed" if answer.is_redirect else "")
        raise Unanswered(Outcome.HTTP, f"its endpoint answered with HTTP {status}" + (meaning and f": {meaning}"))
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise Unanswered(Outcome.INVALID, "its endpoint sent a compressed answer, which is not supported")
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > MAX_ANSWER:
            raise Unanswered(Outcome.TOO_LONG, "its answer was too long")
    return bytes(body)


def _plain(body: bytes) -> dict[str, object]:
    """Return only the first choice of an answer, as JSON of the OpenAI API."""
    try:
        found = _Completion.model_validate_json(body)
    except ValidationError:
        raise Unanswered(Outcome.INVALID, "its endpoint's answer has an unknown format") from None
    choice, usage = found.choices[0], found.usage or _Usage()
    message = {"role": "assistant", **choice.message.model_dump()}
    return {
        "id": "answer",
        "object": "chat.completion",
        "created": 0,
        "model": "model",
        "choices": [{"index": 0, "message": message, "finish_reason": choice.finish_reason or "stop"}],
        "usage": {**usage.model_dump(), "total_tokens": usage.prompt_tokens + usage.completion_tokens},
    }
