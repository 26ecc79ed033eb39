"""The door for deliveries, over a real socket: what is taken, what is refused, and that a 202 is on disk."""

import asyncio
import gzip
import json
import secrets
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.forgejo.signature import sign
from bot.intake.hook_secrets import HookSecrets, Signer
from bot.intake.inbox import Inbox
from bot.intake.webhook import LARGE, PATH, add_webhook
from bot.model import SignerKind
from bot.model.delivery import Envelope, witness_of
from bot.port import Bodies, Port, PortLimits
from bot.store.database.session import Store, open_store
from tests.children import processes, serve
from tests.intake.stored import listed, unrouted

RECORDED = Path(__file__).parents[1] / "recorded" / "forgejo-12" / "webhooks"
RECORDED_SECRET = b"-".join([b"recorded", b"webhook", b"secret"])
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMIT = 1024 * 1024
SECRET = secrets.token_hex(20).encode()
WITNESS_KEY = secrets.token_bytes(32)


@dataclass
class Door:
    """A bot's web server with nothing behind it but the inbox."""

    store: Store
    inbox: Inbox
    client: aiohttp.ClientSession
    url: str
    results: list[str] = field(default_factory=list)

    async def post(self, body: bytes, **headers: str) -> tuple[int, dict[str, str], Any]:
        """Post a body signed with the secret; `headers` (with `_` for `-`) come on top, empty ones are left out."""
        sent = {"Content-Type": "application/json", "X-Forgejo-Event-Type": "issues", "X-Forgejo-Delivery": "id-1"}
        sent |= sign(body, SECRET) | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.post(self.url, data=body, headers={k: v for k, v in sent.items() if v}) as answer:
            return answer.status, dict(answer.headers), json.loads(await answer.read())

    async def kept(self) -> list[Envelope]:
        """All that was stored."""
        return [kept.envelope for kept in await listed(self.store)]


async def opened(
    store: Store, allowed: list[bytes] | HookSecrets, bodies: Bodies | None = None, **limits: Any
) -> tuple[Door, Port]:
    inbox = Inbox(store, **limits)
    await inbox.start()
    app = web.Application()
    door = Door(store, inbox, aiohttp.ClientSession(), "")
    add_webhook(
        app,
        inbox,
        secrets=allowed if isinstance(allowed, HookSecrets) else HookSecrets.shared_by_all(allowed),
        witness_key=WITNESS_KEY,
        limit=LIMIT,
        clock=lambda: NOON,
        bodies=bodies,
        on_result=door.results.append,
    )
    port = Port(app, PortLimits(100, 100))
    door.url = f"http://127.0.0.1:{await port.start('127.0.0.1', 0)}{PATH}"
    return door, port


async def shut(door: Door, port: Port) -> None:
    await door.client.close()
    await port.stop()
    await door.inbox.stop()


@pytest.fixture
async def door(store: Store) -> AsyncIterator[Door]:
    made, port = await opened(store, [SECRET, RECORDED_SECRET])
    yield made
    await shut(made, port)


def recording(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_bytes())
    return read


async def test_every_recorded_delivery_is_taken_and_a_repeated_one_is_known(door: Door) -> None:
    recordings = [json.loads(path.read_bytes()) for path in sorted(RECORDED.glob("*.json"))]
    assert len(recordings) > 100
    for again, status in ((False, 202), (True, 200)):
        for read in recordings:
            headers = {name: value for name, value in read["headers"].items() if name not in {"Host", "Content-Length"}}
            async with door.client.post(door.url, data=b64decode(read["body_b64"]), headers=headers) as answer:
                assert answer.status == status, (read["scenario"], again, await answer.text())
                assert await answer.json() == {"id": headers["X-Forgejo-Delivery"]}
    assert len(await door.kept()) == len(recordings)


COMMENT_HEAD = "98c59219eee65530c2f3ba263f91b880b3dc75ff"
EXPECTED: dict[str, dict[str, Any]] = {
    "pull_request_comment.edited.by-bot": {
        "event": "pull_request_comment",
        "action": "edited",
        "repository": "workshop/garden",
        "number": 1,
        "is_pull": True,
        "sender": "patchwarden-bot",
        "comment_id": 32,
        "comment_author": "patchwarden-bot",
        "after": COMMENT_HEAD,
    },
    "repository.created.org-repo": {"event": "repository", "action": "created", "number": None, "is_pull": None},
    "wiki.created.page": {"event": "wiki", "action": "created", "comment_id": None, "comment_hmac": ""},
    "fork.none.by-devops": {"event": "fork", "action": "", "sender": "devops-engineer"},
    "push.none.tag-deleted": {"event": "push", "ref": "refs/tags/v0.1", "after": "0" * 40, "number": None},
    "action_run_success.success.ci-success": {"event": "action_run_success", "repository": "workshop/ci-demo"},
    "push.none.hooktype-form": {"event": "push", "repository": "workshop/lab"},
}


