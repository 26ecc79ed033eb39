"""Creates or updates the repository's webhook (Forgejo API, `/repos/…/hooks`)."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from bot.addresses import is_local
from bot.app import Machine
from bot.config import Settings
from bot.forgejo import endpoints
from bot.forgejo.capabilities import Server
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import Hook, Repository
from bot.intake import SHARED, Signer
from bot.model import SignerKind
from bot.store.tables import LedgerEntry

ROUTE = "/webhooks/forgejo"
EVENTS = (
    "push",
    "issues",
    "issue_assign",
    "issue_label",
    "issue_milestone",
    "issue_comment",
    "pull_request",
    "pull_request_assign",
    "pull_request_label",
    "pull_request_milestone",
    "pull_request_comment",
    "pull_request_review",
    "pull_request_sync",
    "pull_request_review_request",
)
"""Event names as the API accepts them."""
TYPES = ("forgejo", "gitea")
ANSWERED = frozenset(EVENTS) - {"pull_request_review"}
"""Event names that the API's answer must contain: it returns reviews under more specific names."""


@dataclass(frozen=True)
class Outcome:
    """The lines about the webhook, each with whether nothing is left to do, and the webhook's id (0 for none)."""

    lines: tuple[tuple[bool, str], ...]
    hook: int = 0


async def known_webhooks(machine: Machine, repository: Repository) -> frozenset[int]:
    """Return the ids of the webhooks that earlier setups of this repository wrote, from the ledger."""
    query = select(LedgerEntry.detail).where(LedgerEntry.kind == "setup", LedgerEntry.repository_id == repository.id)
    async with machine.store.read() as session:
        details = (await session.execute(query)).scalars().all()
    return frozenset(detail["webhook"] for detail in details if detail.get("webhook"))


async def put_webhook(machine: Machine, repository: Repository, login: str, known: Collection[int]) -> Outcome:
    """Create or update the webhook. Raises ForgejoError.

    `known` are the ids of webhooks that earlier setups wrote: after a change of the address the newest of them is
    updated, and the others are deleted. Webhooks of unknown origin are only named.
    """
    settings = machine.settings
    if not settings.port and not settings.public_url:
        return Outcome(((False, "webhook: ASSAY_PORT is 0, so the port is not known; set it, or ASSAY_PUBLIC_URL"),))
    client, name = machine.client, repository.full_name
    url, secret = address_and_secret(machine, own_signer(machine, repository))
    server = await machine.server.refresh()
    wanted: dict[str, Any] = {
        "active": True,
        "events": [*EVENTS, *server.run_events],
        "config": {"url": url, "content_type": "json", "secret": secret},
    }
    try:
        hooks = [hook async for hook in endpoints.HOOKS.each(client, name) if hook.type in TYPES]
        same = [hook for hook in hooks if _place(hook.target_url) == _place(url)]
        # The one that has this address already, query and all, is the one to keep.
        same.sort(key=lambda hook: hook.target_url != url)
        moved = [hook for hook in hooks if hook.id in known and hook not in same and _is_ours(hook)]
        moved.sort(key=lambda hook: -hook.id)
        mine = (*same, *moved)[:1]
        if mine and set(server.run_events) <= set(mine[0].events):
            # Always written: the API never returns the secret, so it cannot be compared.
            answer = await endpoints.HOOK.patch(client, name, mine[0].id, data=wanted)
            replaced: tuple[Hook, ...] = ()
        else:
            # Forgejo adds events about runs only to a new webhook; a PATCH leaves them as they were.
            answer = await endpoints.HOOKS.post(client, name, data={"type": server.hook_type, **wanted})
            replaced = mine
        old = [hook for hook in moved if hook not in mine]
        for hook in (*replaced, *old):
            with suppress(NotFound):
                await endpoints.HOOK.delete(client, name, hook.id)
    except Forbidden:
        return Outcome(((False, _by_hand(settings, server, repository, (url, login))),))
    strange = [hook for hook in hooks if hook.active and hook not in (*same, *moved) and _is_ours(hook)]
    rest = (*_replaced(replaced, server), *_deleted(old), *_strange(strange, repository, settings))
    return Outcome((_judged(settings, answer, mine, same, server), *rest), answer.id)


