"""Delivers webhooks the way the server does: one queue for the server, each delivery once, five seconds to answer.

Nothing is sent again. Payloads are built when the event happens. The hosts are bounded to loopback, so that a hook
left over from a test can't reach out.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import aiohttp

from bot.sandbox.events.subscriptions import told, wants
from bot.sandbox.records import Hook, Repo
from bot.sandbox.servers import Server
from bot.sandbox.shapes.fixed import Json

DELIVER_SECONDS = 5.0
# fine name -> coarse name; a fine name that isn't here is its own coarse name
COARSE = {
    "pull_request_sync": "pull_request",
    "pull_request_label": "pull_request",
    "pull_request_review_approved": "pull_request_approved",
    "pull_request_review_rejected": "pull_request_rejected",
    "pull_request_review_comment": "pull_request_comment",
    "pull_request_comment": "issue_comment",
    "issue_label": "issues",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """One POST that waits to be sent."""

    hook: Hook
    kind: str
    payload: Json
    id: str


Disturb = Callable[[Delivery], Sequence[Delivery]]


class Webhooks:
    """The queue and its single sender."""

    def __init__(self, server: Server, new_uuid: Callable[[], str]) -> None:
        self._server = server
        self._new_uuid = new_uuid
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue()
        self._sender: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None
        self.paused = False
        self.disturb: Disturb | None = None
        self.acknowledged: list[str] = []

    def start(self) -> None:
        """Begins to send."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DELIVER_SECONDS))
        self._sender = asyncio.create_task(self._send_all(self._session))

    async def stop(self) -> None:
        """Ends; what was being sent is lost, what is still queued is sent after the next start."""
        if self._sender:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        if self._session:
            await self._session.close()
        self._sender = self._session = None

    def listeners(self, repo: Repo, kind: str) -> list[Hook]:
        """The hooks that want this event. Empty while paused, so that nobody builds payloads in vain."""
        if self.paused:
            return []
        return [hook for hook in repo.hooks.values() if hook.active and wants(self._server, hook.events, kind)]

    def emit(self, hooks: list[Hook], kind: str, payload: Json) -> None:
        """Queues one delivery for each hook. Raises ValueError for an event that the server never tells."""
        if hooks and (kind, payload.get("action")) not in told(self._server):
            raise ValueError(f"{self._server.name} tells no {kind} with the action {payload.get('action')!r}")
        for hook in hooks:
            self._queue.put_nowait(Delivery(hook, kind, self._told(hook, kind, payload), self._new_uuid()))

    def _told(self, hook: Hook, kind: str, payload: Json) -> Json:
        """Forgejo tells hooks of Gitea's type the bare name of a branch that was made or removed."""
        if self._server.gitea or hook.type != "gitea" or kind not in ("create", "delete"):
            return payload
        return payload | {"ref": payload["ref"].removeprefix("refs/heads/").removeprefix("refs/tags/")}

    async def idle(self) -> None:
        """Returns when everything queued so far was sent."""
        await self._queue.join()

    async def _send_all(self, session: aiohttp.ClientSession) -> None:
        while True:
            delivery = await self._queue.get()
            try:
                for one in [delivery] if self.disturb is None else self.disturb(delivery):
                    await self._try(session, one)
            finally:
                self._queue.task_done()

    async def _try(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        try:
            await self._send(session, delivery)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.info("hook %d failed and is not sent again: %s", delivery.hook.id, error)

    async def _send(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        if self.paused:
            return
        if not _loopback(delivery.hook.url):
            raise ValueError("the sandbox delivers to loopback addresses only")
        body = encode(delivery.payload)
        headers = signed_headers(self._server, delivery.hook, delivery.kind, body, delivery.id)
        sent = urlencode({"payload": body}).encode() if delivery.hook.content_type == "form" else body
        async with session.post(delivery.hook.url, data=sent, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            if answer.ok:
                self.acknowledged.append(delivery.id)


def encode(payload: Json) -> bytes:
    """The body as Go's encoder writes it: indented by two spaces, with `<`, `>` and `&` escaped."""
    text = json.dumps(payload, indent=2, ensure_ascii=False)
    text = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()


def signed_headers(server: Server, hook: Hook, kind: str, body: bytes, uuid: str) -> dict[str, str]:
    """All header families of the server; without a secret the signatures are there and empty."""
    key = hook.secret.encode()
    sha256 = hmac.new(key, body, hashlib.sha256).hexdigest() if key else ""
    sha1 = hmac.new(key, body, hashlib.sha1).hexdigest() if key else ""
    form = hook.content_type == "form"
    headers = {
        "User-Agent": "Go-http-client/1.1",
        "Accept-Encoding": "gzip",
        "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        "X-Hub-Signature": f"sha1={sha1}",
        "X-Hub-Signature-256": f"sha256={sha256}",
    }
    for family in server.header_families:
        headers[f"X-{family}-Delivery"] = uuid
        headers[f"X-{family}-Event"] = COARSE.get(kind, kind)
        headers[f"X-{family}-Event-Type"] = kind
        if family != "GitHub":
            headers[f"X-{family}-Signature"] = sha256
        if server.gitea and family != "Gogs":
            headers[f"X-{family}-Hook-Installation-Target-Type"] = "repository"
    if hook.authorization:
        headers["Authorization"] = hook.authorization
    return headers


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
