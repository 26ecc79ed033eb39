"""The sandbox against recorded exchanges: the same requests get the same status, shape, headers and error texts."""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from tests.sandbox.recordings import departures, exchange
from tests.sandbox.world import GARDEN, World

HEAD = "ddcb811bf54194cd6804104f1bedb0c490d9bb79"
# a folder's contents come as a list, which the description doesn't know
UNDESCRIBED = ("contents-dir",)
COUNTED = ("Link", "X-Total-Count", "X-Page", "X-PerPage", "X-PageCount", "X-HasMore", "Allow")
FAMILIES: dict[str, tuple[str, ...]] = {
    "server": ("version", "settings-api", "path-missing", "method-not-allowed", "user", "user-get", "user-missing"),
    "auth": (
        "user-anonymous",
        "auth-bearer-scheme",
        "auth-junk-token",
        "auth-malformed-token",
        "auth-junk-token-public-repo",
        "auth-junk-comment",
        "auth-none-comment",
        "auth-none-public-repo",
    ),
    "private": (
        "private-repo-no-access",
        "private-comment-no-access",
        "private-permission-no-access",
        "private-pull-anonymous",
        "private-pull-diff-no-access",
        "private-pull-no-access",
        "private-raw-no-access",
        "private-status-no-access",
        "repo-missing",
    ),
    "access": (
        "repo",
        "collaborators-list",
        "collaborator-check-codex",
        "collaborator-check-outsider",
        "permission-of-self",
        "permission-of-codex",
        "permission-of-nobody",
        "permission-as-outsider",
        "permission-of-codex-as-operator",
        "permission-of-devops-as-operator",
        "permission-of-missing-as-operator",
    ),
    "comments": (
        "comment-get",
        "comment-edit",
        "comment-empty-body",
        "comment-missing-body",
        "comment-on-missing-issue",
        "comment-edit-of-other-user",
        "comments-list",
        "comments-list-limit-ignored",
        "comments-list-since",
        "comments-list-repo-paged",
        "reaction-add-comment",
        "reaction-add-again",
        "reactions-list",
        "reaction-bad",
        "reaction-delete",
        "reaction-add-issue",
        "comment-create",
    ),
    "issues": (
        "issue-get",
        "issue-get-of-pull",
        "issue-missing",
        "issues-list",
        "issues-list-page2",
        "issues-list-since",
        "timeline",
        "timeline-empty-null",
        "issue-create-blank-title",
        "issue-create-long-title",
        "issue-create-no-title",
        "issue-create-by-outsider-with-labels",
    ),
    "labels": (
        "label-create-exclusive",
        "label-create-duplicate-name",
        "label-create-bad-color",
        "label-create-no-name",
        "label-create-as-outsider",
        "label-edit",
        "label-edit-archive",
        "label-edit-unarchive",
        "label-get",
        "labels-list",
        "labels-list-limit2-page2",
        "issue-labels-add-by-name",
        "issue-labels-add-by-id",
        "issue-labels-add-exclusive-swap",
        "issue-labels-add-two-of-scope",
        "issue-labels-add-two-of-scope-reversed",
        "issue-labels-add-unknown-name",
        "issue-labels-add-unknown-id",
        "issue-labels-add-name-other-case",
        "issue-labels-add-mixed",
        "issue-labels-add-bad-type",
        "issue-labels-list",
        "issue-labels-delete-one",
        "issue-labels-delete-one-again",
        "issue-labels-delete-unknown",
        "issue-labels-delete-by-name",
        "issue-labels-replace",
        "issue-labels-replace-empty",
        "issue-labels-clear",
        "label-delete",
        "label-delete-again",
    ),
    "pulls": (
        "pull-get",
        "pull-get-fork",
        "pull-get-merged",
        "pull-get-of-issue",
        "pull-missing",
        "pull-diff",
        "pull-diff-missing",
        "pull-patch",
        "pull-commits",
        "pull-commits-limit1",
        "pull-files",
        "pull-files-limit0",
        "pull-files-limit50-page2",
        "pull-files-page3-empty",
        "pulls-list-open",
        "pull-edit-as-outsider",
        "pull-edit-bad-state",
        "pull-create-exists",
        "pull-create-no-diff",
        "pull-create-no-head",
        "review-approve-own",
        "review-empty",
        "review-create-approved",
        "review-create-comment-inline",
        "review-outsider-approve",
        "review-unknown-event",
        "reviews-list",
        "review-comments",
        "review-dismiss-as-bot",
        "review-dismiss",
    ),
    "statuses": (
        "commit-status-none",
        "status-create-pending",
        "status-create-success",
        "status-create-failure",
        "status-create-error",
        "status-create-warning",
        "status-create-bad-state",
        "status-create-short-sha",
        "status-create-no-context",
        "status-create-unknown-sha",
        "status-create-as-outsider",
        "statuses-list",
        "statuses-list-limit2",
        "commit-status-combined",
        "commit-statuses-by-branch",
    ),
    "contents": (
        "branch-get-slash",
        "branch-missing",
        "branches-list",
        "commits-list-path",
        "contents-dir",
        "contents-file",
        "contents-missing",
        "contents-write-as-bot",
        "contents-write-as-outsider",
        "contents-write-bad-sha",
        "contents-write-file-exists",
        "git-commit",
        "raw-at-branch",
        "raw-bad-ref",
        "raw-missing",
    ),
    "hooks": (
        "hook-create",
        "hook-create-as-bot-no-admin",
        "hook-create-bad-type",
        "hook-create-no-url",
        "hooks-list",
        "hook-get",
        "hook-edit",
        "hook-test",
        "hook-delete",
    ),
    "merge": (
        "merge-already-merged",
        "merge-check-merged",
        "merge-check-not-merged",
        "merge-missing-do",
        "merge-when-draft",
        "protection-missing",
        "protection-create",
        "protection-create-again",
        "protection-create-as-bot",
        "protection-get",
        "protection-get-as-bot",
        "protection-edit",
        "protections-list",
        "branch-get-protected",
        "merge-blocked-by-protection-as-owner",
        "protection-delete",
    ),
    "actions": ("actions-tasks-list-empty", "actions-tasks-list"),
}