def _replaced(old: Sequence[Hook], server: Server) -> Iterator[tuple[bool, str]]:
    if old:
        yield True, f"webhook: replaced {_ids(old)}, to receive {', '.join(server.run_events)}"


def own_signer(machine: Machine, repository: Repository) -> Signer:
    """Return whose secret a repository's webhook has by the settings: its own, or the one that is shared by all."""
    return SHARED if machine.settings.share_webhook_secret else Signer(SignerKind.REPOSITORY, repository.id)


def address_and_secret(machine: Machine, signer: Signer) -> tuple[str, str]:
    """Return what a webhook of a signer has in Forgejo: its target URL and its secret."""
    shared = signer.kind is SignerKind.SHARED
    secret = machine.hook_secrets.shared[0] if shared else machine.hook_secrets.secret(signer)
    query = f"?{signer.query}" if signer.query else ""
    return machine.settings.address() + ROUTE + query, secret.decode()


def _place(url: str) -> str:
    """Return an address without the query, which says whose secret signs."""
    return url.partition("?")[0].rstrip("/")


def _is_ours(hook: Hook) -> bool:
    """Say whether a webhook delivers to a bot of this kind, wherever it runs."""
    return _place(hook.target_url).endswith(ROUTE)


def _deleted(old: Sequence[Hook]) -> Iterator[tuple[bool, str]]:
    if old:
        yield True, f"webhook: deleted {_ids(old)}, which an earlier setup made for another address"


def _strange(hooks: Sequence[Hook], repository: Repository, settings: Settings) -> Iterator[tuple[bool, str]]:
    if hooks:
        page = f"{settings.forgejo_url}/{repository.full_name}/settings/hooks"
        what = f"webhook: also active, for another address that ends in {ROUTE}: {_ids(hooks)}"
        yield False, f"{what}; if they are from an earlier address of this bot, delete them at {page}"


def _ids(hooks: Sequence[Hook]) -> str:
    return ", ".join(str(hook.id) for hook in hooks)


def _judged(
    settings: Settings, hook: Hook, before: Sequence[Hook], same: Sequence[Hook], server: Server
) -> tuple[bool, str]:
    missing = sorted((ANSWERED | set(server.run_events)) - set(hook.events))
    if missing or not hook.active:
        what = f"without {', '.join(missing)}" if missing else "inactive"
        return False, f"webhook: webhook {hook.id} is {what} on the server; fix it in the repository's settings"
    if others := [one for one in same[1:] if one.id != hook.id]:
        return False, f"webhook: {_ids(others)} deliver to the same URL as {hook.id}; delete them"
    url = hook.target_url
    if is_local(urlsplit(url).hostname or "") and not is_local(urlsplit(settings.forgejo_url).hostname or ""):
        return False, f"webhook: the server cannot reach {url}; set ASSAY_PUBLIC_URL to the bot's URL and run again"
    if same:
        how = "up to date" if same[0].target_url == url else "updated: it has a new secret now"
    else:
        how = "updated to the new address" if before else "created"
    return True, f"webhook: {how}, delivers to {url}"


def _by_hand(settings: Settings, server: Server, repository: Repository, known: tuple[str, str]) -> str:
    """Return the manual step for an admin; the secret itself is not printed here. `known`: the URL, and the account."""
    url, login = known
    place = f"as `assay webhooks secret {repository.full_name}` prints it"
    if settings.share_webhook_secret:
        place = f"the first line of {settings.shared_secret_place()}"
    kind = server.product or "Forgejo"
    page = f"{settings.forgejo_url}/{repository.full_name}/settings/hooks"
    return (
        f"webhook: {login} is not an admin of {repository.full_name}. Ask an admin to add one at {page}: type {kind}, "
        f"target URL {url}, POST, application/json, secret {place}, all events, active"
    )
