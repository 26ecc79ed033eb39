"""The webhook endpoint: `POST /webhooks/forgejo`.

Forgejo sends each delivery once and waits five seconds; a slow receiver delays all others. So the endpoint only reads a
body of limited size, checks its signature, stores an envelope durably and answers. Every answer is short JSON and never
quotes the request.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import istr

from bot.forgejo.signature import FORM, JSON, BadSignature
from bot.intake.hook_secrets import HookSecrets
from bot.intake.inbox import Inbox, InboxFull, InboxUnavailable, Stored
from bot.intake.payload import MalformedPayload, read_envelope
from bot.intake.proof import Foreign, prove
from bot.model import Envelope

PATH = "/webhooks/forgejo"
RETRY_SECONDS = 30
BODY_SECONDS = 30.0
LARGE = 256 * 1024
"""Larger bodies are checked and parsed in a thread: they take milliseconds, which would delay other requests."""

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:-]{0,63}")
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}")
# As `istr`, so that lookups do not fold the case of the name each time.
_ID_HEADERS = (istr("X-Forgejo-Delivery"), istr("X-Gitea-Delivery"))
_EVENT_HEADERS = tuple(
    istr(name) for name in ("X-Forgejo-Event-Type", "X-Gitea-Event-Type", "X-Forgejo-Event", "X-Gitea-Event")
)
_KINDS = frozenset({JSON, FORM})
_ANSWER_HEADERS = {"Content-Type": "application/json"}


class _Refused(Exception):
    """A rejected delivery: HTTP status, the metric's label, and what the sender can do."""

    def __init__(self, status: int, result: str, advice: str) -> None:
        super().__init__(advice)
        self.status = status
        self.result = result


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """The endpoint's configuration."""

    inbox: Inbox
    secrets: HookSecrets
    witness_key: bytes
    limit: int
    clock: Callable[[], datetime]
    on_result: Callable[[str], None] | None

    async def receive(self, request: web.Request) -> web.Response:
        """Answer 202 if the delivery was stored, 200 if it was already stored, else an error with the next step."""
        try:
            envelope = await self._read(request)
            stored = await self.inbox.put(envelope)
        except _Refused as refusal:
            return self._refusal(refusal)
        except InboxFull as error:
            return self._refusal(_Refused(503, "full", f"{error}; retry later"))
        except InboxUnavailable as error:
            advice = f"cannot store the delivery now ({error}); retry later"
            return self._refusal(_Refused(503, "unavailable", advice))
        self._count(stored.value)
        status = 202 if stored is Stored.NEW else 200
        # The id has only letters, digits and `_.:-`, so it needs no escaping.
        return web.Response(status=status, body=b'{"id": "%b"}' % envelope.id.encode(), headers=_ANSWER_HEADERS)

    async def _read(self, request: web.Request) -> Envelope:
        headers = request.headers
        if (request.content_length or 0) > self.limit:
            raise _too_large(self.limit)
        if request.content_type not in _KINDS:
            raise _Refused(415, "unsupported", f"unsupported content type; set the webhook's to {JSON} or {FORM}")
        delivery = _header(headers, _ID_HEADERS, _ID)
        event = _header(headers, _EVENT_HEADERS, _EVENT)
        body = await _body(request, self.limit)
        if len(body) > LARGE:
            return await asyncio.to_thread(self._envelope, delivery, event, request, body)
        return self._envelope(delivery, event, request, body)

    def _envelope(self, delivery: str, event: str, request: web.Request, body: bytes) -> Envelope:
        try:
            proof = prove(self.secrets, request.query_string, request.headers, body)
            return read_envelope(delivery, event, proof, witness_key=self.witness_key, at=self.clock())
        except BadSignature as error:
            raise _Refused(401, "unsigned", str(error)) from None
        except Foreign as error:
            raise _Refused(401, "foreign", str(error)) from None
        except MalformedPayload as error:
            raise _Refused(400, "malformed", f"{error}; expected a Forgejo webhook payload") from None

    def _refusal(self, refusal: _Refused) -> web.Response:
        self._count(refusal.result)
        headers = dict(_ANSWER_HEADERS)
        if refusal.status == web.HTTPServiceUnavailable.status_code:
            headers["Retry-After"] = str(RETRY_SECONDS)
        response = web.Response(
            status=refusal.status, body=json.dumps({"error": str(refusal)}).encode(), headers=headers
        )
        if refusal.status == web.HTTPRequestEntityTooLarge.status_code:
            response.force_close()  # the rest of the body is still coming
        return response

    def _count(self, result: str) -> None:
        if self.on_result is not None:
            self.on_result(result)


def add_webhook(  # noqa: PLR0913 - the endpoint's whole configuration, by keyword
    app: web.Application,
    inbox: Inbox,
    *,
    secrets: HookSecrets,
    witness_key: bytes,
    limit: int,
    clock: Callable[[], datetime],
    on_result: Callable[[str], None] | None = None,
) -> None:
    """Add the endpoint at `PATH`.

    `limit` is in bytes of body. `on_result` is called with each result: new, known, unsigned, foreign, malformed,
    unsupported, too-large, full or unavailable.
    """
    webhook = Webhook(
        inbox=inbox, secrets=secrets, witness_key=witness_key, limit=limit, clock=clock, on_result=on_result
    )
    app.router.add_post(PATH, webhook.receive)


def _header(headers: Mapping[str, str], names: Sequence[str], form: re.Pattern[str]) -> str:
    for name in names:
        value = headers.get(name)
        if value is None:
            continue
        if form.fullmatch(value):
            return value
        raise _Refused(400, "malformed", f"invalid value of the header {name}; expected a Forgejo webhook")
    raise _Refused(400, "malformed", f"missing header {names[0]}; this endpoint accepts only Forgejo webhooks")


async def _body(request: web.Request, limit: int) -> bytes:
    """Return the whole body. Its size is counted while reading: a chunked or compressed body does not announce it."""
    content = request.content
    if content.is_eof():
        body = content.read_nowait()
        if len(body) > limit:
            raise _too_large(limit)
        return body
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read_body(content, limit)
    except TimeoutError:
        raise _Refused(408, "malformed", f"timeout: the body took longer than {BODY_SECONDS:.0f} s") from None
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError):
        raise _Refused(400, "malformed", "the body is incomplete or cannot be decoded; send it again") from None


async def _read_body(content: StreamReader, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := await content.readany():
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


def _too_large(limit: int) -> _Refused:
    return _Refused(413, "too-large", f"the body is larger than {limit} bytes; raise ASSAY_MAX_BODY_BYTES to accept it")
