"""The secrets of a repository's Actions: their names for admins, their values for nobody but runs."""

from aiohttp import web

from bot.sandbox.api.actions.lookups import REPO
from bot.sandbox.http.request import Ask, listed, missing, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level
from bot.sandbox.records import Secret
from bot.sandbox.servers import FORGEJO_16
from bot.sandbox.shapes.accounts import stamp

ROUTES = Routes()
ON = (FORGEJO_16,)
SECRETS = REPO + "/actions/secrets"
OWNERS = "user should be the owner of the repo"


@ROUTES.add("GET", SECRETS, login=True, servers=ON)
async def listing(ask: Ask) -> web.Response:
    """The names, and when each was set."""
    ask.require(Level.ADMIN, OWNERS)
    secrets = sorted(ask.repo.secrets.items())
    return listed([{"name": name, "created_at": stamp(secret.created)} for name, secret in secrets], len(secrets))


@ROUTES.add("PUT", SECRETS + "/{name}", servers=ON)
async def write(ask: Ask) -> web.Response:
    """Sets a secret: 201 where it is new, 204 otherwise."""
    ask.require(Level.ADMIN, OWNERS)
    name, value = ask.part("name").upper(), ask.text("data", needed=True)
    status = 204 if name in ask.repo.secrets else 201
    ask.repo.secrets[name] = Secret(value, ask.forge.now())
    return nothing(status)


@ROUTES.add("DELETE", SECRETS + "/{name}", servers=ON)
async def delete(ask: Ask) -> web.Response:
    """Removes a secret."""
    ask.require(Level.ADMIN, OWNERS)
    if ask.repo.secrets.pop(ask.part("name").upper(), None) is None:
        raise missing()
    return nothing()
