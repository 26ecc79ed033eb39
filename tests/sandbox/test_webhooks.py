"""Deliveries against recorded ones: event names, actions, shapes, signatures; once, in order, and never to others."""

import asyncio
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from tests.sandbox.recordings import delivery, departures, exchange
from tests.sandbox.world import GARDEN, Arrival, World

# what a fresh garden lacks: teams, milestones, assignees
SPARSE = "requested_reviewers"


def unlike(arrival: Arrival, recording: str) -> list[str]:
    """Departures from a recorded delivery: its event names and its body."""
    real = delivery(recording)
    names = (arrival.headers["X-Forgejo-Event"], arrival.headers["X-Forgejo-Event-Type"], arrival.body.get("action"))
    expected = (real["event"], real["event_type"], real["body"].get("action"))
    found = [] if names == expected else [f"{names} instead of {expected}"]
    return found + [one for one in departures(arrival.body, real["body"]) if SPARSE not in one]


async def shapes(world: World, *recordings: str) -> None:
    arrivals = await world.deliveries()
    assert [arrival.headers["X-Forgejo-Event-Type"] for arrival in arrivals] == [
        delivery(name)["event_type"] for name in recordings
    ]
    wrong = [
        f"{name}: {one}" for arrival, name in zip(arrivals, recordings, strict=True) for one in unlike(arrival, name)
    ]
    assert not wrong, "\n".join(wrong)


async def test_a_new_branch_tells_create_and_push(world: World) -> None:
    await world.hook()
    await world.write("codex", "new.txt", "one\n", new_branch="codex/x")
    await shapes(world, "create.none.branch-push", "push.none.branch-push")


async def test_a_pull_request_tells_its_life(world: World, labels: None) -> None:
    await world.hook()
    await world.write("codex", "new.txt", "one\n", new_branch="codex/x")
    await world.deliveries()
    body = {"title": "Add", "head": "codex/x", "base": "main", "labels": [5]}
    await world.made("codex", "POST", f"{GARDEN}/pulls", json=body)
    await shapes(world, "pull_request.opened.opened-with-labels", "pull_request_label.label_updated.add-by-name")
    await world.made("codex", "PATCH", f"{GARDEN}/pulls/1", json={"title": "Added", "body": "more"})
    await shapes(world, "pull_request.edited.title-and-body-edit", "pull_request.edited.title-and-body-edit.2")
    await world.write("codex", "two.txt", "two\n", branch="codex/x")
    await shapes(world, "push.none.normal-push", "pull_request_sync.synchronized.normal-push")
    await world.made("operator", "POST", f"{GARDEN}/pulls/1/merge", json={"Do": "merge"})
    await shapes(world, "pull_request.closed.merge", "push.none.merge")


async def test_comments_of_issues_and_pull_requests_differ(world: World, pull: dict[str, Any]) -> None:
    await world.hook()
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "Frost"})
    await shapes(world, "issues.opened.opened-with-labels")
    for number in (1, 2):
        comment = await world.made("codex", "POST", f"{GARDEN}/issues/{number}/comments", json={"body": "one"})
        path = f"{GARDEN}/issues/comments/{comment['id']}"
        await world.made("iskra", "PATCH", path, json={"body": "two"})
        await world.made("iskra", "DELETE", path)
    await world.sandbox.hooks_idle()
    assert [arrival.body["issue"]["comments"] for arrival in world.arrivals] == [0, 1, 1] * 2
    await shapes(
        world,
        "pull_request_comment.created.by-codex",
        "pull_request_comment.edited.by-codex",
        "pull_request_comment.deleted.bot-comment-deleted-by-writer",
        "issue_comment.created.by-iskra",
        "issue_comment.edited.by-iskra",
        "issue_comment.deleted.by-iskra",
    )


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
    assert not unlike(arrivals[-1], "pull_request_label.label_cleared.clear")


async def test_the_rest_has_its_recorded_shape(world: World, pull: dict[str, Any]) -> None:
    hook = await world.hook()
    recorded = exchange("hook-create")
    asked = await world.hook(events=recorded["request"]["json"]["events"])
    assert asked["events"] == recorded["response"]["json"]["events"]
    await world.made("operator", "DELETE", f"{GARDEN}/hooks/{asked['id']}")
    await world.made("iskra", "POST", f"{GARDEN}/pulls/1/reviews", json={"event": "APPROVED", "body": "good"})
    await shapes(world, "pull_request_review_approved.reviewed.approve-by-iskra")
    await world.made("operator", "POST", f"{GARDEN}/hooks/{hook['id']}/tests")
    await shapes(world, "push.none.test-delivery-api")
    await world.made("devops-engineer", "POST", f"{GARDEN}/forks", json={})
    await shapes(world, "fork.none.by-devops")
    await world.made("codex", "DELETE", f"{GARDEN}/branches/codex/x")
    await shapes(world, "delete.none.branch-codex", "pull_request.closed.delete-branch-of-open-pr")


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
    recorded = {name for name in delivery("issues.opened.opened-with-labels")["headers"] if name.startswith("X-")}
    assert recorded == {name for name in arrival.headers if name.startswith("X-")}


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