@pytest.mark.parametrize("name", EXPECTED)
async def test_the_envelope_says_what_the_recorded_body_says(door: Door, name: str) -> None:
    read = recording(name)
    headers = {key: value for key, value in read["headers"].items() if key not in {"Host", "Content-Length"}}
    async with door.client.post(door.url, data=b64decode(read["body_b64"]), headers=headers) as answer:
        assert answer.status == 202
    (envelope,) = await door.kept()
    found = envelope.model_dump()
    assert {key: found[key] for key in EXPECTED[name]} == EXPECTED[name]
    assert envelope.received_at == NOON
    if read["body"].get("pusher_type") is None and "before" in read["body"]:
        assert (envelope.before, envelope.after) == (read["body"]["before"], read["body"]["after"])


def body_of(**fields: Any) -> bytes:
    whole = {"action": "created", "repository": {"full_name": "workshop/garden"}, "sender": {"login": "codex"}} | fields
    return json.dumps(whole).encode()


async def test_of_a_comment_only_the_mac_of_its_exact_text_is_kept(door: Door) -> None:
    words = "line one\r\n<!-- x --> é \0 \U0001f331"
    comment = {"id": 9, "user": {"login": "iskra"}, "body": words}
    issue = {"number": 4, "pull_request": None}
    await door.post(body_of(comment=comment, issue=issue), X_Forgejo_Event_Type="issue_comment")
    (envelope,) = await door.kept()
    assert (envelope.comment_id, envelope.comment_author, envelope.number, envelope.is_pull) == (9, "iskra", 4, False)
    assert envelope.comment_hmac == witness_of(words, WITNESS_KEY)
    assert "line one" not in envelope.model_dump_json()


async def test_an_issue_that_carries_a_pull_request_is_one(door: Door) -> None:
    await door.post(body_of(issue={"number": 4, "pull_request": {"merged": False}}))
    assert [(found.number, found.is_pull) for found in await door.kept()] == [(4, True)]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"X_Forgejo_Signature": "0" * 64}, 401),
        ({"X_Forgejo_Signature": "", "X_Gitea_Signature": "", "X_Hub_Signature_256": ""}, 401),
        ({"X_Forgejo_Delivery": ""}, 400),
        ({"X_Forgejo_Delivery": "x" * 65}, 400),
        ({"X_Forgejo_Delivery": "a b"}, 400),
        ({"X_Forgejo_Delivery": '"},{"'}, 400),
        ({"X_Forgejo_Delivery": "\u00e9"}, 400),
        ({"X_Forgejo_Event_Type": ""}, 400),
        ({"X_Forgejo_Event_Type": "../push"}, 400),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content_Encoding": "gzip"}, 415),
    ],
)
async def test_a_delivery_with_wrong_headers_is_refused_and_not_kept(
    door: Door, changes: dict[str, str], status: int
) -> None:
    answered, headers, answer = await door.post(body_of(), **changes)
    assert answered == status
    assert headers["Content-Type"].startswith("application/json")
    assert answer["error"]
    assert await door.kept() == []


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a word": b"null",
    "deep lists": b"[" * 10_000 + b"]" * 10_000,
    "deep in an unknown field": b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "deep objects": b'{"x":' * 10_000 + b"1" + b"}" * 10_000,
    "lone surrogate in a name": b'{"sender":{"login":"\\ud800"}}',
    "lone surrogate in a comment": b'{"comment":{"id":1,"body":"a\\udfffb"}}',
    "invalid UTF-8": b'{"sender":{"login":"\xff\xfe"}}',
    "NUL in a name": b'{"sender":{"login":"a\\u0000b"}}',
    "newline in a repository": b'{"repository":{"full_name":"a/b\\nc"}}',
    "number as text": b'{"number":"12"}',
    "number below one": b'{"number":0}',
    "number beyond 63 bits": b'{"number":9223372036854775808}',
    "number of a thousand digits": b'{"number":' + b"9" * 1000 + b"}",
    "not a number": b'{"number":NaN}',
    "commit that is none": b'{"before":"$(id)"}',
    "name without an end": b'{"sender":{"login":"' + b"a" * 256 + b'"}}',
    "repository as a list": b'{"repository":[]}',
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_body_is_malformed_and_its_words_are_not_repeated(door: Door, name: str) -> None:
    status, _, answer = await door.post(HOSTILE[name])
    assert (status, door.results) == (400, ["malformed"])
    assert len(answer["error"]) < 200
    assert "$(id)" not in answer["error"]
    assert await door.kept() == []


