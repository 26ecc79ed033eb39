"""What stands between the libraries that speak to models and the network.

It alone holds the key. It sends no header that a question doesn't need: the client would add some that describe this
machine, or that stand in environment variables of others. No library sees a body of an error, nor any answer as the
server wrote it: what gets through has status 200, is whole, bounded and of the form that is known, since a server that
is broken or hostile makes the libraries raise and warn about whatever it pleases.
"""

import ssl
from typing import Annotated

import httpx2
from anyio import EndOfStream
from pydantic import BaseModel, Field, SecretStr, ValidationError

from bot.llm.outcome import Outcome, Unanswered
from bot.network import DIRECT, Network

MAX_ANSWER = 1024 * 1024
"""Bytes of one answer as it is sent; what a model may write is bounded more narrowly, in tokens."""

_SENT = ("host", "content-type", "content-length", "accept")
_MEANING = {
    401: "it refuses the bot's key",
    403: "it refuses the bot's key",
    404: "nothing is at its address, or it doesn't know the model",
    429: "it takes no more questions for now",
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
    """An answer of the OpenAI interface, as far as it is used. A server that doesn't count tokens has used none."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


class Gate(httpx2.AsyncBaseTransport):
    """Sends a question with its key, and gives the answer in the one form. Raises Unanswered for all else."""

    def __init__(self, key: SecretStr, url: str = "", network: Network = DIRECT) -> None:
        """Is for questions to `url`."""
        certificates, proxy = network.context(), network.proxy_for(url)
        self._inner: httpx2.AsyncBaseTransport = httpx2.AsyncHTTPTransport(
            verify=certificates or True,
            proxy=httpx2.Proxy(proxy, ssl_context=certificates) if proxy.startswith("https:") else proxy or None,
            trust_env=False,
        )
        self._key = key

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Gives the answer, read to its end."""
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
            raise Unanswered(Outcome.TIMEOUT, "no answer came in time") from None
        except (httpx2.TransportError, ssl.SSLError, EndOfStream):
            raise Unanswered(Outcome.UNREACHABLE, "its endpoint can't be reached") from None
        return httpx2.Response(httpx2.codes.OK, json=_plain(body))

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._inner.aclose()


async def _read(answer: httpx2.Response) -> bytes:
    status = answer.status_code
    if status in _REJECTED:
        raise Unanswered(Outcome.REJECTED, f"its endpoint rejected the question (HTTP {status})")
    if status != httpx2.codes.OK:
        meaning = _MEANING.get(status, "redirects aren't followed" if answer.is_redirect else "")
        raise Unanswered(Outcome.HTTP, f"its endpoint answered with HTTP {status}" + (meaning and f": {meaning}"))
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise Unanswered(Outcome.INVALID, "its endpoint packs answers though it was asked not to")
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > MAX_ANSWER:
            raise Unanswered(Outcome.TOO_LONG, "its answer was too long")
    return bytes(body)


def _plain(body: bytes) -> dict[str, object]:
    """The first choice of an answer and nothing else of it, as JSON of the OpenAI interface."""
    try:
        found = _Completion.model_validate_json(body)
    except ValidationError:
        raise Unanswered(Outcome.INVALID, "its endpoint's answer can't be read") from None
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
