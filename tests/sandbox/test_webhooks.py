"""Deliveries: which events come in which order, signed how, once, to nobody else. Their shapes are the contract's."""

import asyncio
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from tests.sandbox.world import GARDEN, World


async def kinds(world: World) -> list[tuple[str, str | None]]:
    return [arrival.kind for arrival in await world.deliveries()]


async def test_a_new_branch_tells_create_and_push(world: World) -> None:
    await world.hook()
    await world.write("codex", "new.txt", "one\n", new_branch="codex/x")
    assert await kinds(world) == [("create", None), ("push", None)]


async def test_a_pull_request_tells_its_life(world: World, labels: None) -> None:
    await world.hook()
    await world.write("codex", "new.txt", "one\n", new_branch="codex/x")
    await world.deliveries()
    body = {"title": "Add", "head": "codex/x", "base": "main", "labels": [5]}
    await world.made("codex", "POST", f"{GARDEN}/pulls", json=body)
    assert await kinds(world) == [("pull_request", "opened"), ("pull_request_label", "label_updated")]
    await world.made("codex", "PATCH", f"{GARDEN}/pulls/1", json={"title": "Added", "body": "more"})
    assert await kinds(world) == [("pull_request", "edited"), ("pull_request", "edited")]
    await world.write("codex", "two.txt", "two\n", branch="codex/x")
    assert await kinds(world) == [("push", None), ("pull_request_sync", "synchronized")]
    await world.made("operator", "POST", f"{GARDEN}/pulls/1/merge", json={"Do": "merge"})
    assert await kinds(world) == [("pull_request", "closed"), ("push", None)]


async def test_the_count_of_comments_is_the_one_before_a_comment_came_or_went(
    world: World, pull: dict[str, Any]
) -> None:
    await world.hook()
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "Frost"})
    for number in (1, 2):
        comment = await world.made("codex", "POST", f"{GARDEN}/issues/{number}/comments", json={"body": "one"})
        path = f"{GARDEN}/issues/comments/{comment['id']}"
        await world.made("iskra", "PATCH", path, json={"body": "two"})
        await world.made("iskra", "DELETE", path)
    arrivals = (await world.deliveries())[1:]
    assert [arrival.body["issue"]["comments"] for arrival in arrivals] == [0, 1, 1] * 2
    actions = ("created", "edited", "deleted")
    expected = [(kind, action) for kind in ("pull_request_comment", "issue_comment") for action in actions]
    assert [arrival.kind for arrival in arrivals] == expected


async def test_labels_tell_even_when_nothing_changed(world: World, labels: None, pull: dict[str, Any]) -> None:
    await world.hook()
    path = f"{GARDEN}/issues/1/labels"
    for name in ("docs", "docs", "nope"):
        await world.made("codex", "POST", path, json={"labels": [name]})
    await world.made("codex", "DELETE", path)
    await world.made("codex", "PATCH", f"{GARDEN}/pulls/1", json={"labels": [5]})
    arrivals = await world.deliveries()
    assert [arrival.kind for arrival in arrivals] == [
        *[("pull_request_label", "label_updated")] * 3,
        ("pull_request_label", "label_cleared"),
    ]
    assert [label["name"] for label in arrivals[-1].body["pull_request"]["labels"]] == ["docs"]


async def test_a_deleted_branch_closes_its_pull_request(world: World, pull: dict[str, Any]) -> None:
    await world.hook()
    await world.made("codex", "DELETE", f"{GARDEN}/branches/codex/x")
    assert await kinds(world) == [("delete", None), ("pull_request", "closed")]


async def test_a_test_delivery_is_a_push_that_moved_nothing(world: World) -> None:
    hook = await world.hook()
    await world.made("operator", "POST", f"{GARDEN}/hooks/{hook['id']}/tests")
    (arrival,) = await world.deliveries()
    assert arrival.kind == ("push", None)
    assert arrival.body["before"] == arrival.body["after"]


