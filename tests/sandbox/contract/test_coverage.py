"""Nothing that was recorded is passed over in silence, and no route of the sandbox answers what no recording holds."""

import functools
import re
from collections.abc import Mapping

import pytest

from bot.sandbox.server import MODULES
from bot.sandbox.servers import SERVERS, Server
from tests.sandbox.contract.scenes import SCENES
from tests.sandbox.contract.scenes.unplayed import CALLS, ROUTES
from tests.sandbox.recordings import calls, exchange

EACH_SERVER = [pytest.param(server, id=server.name) for server in SERVERS]
PART = re.compile(r"\{\w+(?::([^{}]+))?\}")


def played(server: Server) -> list[str]:
    return [name for scene in SCENES if scene.server is server for name in scene.calls]


@pytest.mark.parametrize("server", EACH_SERVER)
def test_a_recorded_call_is_played_once_or_listed_with_the_reason(server: Server) -> None:
    names = played(server)
    assert len(names) == len(set(names))
    everything, patterns = {one.name for one in calls(server.name)}, CALLS[server.name]
    listed = {name for name in everything if any(re.fullmatch(pattern, name) for pattern in patterns)}
    assert listed == everything - set(names)
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in everything)] == []


@pytest.mark.parametrize("server", EACH_SERVER)
def test_a_route_is_held_by_a_recording_or_listed_with_the_reason(server: Server) -> None:
    held = {handler(server, *asked(server, name)) for name in played(server)}
    unheld = set(routes(server)) - held
    assert unheld == set(ROUTES[server.name])


@functools.cache
def routes(server: Server) -> Mapping[str, re.Pattern[str]]:
    """The routes of a server in the order in which they are tried: method and path, with what fits."""
    return {
        f"{route.method} {route.path}": re.compile(f"{route.method} {form(route.path)}")
        for module in MODULES
        for route in module.ROUTES.all
        if server in route.servers
    }


def form(path: str) -> str:
    pieces, end = [], 0
    for part in PART.finditer(path):
        pieces += [re.escape(path[end : part.start()]), f"({part[1] or '[^{}/]+'})"]
        end = part.end()
    return "".join([*pieces, re.escape(path[end:])])


def handler(server: Server, method: str, path: str) -> str:
    """The route that takes a call; nothing where none does, which may be what was recorded."""
    return next((name for name, fits in routes(server).items() if fits.fullmatch(f"{method} {path}")), "")


def asked(server: Server, name: str) -> tuple[str, str]:
    request = exchange(name, server.name)["request"]
    return request["method"], request["path"].removeprefix("/api/v1")
