"""Each answer of the sandbox is held against the recorded answer of the server that it is."""

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from tests.sandbox.contract.headers import different
from tests.sandbox.contract.play import played
from tests.sandbox.contract.scenes import SCENES
from tests.sandbox.contract.shapes import departures
from tests.sandbox.recordings import exchange

CALLS = [
    pytest.param(
        scene.server.name,
        scene.name,
        name,
        id=f"{scene.server.name}/{name}",
        marks=pytest.mark.xdist_group(scene.server.name),
    )
    for scene in SCENES
    for name in scene.calls
]
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")
OPENING = 3
CLOSING = re.compile(r"Z (🏁|⚙️ \[runner\]|Job '.*' failed|context canceled|Skipping job)")


@pytest.mark.parametrize(("server", "scene", "name"), CALLS)
def test_a_recorded_call_is_answered_as_recorded(server: str, scene: str, name: str) -> None:
    answer, recorded = played(server, scene).answers[name], exchange(name, server)
    wrong = list(disagreements(answer, recorded))
    assert not wrong, "\n".join(wrong)


def disagreements(answer: httpx.Response, recorded: dict[str, Any]) -> Iterator[str]:
    """Status, headers, and the body by its kind."""
    real = recorded["response"]
    if answer.status_code != real["status"]:
        yield f"status {answer.status_code} instead of {real['status']}: {answer.text[:300]}"
        return
    if real["headers"]:
        yield from different(answer.headers, real["headers"])
    body = base64.b64decode(real.get("body_b64") or "")
    kind = real["headers"].get("Content-Type", "")
    if "json" in kind or not real["headers"]:
        yield from json_differs(answer, recorded, json.loads(body) if body else real["json"])
    elif kind == "application/zip" or recorded["request"]["path"].endswith("/zip"):
        yield from archive_differs(answer.content, body)
    elif recorded["request"]["path"].endswith("/logs") and answer.is_success:
        # of a part of a log nothing is known but its length
        whole = answer.status_code != HTTPStatus.PARTIAL_CONTENT
        yield from text_differs(runners_own(answer.text), runners_own(body.decode())) if whole else ()
    elif kind.startswith("text/plain") and answer.is_error:
        yield from text_differs(answer.text, body.decode())
    elif not body and answer.content:
        yield f"a body where there is none: {answer.text[:200]}"


def json_differs(answer: httpx.Response, recorded: dict[str, Any], real: Any) -> Iterator[str]:
    mine = answer.json()
    if recorded["note"] == "only the last pull_push entry of the list":
        mine = [entry for entry in mine if entry["type"] == "pull_push"][-1:]
    yield from departures(mine, real)
    if answer.is_error and isinstance(mine, dict) and isinstance(real, dict):
        for name in ("message", "errors"):
            yield from text_differs(str(mine.get(name)), str(real.get(name)))


def text_differs(mine: str, real: str) -> Iterator[str]:
    if general(mine) != general(real):
        yield f"says {mine!r} instead of {real!r}"


def runners_own(log: str) -> str:
    """A log with the lines of its runner alone: the first three without the step's name, and the last ones."""
    lines = log.splitlines(keepends=True)
    end = len(lines)
    while end > OPENING and CLOSING.search(lines[end - 1]):
        end -= 1
    forms = {STAMP.match(line) is not None and line.endswith("\n") for line in lines}
    opening = [re.sub(r"(?<=Run Main ).*", "<step>", line) for line in lines[:OPENING]]
    return "".join([*opening, f"<lines, each as it has to be: {forms}>", *lines[end:]])


def general(text: str) -> str:
    """A text without what differs from server to server: times, numbers, commits, the runner's name."""
    text = STAMP.sub("<time>", re.sub(r"\b\w+\(version", "runner(version", text))
    return re.sub(r"\d+", "N", re.sub(r"\b[0-9a-f]{40}\b", "<commit>", text))


def archive_differs(mine: bytes, real: bytes) -> Iterator[str]:
    names = [[general(one.filename) for one in packed(content)] for content in (mine, real)]
    if names[0] != names[1]:
        yield f"holds {names[0]} instead of {names[1]}"
    kinds = [{one.compress_type for one in packed(content)} for content in (mine, real)]
    if kinds[0] != kinds[1]:
        yield f"is packed by {kinds[0]} instead of {kinds[1]}"


def packed(content: bytes) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.infolist()