@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_of_an_unproven_body_is_parsed(door: Door, name: str) -> None:
    answered, _, _ = await door.post(HOSTILE[name], X_Forgejo_Signature="0" * 64)
    assert (answered, door.results) == (401, ["unsigned"])


async def test_the_address_says_whose_secret_signs_and_the_body_must_be_about_the_same(store: Store) -> None:
    made = HookSecrets(WITNESS_KEY)
    door, runner = await opened(store, made)
    body, url = body_of(repository={"id": 7, "full_name": "a/b", "owner": {"id": 3, "login": "a"}}), door.url
    cases: list[tuple[str, Signer, int]] = [
        ("repository=7", Signer(SignerKind.REPOSITORY, 7), 202),
        ("repository=8", Signer(SignerKind.REPOSITORY, 8), 401),  # signed, and about another one
        ("repository=7", Signer(SignerKind.REPOSITORY, 8), 401),
        ("owner=3", Signer(SignerKind.OWNER, 3), 202),
        ("owner=7", Signer(SignerKind.OWNER, 7), 401),
        ("server", Signer(SignerKind.SERVER), 202),
        ("server", Signer(SignerKind.REPOSITORY, 7), 401),
        ("", Signer(SignerKind.REPOSITORY, 7), 401),
        ("repository=7&x", Signer(SignerKind.REPOSITORY, 7), 401),
    ]
    for place, (query, signer, expected) in enumerate(cases):
        door.url = f"{url}?{query}"
        sent = {
            f"X_{name.removeprefix('X-')}".replace("-", "_"): value
            for name, value in sign(body, made.secret(signer)).items()
        }
        status, _, answer = await door.post(body, X_Forgejo_Delivery=f"id-{place}", **sent)
        assert (query, signer, status) == (query, signer, expected), answer
    assert [(one.signer, one.repository_id) for one in sorted(await door.kept(), key=lambda one: one.id)] == [
        ("repository", 7),
        ("owner:3", 7),
        ("server", 7),
    ]
    assert door.results.count("foreign") == 2
    await shut(door, runner)


async def test_a_key_that_comes_twice_counts_as_its_last_and_unknown_fields_do_not_matter(door: Door) -> None:
    body = b'{"number":1,"number":2,"more":{"number":3},"repository":{"full_name":"a/b","more":[1,2]}}'
    assert (await door.post(body))[0] == 202
    assert [(found.number, found.repository) for found in await door.kept()] == [(2, "a/b")]


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(door: Door) -> None:
    host, port = door.url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert answer.startswith(b"HTTP/1.1 413 ")
    writer.close()
    await writer.wait_closed()


HEADS: dict[str, tuple[str, int]] = {
    "no signature": ("", 401),
    "an empty signature": ("X-Forgejo-Signature: \r\n", 401),
    "a short signature": (f"X-Forgejo-Signature: {'0' * 63}\r\n", 401),
    "a signature in capitals": (f"X-Forgejo-Signature: {'A' * 64}\r\n", 401),
    "SHA-1 alone": (f"X-Hub-Signature: sha1={'0' * 40}\r\n", 401),
    "an event that is no name": (
        f"X-Forgejo-Signature: {'0' * 64}\r\nX-Forgejo-Delivery: a\r\nX-Forgejo-Event: .\r\n",
        400,
    ),
}


