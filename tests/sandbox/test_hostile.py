"""Hostile input gets a clear answer; and the sandbox misbehaves when it is told to."""

import asyncio
from typing import Any

import httpx
import pytest

from bot.sandbox import Fault
from bot.sandbox.faults import FaultKind
from tests.sandbox.world import GARDEN, World

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 10_000 + b"]" * 10_000, 422),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 422),
        (b"[]", 422),
        (b"{", 422),
        (b'{"title": 7}', 422),
        (b'{"title": "\xff"}', 422),
        (b'{"title": "a\\ud800b"}', 201),
        (b'{"title": "a\\u0000b"}', 201),
    ],
)
async def test_hostile_bodies_are_refused_or_cleaned(world: World, body: bytes, status: int) -> None:
    response = await world.call("codex", "POST", f"{GARDEN}/issues", content=body)
    assert response.status_code == 422, "a body without its type counts as empty"
    token = {"Authorization": f"token {world.tokens['codex']}"}
    response = await world.client.post(f"/api/v1{GARDEN}/issues", content=body, headers=JSON | token)
    assert response.status_code == status, response.text
    if b"ud800" in body:
        assert response.json()["title"] == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize(
    "path",
    [
        f"{GARDEN}/issues/99999999999999999999999",
        f"{GARDEN}/issues/comments/x",
        f"{GARDEN}/raw/README.md?ref=--output=x",
        f"{GARDEN}/raw/..%2f..%2fconfig",
        f"{GARDEN}/contents/%3A(top)",
        f"{GARDEN}/git/trees/%00",
        f"{GARDEN}/commits/--help/status",
        "/repos/..%2f../x",
    ],
)
async def test_hostile_paths_are_not_found(world: World, path: str) -> None:
    assert (await world.call("codex", "GET", path)).status_code == 404


@pytest.mark.parametrize(
    ("path", "branch"),
    [("a", "x\ncommit refs/heads/main"), ("a", "../../x"), ("a", "-x"), ("a", "x.lock"), (".git/hooks/x", "y")],
)
async def test_hostile_names_of_new_branches_and_files_are_refused(world: World, path: str, branch: str) -> None:
    before = await world.made("codex", "GET", f"{GARDEN}/branches")
    body = {"content": "eA==", "message": "m", "new_branch": branch}
    response = await world.call("codex", "POST", f"{GARDEN}/contents/{path}", json=body)
    assert response.status_code == 422
    assert await world.made("codex", "GET", f"{GARDEN}/branches") == before


async def test_hostile_file_names_come_through_as_they_are(world: World) -> None:
    names = ["a\nb", 'q"uote', "](javascript:alert(1))", "-x", "sp ace", "back\\slash", "t\tab", "<!-- -->"]
    await world.sandbox.commit_files("workshop/garden", "x", dict.fromkeys(names, "1\n"), author="codex")
    await world.made("codex", "POST", f"{GARDEN}/pulls", json={"title": "T", "head": "x", "base": "main"})
    files = await world.made("codex", "GET", f"{GARDEN}/pulls/1/files")
    assert {file["filename"] for file in files} == set(names)
    assert {file["status"] for file in files} == {"added"}
    commits = await world.made("codex", "GET", f"{GARDEN}/pulls/1/commits")
    assert {file["filename"] for file in commits[0]["files"]} == set(names)


async def test_changes_of_every_kind_have_forgejos_words(world: World) -> None:
    long = "".join(f"line {number}\n" for number in range(30))
    await world.sandbox.commit_files("workshop/garden", "main", {"old.txt": long, "gone.txt": "1"}, author="codex")
    change: dict[str, str | None] = {"old.txt": None, "new.txt": f"{long}more\n", "gone.txt": None, "docs/a.md": "b\n"}
    await world.sandbox.commit_files("workshop/garden", "x", change, author="codex")
    await world.made("codex", "POST", f"{GARDEN}/pulls", json={"title": "T", "head": "x", "base": "main"})
    files = await world.made("codex", "GET", f"{GARDEN}/pulls/1/files")
    told = {file["filename"]: (file["status"], file["additions"], file["deletions"]) for file in files}
    assert told == {"docs/a.md": ("changed", 1, 1), "gone.txt": ("deleted", 0, 1), "new.txt": ("renamed", 1, 0)}
    assert next(file for file in files if file["filename"] == "new.txt")["previous_filename"] == "old.txt"


async def test_calls_are_counted_with_who_made_them(world: World) -> None:
    world.sandbox.reset_calls()
    await world.call("codex", "GET", GARDEN)
    await world.call(None, "POST", f"{GARDEN}/issues", json={"title": "x"})
    assert [(call.method, call.path, call.user) for call in world.sandbox.calls] == [
        ("GET", f"/api/v1{GARDEN}", "codex"),
        ("POST", f"/api/v1{GARDEN}/issues", None),
    ]
    assert len(world.sandbox.writes) == 1


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("404", 404), ("502-html", 502)])
async def test_faults_hit_what_they_match_as_often_as_they_say(world: World, kind: FaultKind, status: int) -> None:
    world.sandbox.faults.append(Fault(kind, path="/issues$", method="GET", times=1))
    assert (await world.call("codex", "GET", GARDEN)).status_code == 200
    first = await world.call("codex", "GET", f"{GARDEN}/issues")
    assert first.status_code == status
    assert first.headers["Content-Type"].startswith("text/html" if "html" in kind else "application/json")
    assert (await world.call("codex", "GET", f"{GARDEN}/issues")).status_code == 200


async def test_connections_close_or_hang_on_demand(world: World) -> None:
    world.sandbox.faults.append(Fault("close", times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await world.call("codex", "GET", GARDEN)
    world.sandbox.faults.append(Fault("hang"))
    with pytest.raises(httpx.ReadTimeout):
        await world.call("codex", "GET", GARDEN, timeout=0.1)
    hanging = asyncio.create_task(world.call("codex", "GET", GARDEN))
    await world.sandbox.stop()
    with pytest.raises(httpx.HTTPError):
        await hanging


async def test_a_repository_can_vanish(world: World, pull: dict[str, Any]) -> None:
    world.sandbox.drop_repo("workshop/garden")
    assert (await world.call("operator", "GET", f"{GARDEN}/pulls/1")).status_code == 404