@pytest.fixture
async def garden(world: World, labels: None) -> World:
    """Issues and pull requests under their recorded numbers, with ids mapped in `world.known`."""
    await world.sandbox.add_repo("workshop/vault", private=True)
    await _ran(world)
    await _pull(world, "codex/fertile", "done.txt", "Merged")
    await world.made("operator", "POST", f"{GARDEN}/pulls/1/merge", json={"Do": "merge"})
    for number in range(2, 6):
        await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": f"Filler {number}"})
    await world.made("devops-engineer", "POST", f"{GARDEN}/forks", json={})
    body = {"content": "eA==", "message": "m", "new_branch": "fix/seed-need"}
    await world.made("devops-engineer", "POST", "/repos/devops-engineer/garden/contents/seed.py", json=body)
    fork = {"title": "From a fork", "head": "devops-engineer:fix/seed-need", "base": "main", "labels": [4]}
    await world.made("devops-engineer", "POST", f"{GARDEN}/pulls", json=fork)
    for number in range(7, 10):
        await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": f"Filler {number}"})
    await world.made("codex", "PATCH", f"{GARDEN}/issues/8", json={"state": "closed"})
    await _many_files(world)
    await _pull(world, "codex/draft", "draft.txt", "WIP: not yet")
    return world


async def _ran(world: World) -> None:
    """A repository whose three runs had a task each."""
    await world.sandbox.add_repo("workshop/ci-demo")
    for number, status in enumerate(("failure", "success", "success"), 1):
        world.sandbox.add_run("workshop/ci-demo", number, "a" * 40, status)


async def _pull(world: World, branch: str, path: str, title: str) -> None:
    await world.write("codex", path, "text\n", new_branch=branch)
    await world.made("codex", "POST", f"{GARDEN}/pulls", json={"title": title, "head": branch, "base": "main"})


async def _many_files(world: World) -> None:
    """Pull request 10: 71 files in three commits, as in the recording."""
    branch = "codex/many-files"
    files = {f"garden/beds/bed_{number:02}.py": f"AREA = {number}\n" for number in range(69)}
    await world.write("codex", "first.txt", "1\n", new_branch=branch)
    await world.sandbox.commit_files("workshop/garden", branch, files, author="codex")
    await world.write("codex", "last.txt", "1\n", branch=branch)
    await world.made("codex", "POST", f"{GARDEN}/pulls", json={"title": "Many", "head": branch, "base": "main"})
    for text in ("<!-- x -->\npass", "note", "note", "note"):
        await world.made("patchwarden-bot", "POST", f"{GARDEN}/issues/10/comments", json={"body": text})


async def _known(world: World) -> dict[str, str]:
    """What the recordings call by other ids."""
    head = (await world.made("codex", "GET", f"{GARDEN}/pulls/10"))["head"]["sha"]
    comments = await world.made("codex", "GET", f"{GARDEN}/issues/10/comments")
    return {
        HEAD: head,
        HEAD[:10]: head[:10],
        "/issues/52/": "/issues/9/",
        "/comments/93": f"/comments/{comments[0]['id']}",
        "/pulls/50/": "/pulls/10/",
        "/reviews/11/": "/reviews/1/",
        "/reviews/10/": "/reviews/2/",
    }