@pytest.mark.parametrize("expectation", ["", "Expect: 100-continue\r\n"])
@pytest.mark.parametrize("name", HEADS)
async def test_what_the_head_shows_is_refused_before_the_body_comes(door: Door, name: str, expectation: str) -> None:
    lines, status = HEADS[name]
    host, port = door.url.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {LIMIT}\r\n"
    writer.write(f"{head}{expectation}{lines}\r\n".encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in answer
    writer.close()
    await writer.wait_closed()


async def test_a_body_that_may_come_is_asked_for(door: Door) -> None:
    body = body_of()
    async with door.client.post(
        door.url,
        data=body,
        headers={"Content-Type": "application/json", "X-Forgejo-Event-Type": "issues", "X-Forgejo-Delivery": "id-1"}
        | sign(body, SECRET),
        expect100=True,
    ) as answer:
        assert answer.status == 202


async def test_bodies_beyond_the_room_of_all_are_answered_503_and_when_to_come_again(store: Store) -> None:
    door, port = await opened(store, [SECRET], bodies=Bodies(2 * LARGE))
    status, headers, answer = await door.post(body_of(pad="x" * (LARGE + LARGE * 7 // 10)))
    assert (status, headers["Retry-After"], door.results) == (503, "30", ["no-room"])
    assert "retry later" in answer["error"]
    assert (await door.post(body_of(pad="x" * (LARGE + LARGE // 5))))[0] == 202
    await shut(door, port)


async def chunks(piece: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield piece


async def test_a_chunked_body_is_refused_as_soon_as_it_is_too_large(door: Door) -> None:
    headers = {"Content-Type": "application/json", "X-Forgejo-Event-Type": "issues", "X-Forgejo-Delivery": "id-1"}
    headers |= sign(b"", SECRET)
    async with door.client.post(door.url, data=chunks(b" " * 65536, 17), headers=headers) as answer:
        assert answer.status == 413
    assert door.results == ["too-large"]


async def test_a_chunked_body_within_the_limit_is_taken(door: Door) -> None:
    body = body_of()
    headers = {"Content-Type": "application/json", "X-Forgejo-Event-Type": "issues", "X-Forgejo-Delivery": "id-1"}
    async with door.client.post(door.url, data=chunks(body, 1), headers=headers | sign(body, SECRET)) as answer:
        assert answer.status == 202


async def test_a_compressed_body_is_refused_without_unpacking_it(door: Door) -> None:
    packed = gzip.compress(b" " * (LIMIT + 1))
    headers = {"Content-Type": "application/json", "X-Forgejo-Event-Type": "issues", "X-Forgejo-Delivery": "id-1"}
    headers |= sign(packed, SECRET)
    async with door.client.post(door.url, data=packed, headers=headers | {"Content-Encoding": "gzip"}) as answer:
        assert answer.status == 415


async def test_a_large_body_within_the_limit_is_taken(door: Door) -> None:
    assert (await door.post(body_of(pad="x" * LARGE)))[0] == 202
    assert door.results == ["new"]


async def test_a_full_inbox_answers_503_and_when_to_come_again(store: Store) -> None:
    door, port = await opened(store, [SECRET], max_backlog=1)
    assert (await door.post(body_of()))[0] == 202
    status, headers, answer = await door.post(body_of(), X_Forgejo_Delivery="id-2")
    assert (status, headers["Retry-After"], door.results) == (503, "30", ["new", "full"])
    assert "retry later" in answer["error"]
    await shut(door, port)


async def test_a_stopped_inbox_answers_503(door: Door) -> None:
    await door.inbox.stop()
    status, headers, _ = await door.post(body_of())
    assert (status, headers["Retry-After"], door.results) == (503, "30", ["unavailable"])


async def test_without_a_secret_nothing_is_taken(store: Store) -> None:
    door, port = await opened(store, [])
    status, _, answer = await door.post(body_of())
    assert status == 401
    assert "secret" in answer["error"]
    await shut(door, port)


async def test_other_methods_are_not_for_this_door(door: Door) -> None:
    async with door.client.get(door.url) as answer:
        assert answer.status == 405


async def answers(port: int, names: list[str]) -> list[int]:
    """Post deliveries of these ids at once; give the statuses."""
    body = body_of()
    headers = {"Content-Type": "application/json", "X-Forgejo-Event-Type": "issues"} | sign(body, SECRET)
    async with aiohttp.ClientSession() as client:

        async def post(name: str) -> int:
            sent = headers | {"X-Forgejo-Delivery": name}
            async with client.post(f"http://127.0.0.1:{port}{PATH}", data=body, headers=sent) as answer:
                return answer.status

        return await asyncio.gather(*(post(name) for name in names))


@pytest.mark.long
async def test_what_was_answered_202_is_there_after_kill_9(store_url: str) -> None:
    context = processes()
    expected: set[str] = set()
    for turn in range(10):
        names = [f"{turn}-{number}" for number in range(1 if turn % 2 else 8)]
        ours, theirs = context.Pipe()
        child = context.Process(target=serve, args=(store_url, SECRET, theirs))
        child.start()
        assert await answers(await asyncio.to_thread(ours.recv), names) == [202] * len(names)
        child.kill()
        child.join(30)
        ours.close()
        theirs.close()
        expected.update(names)
    store = await open_store(store_url)
    assert {envelope.id for envelope in await unrouted(store)} == expected
    await store.close()