async def test_every_family_of_headers_is_signed_over_the_exact_bytes(world: World) -> None:
    secret = secrets.token_hex(8)
    await world.hook(secret)
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "a <b> & c", "body": "<!-- x -->"})
    (arrival,) = await world.deliveries()
    digest = hmac.new(secret.encode(), arrival.raw, hashlib.sha256).hexdigest()
    for family in ("Forgejo", "Gitea", "Gogs"):
        assert arrival.headers[f"X-{family}-Signature"] == digest
    assert arrival.headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert arrival.headers["X-Hub-Signature"].startswith("sha1=")
    assert b"<" not in arrival.raw
    assert b"a \\u003cb\\u003e \\u0026 c" in arrival.raw
    assert arrival.raw.startswith(b'{\n  "action": "opened",\n')


async def test_without_a_secret_the_signatures_are_sent_empty(world: World) -> None:
    await world.hook()
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "a"})
    (arrival,) = await world.deliveries()
    assert arrival.headers["X-Forgejo-Signature"] == ""
    assert arrival.headers["X-Hub-Signature-256"] == "sha256="


async def test_a_form_hook_signs_the_decoded_payload(world: World) -> None:
    secret = secrets.token_hex(8)
    config = {"url": world.receiver, "content_type": "form", "secret": secret}
    await world.hook(config=config)
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "a"})
    (arrival,) = await world.deliveries()
    payload = parse_qs(arrival.raw.decode())["payload"][0].encode()
    assert arrival.headers["X-Forgejo-Signature"] == hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()


async def test_a_hook_of_giteas_type_hears_the_bare_name_of_a_new_branch(world: World) -> None:
    await world.hook(type="gitea", events=["create"])
    await world.hook(events=["create"])
    await world.write("codex", "new.txt", "one\n", new_branch="codex/x")
    assert [arrival.body["ref"] for arrival in await world.deliveries()] == ["codex/x", "refs/heads/codex/x"]


async def test_a_failed_delivery_is_never_repeated(world: World) -> None:
    seen = 0

    async def fail(_request: web.Request) -> web.Response:
        nonlocal seen
        seen += 1
        return web.Response(status=500)

    app = web.Application()
    app.router.add_post("/fail", fail)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/fail"
    await world.hook(config={"url": url, "content_type": "json"})
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "a"})
    await world.sandbox.hooks_idle()
    await runner.cleanup()
    assert seen == 1


async def test_paused_hooks_lose_their_deliveries(world: World) -> None:
    await world.hook()
    world.sandbox.hooks_paused = True
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "lost"})
    world.sandbox.hooks_paused = False
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "sent"})
    assert [arrival.body["issue"]["title"] for arrival in await world.deliveries()] == ["sent"]


async def test_nothing_is_sent_beyond_loopback(world: World) -> None:
    await world.hook(config={"url": "http://192.0.2.1/x", "content_type": "json"})
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "a"})
    await asyncio.wait_for(world.sandbox.hooks_idle(), 2)


async def test_unknown_event_names_give_no_event_and_none_give_push(world: World) -> None:
    assert (await world.hook(events=["status", "pull_request_review_approved"]))["events"] == []
    assert (await world.hook(events=[]))["events"] == ["push"]
    config = {"url": world.receiver, "content_type": "json"}
    plain = {"type": "forgejo", "config": config}
    made = await world.made("operator", "POST", f"{GARDEN}/hooks", json=plain)
    assert (made["active"], made["events"]) == (False, ["push"])


async def test_no_event_is_sent_that_the_server_never_tells(world: World) -> None:
    await world.hook()
    hooks = list(world.sandbox._forge.named("workshop/garden").hooks.values())
    with pytest.raises(ValueError, match="tells no push with the action 'forced'"):
        world.sandbox._hooks.emit(hooks, "push", {"action": "forced"})
    with pytest.raises(ValueError, match="tells no status"):
        world.sandbox._hooks.emit(hooks, "status", {})