def _replace(text: str, known: dict[str, str]) -> str:
    for old, new in known.items():
        text = text.replace(old, new)
    return text


async def replay(world: World, recorded: dict[str, Any], known: dict[str, str]) -> httpx.Response:
    """Sends the recorded request as the recorded user."""
    request, user = recorded["request"], recorded["as"]
    headers = {}
    if user in world.tokens:
        headers = {"Authorization": f"token {world.tokens[user]}"}
    elif user in ("junk", "malformed"):
        headers = {"Authorization": "token " + ("x" if user == "malformed" else secrets.token_hex(20))}
    url = _replace(request["path"], known) + (f"?{request['query']}" if request["query"] else "")
    body = request.get("json")
    content = _replace(json.dumps(body), known).encode() if body is not None else None
    kind = {"Content-Type": "application/json"} if body is not None else {}
    return await world.client.request(request["method"], url, headers=headers | kind, content=content)


def disagreements(response: httpx.Response, recorded: dict[str, Any]) -> Iterator[str]:
    """Status, headers, shape, and the text of errors."""
    real = recorded["response"]
    if response.status_code != real["status"]:
        yield f"status {response.status_code} instead of {real['status']}: {response.text[:200]}"
        return
    recorded_headers = {name.lower() for name in real["headers"]}
    for name in COUNTED:
        if (name.lower() in recorded_headers) != (name in response.headers):
            yield f"header {name} is {'missing' if name.lower() in recorded_headers else 'too much'}"
    if real.get("json") is None:
        return
    yield from departures(response.json(), real["json"])
    if real["status"] >= 400 and "does not match" not in real["json"]["message"]:
        mine, theirs = response.json()["message"], real["json"]["message"]
        if mine.partition(" [")[0] != theirs.partition(" [")[0]:
            yield f"says {mine!r} instead of {theirs!r}"


@pytest.mark.parametrize("family", FAMILIES)
async def test_the_recorded_requests_get_the_recorded_answers(garden: World, family: str) -> None:
    known, wrong = await _known(garden), []
    if family == "hooks":
        hook = await garden.hook()
        known |= {"/hooks/36": f"/hooks/{hook['id'] + 1}", "/hooks/3/": f"/hooks/{hook['id']}/"}
    schemas = openapi()
    for name in FAMILIES[family]:
        recorded = exchange(name)
        response = await replay(garden, recorded, known)
        wrong += [f"{name}: {one}" for one in disagreements(response, recorded)]
        wrong += [f"{name}: {one}" for one in undescribed(response, recorded, schemas)]
    assert not wrong, "\n".join(wrong)


def openapi() -> dict[str, Any]:
    """The server's own description, where this machine has it; empty otherwise."""
    beside = Path(__file__).parents[3] / "shared" / "forgejo" / "openapi.v1.json"
    path = Path(os.environ.get("ASSAY_FORGEJO_OPENAPI", beside))
    if not path.is_file():
        return {}
    described = json.loads(path.read_text(encoding="utf-8"))
    _loosen(described["definitions"])
    _loosen(described["responses"])
    return dict(described)


def _loosen(node: Any) -> None:
    """Swagger 2 has no null: Forgejo sends it for whatever is absent, so every type takes it."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            node["type"] = [node["type"], "null"]
        node.pop("enum", None)
        node.pop("format", None)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _loosen(child)


def undescribed(response: httpx.Response, recorded: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
    """What the OpenAPI description says against a successful JSON answer."""
    schema = _schema(recorded, described) if response.is_success and described else None
    if schema is None or recorded["name"] in UNDESCRIBED or "json" not in response.headers.get("Content-Type", ""):
        return
    validator = jsonschema.Draft4Validator(schema | {"definitions": described["definitions"]})
    for error in validator.iter_errors(response.json()):
        yield f"OpenAPI: {error.json_path}: {error.message[:200]}"


def _schema(recorded: dict[str, Any], described: dict[str, Any]) -> dict[str, Any] | None:
    wanted = recorded["request"]["path"].removeprefix("/api/v1").split("/")
    # the path with the fewest variables first: `/pulls/{base}/{head}` would fit `/pulls/1/files`
    for path, operations in sorted(described["paths"].items(), key=lambda item: item[0].count("{")):
        parts = path.split("/")
        fits = len(parts) == len(wanted) and all(a == b or a[:1] == "{" for a, b in zip(parts, wanted, strict=True))
        operation = operations.get(recorded["request"]["method"].lower()) if fits else None
        if operation:
            response = operation["responses"].get(str(recorded["response"]["status"]), {})
            name = response.get("$ref", "").rpartition("/")[2]
            return dict(described["responses"].get(name, response).get("schema", {})) or None
    return None
