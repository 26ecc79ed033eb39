"""Deliveries that somebody forges who knows a webhook's secret: what Forgejo's settings page shows every admin."""

import json
import uuid
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.forgejo.signature import FORM, JSON, sign
from bot.intake import Signer
from bot.model import SignerKind
from bot.sandbox.world import AGENT, BOT, FILES, OPERATOR, World
from bot.store.tables import Repository

NURSERY = "workshop/nursery"
"""A repository whose admin is the agent, who is a writer in the garden."""


async def nursery(scene: World) -> Signer:
    """Make the agent's own repository, served by the bot, and return whose secret he can read there."""
    await scene.sandbox.add_repo(NURSERY, files=FILES)
    scene.sandbox.grant(NURSERY, BOT, "write")
    scene.sandbox.grant(NURSERY, AGENT, "admin")
    await scene.machine.names.named(scene.repo_called(NURSERY))
    return Signer(SignerKind.REPOSITORY, scene.repo_called(NURSERY).id)


def garden(scene: World) -> Signer:
    """Return whose secret an admin of the garden can read."""
    return Signer(SignerKind.REPOSITORY, scene.repo.id)


async def deliver(
    scene: World, payload: object, signer: Signer, event: str = "issue_comment", *, query: str | None = None, **how: Any
) -> int:
    """Post a signed delivery and return the answer's status. `how`: `raw` bytes for the body, `form`, its `name`."""
    body: bytes = how.get("raw") or json.dumps(payload).encode()
    secret = scene.machine.hook_secrets.secret(signer)
    kind = FORM if how.get("form") else JSON
    sent = urlencode({"payload": body}).encode() if kind == FORM else body
    headers = {
        **sign(sent, secret, kind),
        "Content-Type": kind,
        "X-Forgejo-Delivery": how.get("name") or str(uuid.uuid4()),
        "X-Forgejo-Event": event,
        "X-Forgejo-Event-Type": event,
    }
    address = f"{scene.address}/webhooks/forgejo?{signer.query if query is None else query}"
    async with httpx.AsyncClient() as client:
        return (await client.post(address, content=sent, headers=headers)).status_code


async def created(scene: World, number: int, comment: int, **changes: Any) -> dict[str, Any]:
    """Return the body of a delivery that tells a comment as new, in the garden as it is now."""
    api, address = scene.api[OPERATOR], f"/repos/{scene.repository}"
    written = await api.getitem(f"{address}/issues/comments/{comment}")
    payload: dict[str, Any] = {
        "action": "created",
        "issue": await api.getitem(f"{address}/issues/{number}"),
        "comment": written,
        "repository": await api.getitem(address),
        "sender": written["user"],
        "is_pull": True,
    }
    return payload | changes


async def rows(scene: World) -> dict[int, str]:
    """Return the repositories that the bot serves: their names by id."""
    async with scene.machine.store.read() as session:
        found = (await session.execute(Repository.__table__.select())).all()
    return {row.id: row.full_name for row in found}
