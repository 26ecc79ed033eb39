"""Each delivery of the sandbox is held against a recorded one of the same event and the same server."""

import functools
import hashlib
import hmac
import re
from typing import Any

import pytest

from bot.sandbox.events.subscriptions import told
from bot.sandbox.servers import SERVERS, Server
from tests.sandbox.contract.play import played
from tests.sandbox.contract.scenes import SCENES
from tests.sandbox.contract.scenes.unplayed import DELIVERIES, EXCUSED, UNRECORDED
from tests.sandbox.contract.shapes import departures, outline
from tests.sandbox.recordings import SECRET, deliveries, delivery
from tests.sandbox.world import Arrival

WRITERS = frozenset({"codex", "patchwarden-bot", "f16-writer", "f16-bot", "f16-team", "g-writer", "g-bot"})
"""Whoever sent the recorded events had these people's rights, so that what is told of rights can be compared."""
RIGHTS = re.compile(r"\.permissions\.\w+: ")
HEADERS = ("User-Agent", "Accept-Encoding", "Content-Type")
EVENTS = [
    pytest.param(server, event, id=f"{server.name}/{event}", marks=pytest.mark.xdist_group(server.name))
    for server in SERVERS
    for event in sorted({one.event for one in deliveries(server.name)})
]
TOLD = [
    one for one in EVENTS if not any(re.fullmatch(known, one.values[1]) for known in DELIVERIES[one.values[0].name])
]
EACH_SERVER = [pytest.param(server, id=server.name, marks=pytest.mark.xdist_group(server.name)) for server in SERVERS]


@functools.cache
def arrived(server: Server) -> dict[str, list[Arrival]]:
    """The deliveries of a server's scenes by fine name and action, one of each shape."""
    found: dict[str, dict[str, Arrival]] = {}
    for scene in SCENES:
        if scene.server is server:
            for arrival in played(server.name, scene.name).arrivals:
                event = f"{kind(arrival.headers)} {arrival.body.get('action')}"
                found.setdefault(event, {}).setdefault(signature(arrival), arrival)
    return {event: list(shapes.values()) for event, shapes in found.items()}


def signature(arrival: Arrival) -> str:
    """What of a delivery the comparison looks at: who sent it, and the kinds of its values."""
    writer = arrival.body.get("sender", {}).get("login") in WRITERS
    return f"{writer} {outline(arrival.body)}"


def kind(headers: dict[str, str]) -> str:
    return headers["X-Gitea-Event-Type"]


@functools.cache
def recorded(server: Server, event: str) -> list[dict[str, Any]]:
    return [delivery(one.name, server.name) for one in deliveries(server.name) if one.event == event]


@functools.cache
def nearest(server: Server, event: str) -> list[list[str]]:
    """For each delivery its departures from the recorded one that it is most like."""
    real = recorded(server, event)
    return [min((unlike(arrival, one) for one in real), key=len) for arrival in arrived(server).get(event, [])]


def unlike(arrival: Arrival, real: dict[str, Any]) -> list[str]:
    """Departures of a body; rights count where a writer did it, whose rights the recorded doers had."""
    found = departures(arrival.body, real["body"], told=True)
    writer = arrival.body.get("sender", {}).get("login") in WRITERS
    return [one for one in found if writer or not RIGHTS.search(one)]


def excused(server: Server, event: str, departure: str) -> bool:
    return any(
        re.fullmatch(known, event) and re.match(pattern, departure)
        for known, pattern, _reason in EXCUSED.get(server.name, ())
    )


@pytest.mark.parametrize(("server", "event"), EVENTS)
def test_a_recorded_event_is_told_as_recorded(server: Server, event: str) -> None:
    arrivals = arrived(server).get(event, [])
    if any(re.fullmatch(pattern, event) for pattern in DELIVERIES[server.name]):
        assert arrivals == [], "it is told by now: take its pattern off the list"
        return
    assert arrivals, "no scene makes it happen"
    wrong = {one for found in nearest(server, event) for one in found if not excused(server, event, one)}
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize(("server", "event"), TOLD)
def test_a_recorded_event_has_the_recorded_headers(server: Server, event: str) -> None:
    arrivals = arrived(server).get(event, [])
    real = next(one["headers"] for one in recorded(server, event) if "json" in one["headers"]["Content-Type"])
    for arrival in arrivals:
        here = arrival.headers
        assert names(here) == names(real)
        assert {name: here[name] for name in HEADERS} == {name: real[name] for name in HEADERS}
        assert here["X-Gitea-Event"] == real["X-Gitea-Event"]
        digest = hmac.new(SECRET.encode(), arrival.raw, hashlib.sha256).hexdigest()
        assert here["X-Hub-Signature-256"] == f"sha256={digest}"
        assert here["X-Gitea-Signature"] == digest


def names(headers: dict[str, str]) -> set[str]:
    return {name.lower() for name in headers if name.lower().startswith("x-")}


@pytest.mark.parametrize("server", EACH_SERVER)
def test_whatever_the_sandbox_tells_is_held_or_listed(server: Server) -> None:
    known = {one.event for one in deliveries(server.name)}
    events = {f"{name} {action}" for name, action in told(server)}
    unheld = {event for event in events if event not in known or event not in arrived(server)}
    assert unheld == set(UNRECORDED.get(server.name, {}))
    assert set(arrived(server)) <= events


@pytest.mark.parametrize("server", EACH_SERVER)
def test_no_excuse_is_without_its_departure(server: Server) -> None:
    used = {
        (known, pattern)
        for event in arrived(server)
        for found in (nearest(server, event) if recorded(server, event) else ())
        for departure in found
        for known, pattern, _reason in EXCUSED.get(server.name, ())
        if re.fullmatch(known, event) and re.match(pattern, departure)
    }
    assert used == {(known, pattern) for known, pattern, _reason in EXCUSED.get(server.name, ())}
    patterns = DELIVERIES[server.name]
    stale = [one for one in patterns if not any(re.fullmatch(one, made.event) for made in deliveries(server.name))]
    assert stale == []
