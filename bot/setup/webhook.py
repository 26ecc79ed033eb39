"""Creates or updates the repository's webhook (Forgejo API, `/repos/…/hooks`)."""

from typing import Any
from urllib.parse import urlsplit

from bot.app import Machine
from bot.config import Settings
from bot.forgejo import endpoints
from bot.forgejo.capabilities import Server
from bot.forgejo.errors import Forbidden
from bot.forgejo.types import Hook, Repository

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
ANSWERED = frozenset(EVENTS) - {"pull_request_review"}
"""Event names that the API's answer must contain: it returns reviews under more specific names."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to


async def put_webhook(machine: Machine, repository: Repository, login: str) -> tuple[bool, str]:
    """Create or update the webhook; return whether it works, and a line about it. Raises ForgejoError."""
    settings = machine.settings
    client, name, url = machine.client, repository.full_name, settings.address() + ROUTE
    server = await machine.server.refresh()
    wanted: dict[str, Any] = {
        "active": True,
        "events": list(EVENTS),
        "config": {"url": url, "content_type": "json", "secret": settings.webhook_secrets()[0].decode()},
    }
    try:
        hooks = [hook async for hook in endpoints.HOOKS.each(client, name)]
        ours = [hook for hook in hooks if hook.target_url == url and hook.type in {"forgejo", "gitea"}]
        if ours:
            # Always written: the API never returns the secret, so it cannot be compared.
            answer = await endpoints.HOOK.patch(client, name, ours[0].id, data=wanted)
        else:
            answer = await endpoints.HOOKS.post(client, name, data={"type": server.hook_type, **wanted})
    except Forbidden:
        return False, _by_hand(settings, server, repository, login)
    return _judged(settings, answer, ours)


def _judged(settings: Settings, hook: Hook, before: list[Hook]) -> tuple[bool, str]:
    missing = sorted(ANSWERED - set(hook.events))
    if missing or not hook.active:
        what = f"without {', '.join(missing)}" if missing else "inactive"
        return False, f"webhook: webhook {hook.id} is {what} on the server; fix it in the repository's settings"
    if len(before) > 1:
        others = ", ".join(str(other.id) for other in before[1:])
        return False, f"webhook: {others} deliver to the same URL as {hook.id}; delete them"
    url = hook.target_url
    if urlsplit(url).hostname in LOOPBACK and urlsplit(settings.forgejo_url).hostname not in LOOPBACK:
        return False, f"webhook: the server cannot reach {url}; set ASSAY_PUBLIC_URL to the bot's URL and run again"
    return True, f"webhook: {'up to date' if before else 'created'}, delivers to {url}"


def _by_hand(settings: Settings, server: Server, repository: Repository, login: str) -> str:
    """Return the manual step for an admin; the secret itself is never printed."""
    place = f"the first line of {settings.data_dir / 'webhook.secret'}"
    if settings.webhook_secret_file is not None:
        place = f"the first line of {settings.webhook_secret_file}"
    elif settings.webhook_secret.get_secret_value():
        place = "the first line of ASSAY_WEBHOOK_SECRET"
    kind = server.product or "Forgejo"
    page = f"{settings.forgejo_url}/{repository.full_name}/settings/hooks"
    return (
        f"webhook: {login} is not an admin of {repository.full_name}. Ask an admin to add one at {page}: type {kind}, "
        f"target URL {settings.address()}{ROUTE}, POST, application/json, secret {place}, all events, active"
    )
