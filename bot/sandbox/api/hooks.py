"""Webhooks of a repository; only its admins see and change them."""

from aiohttp import web

from bot.sandbox.events.subscriptions import changed, subscribed
from bot.sandbox.http.request import Ask, Page, Refusal, answer, listed, missing, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.records import Hook
from bot.sandbox.shapes.fixed import Json

ROUTES = Routes()
HOOKS = "/repos/{owner}/{repo}/hooks"
ONE = HOOKS + "/{id}"


@ROUTES.add("GET", HOOKS, Level.ADMIN, login=True)
async def listing(ask: Ask) -> web.Response:
    """The hooks, oldest first."""
    hooks = list(ask.repo.hooks.values())
    return listed([ask.parts.shapes.hook(hook) for hook in Page.of(ask.request).cut(hooks)], len(hooks))


@ROUTES.add("POST", HOOKS, Level.ADMIN)
async def create(ask: Ask) -> web.Response:
    """Adds a hook; inactive unless said otherwise. Unknown event names are left out without a word."""
    kind, config, now = ask.text("type"), _config(ask), ask.forge.now()
    if kind not in ask.forge.server.hook_types:
        raise Refusal(422, f"Invalid hook type: {kind}")
    for needed in ("url", "content_type"):
        if not config.get(needed):
            raise Refusal(422, f"Missing config option: {needed}")
    if config["content_type"] not in ("json", "form"):
        raise Refusal(422, "Invalid content type")
    hook = Hook(
        id=ask.forge.next_id("hook"),
        type=kind,
        url=str(config["url"]),
        secret=str(config.get("secret", "")),
        content_type=str(config["content_type"]),
        events=subscribed(ask.forge.server, _events(ask)),
        active=ask.flag("active") or False,
        authorization=ask.text("authorization_header"),
        branch_filter=ask.text("branch_filter"),
        created=now,
        updated=now,
    )
    ask.repo.hooks[hook.id] = hook
    return answer(ask.parts.shapes.hook(hook), 201)


def _config(ask: Ask) -> Json:
    config = ask.body.get("config")
    return config if isinstance(config, dict) else {}


def _events(ask: Ask) -> list[str]:
    events = ask.body.get("events")
    return [event for event in events if isinstance(event, str)] if isinstance(events, list) else []


def _named(ask: Ask) -> Hook:
    hook = ask.repo.hooks.get(ask.number("id"))
    if hook is None:
        raise missing()
    return hook


@ROUTES.add("GET", ONE, Level.ADMIN, login=True)
async def read(ask: Ask) -> web.Response:
    """One hook."""
    return answer(ask.parts.shapes.hook(_named(ask)))


@ROUTES.add("PATCH", ONE, Level.ADMIN)
async def edit(ask: Ask) -> web.Response:
    """Changes a hook; a branch filter that isn't repeated is lost, and so are events that aren't."""
    hook, config = _named(ask), _config(ask)
    hook.url = str(config.get("url", hook.url))
    hook.secret = str(config.get("secret", hook.secret))
    hook.content_type = str(config.get("content_type", hook.content_type))
    hook.events = changed(ask.forge.server, hook.events, _events(ask))
    hook.active = hook.active if ask.flag("active") is None else bool(ask.flag("active"))
    hook.branch_filter = ask.text("branch_filter")
    hook.updated = ask.forge.now()
    return answer(ask.parts.shapes.hook(hook))


@ROUTES.add("DELETE", ONE, Level.ADMIN)
async def delete(ask: Ask) -> web.Response:
    """Removes a hook."""
    del ask.repo.hooks[_named(ask).id]
    return nothing()


@ROUTES.add("POST", ONE + "/tests", Level.ADMIN)
async def test(ask: Ask) -> web.Response:
    """Sends a push event whose before and after are the head of the default branch."""
    await ask.parts.events.test(ask.repo, _named(ask), ask.doer)
    return nothing()
