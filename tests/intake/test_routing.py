"""From deliveries to what they touch: the pure table, and the pass over the database."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from bot.forgejo.errors import NotFound
from bot.forgejo.signature import payload_of
from bot.intake.hook_secrets import SHARED, HookSecrets
from bot.intake.inbox import Inbox
from bot.intake.origins import Origins
from bot.intake.payload import read_envelope
from bot.intake.proof import Proof
from bot.intake.routing import BranchMoved, Change, RunEnded, TargetChanged, mark_dirty, route, route_pending
from bot.model import Kind, Repo
from bot.model.delivery import Envelope
from bot.store import repositories
from bot.store.database.session import Store, upsert
from bot.store.tables import TargetRow
from bot.thread import Named
from tests.intake.stored import listed, unrouted

RECORDED = Path(__file__).parents[1] / "recorded" / "forgejo-12" / "webhooks"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOT = "patchwarden-bot"
BOT_ID = 6
GARDEN = Repo(id=2, name="workshop/garden")
PULL = GARDEN.target(12, Kind.PULL)
ISSUE = GARDEN.target(4, Kind.ISSUE)
A, B = "a" * 40, "b" * 40


def envelope(name: str = "one", **changes: Any) -> Envelope:
    values: dict[str, Any] = {
        "id": name,
        "event": "pull_request",
        "action": "opened",
        "repository": GARDEN.name,
        "repository_id": GARDEN.id,
        "number": 12,
        "is_pull": True,
        "sender": "codex",
        "sender_id": 3,
        "received_at": NOON,
        "size": 1,
        "body_hash": "h",
    }
    return Envelope.model_validate(values | changes)


def proof(payload: bytes) -> Proof:
    """A proof by a secret that may speak about every repository."""
    return Proof(payload, SHARED, HookSecrets.shared_by_all([b"secret"]))


class Server:
    """The server's word on each repository: its name by the id, and its owner."""

    def __init__(self, store: Store, names: dict[int, str] | None = None, owner_id: int = 1) -> None:
        self._store = store
        self._names = names or {GARDEN.id: GARDEN.name}
        self._owner_id = owner_id
        self.asked: list[int] = []

    async def ask(self, repository_id: int) -> Named:
        self.asked.append(repository_id)
        if repository_id not in self._names:
            raise NotFound("GET", "/repositories", 404)
        return Named(Repo(id=repository_id, name=self._names[repository_id]), self._owner_id)

    async def named(self, repo: Repo) -> bool:
        async with self._store.session() as session:
            return bool(await repositories.serve(session, repo, NOON))

    async def expected(self, repository_id: int) -> None:
        async with self._store.session() as session:
            await repositories.expect(session, repository_id, NOON)


def origins(store: Store, server: Server | None = None) -> Origins:
    return Origins(server or Server(store), store, lambda: NOON)


def push(name: str = "one", **changes: Any) -> Envelope:
    values = {"event": "push", "action": "", "number": None, "is_pull": None, "ref": "refs/heads/main"}
    return envelope(name, **(values | {"before": A, "after": B} | changes))


def run(event: str, **changes: Any) -> Envelope:
    values = {
        "event": event,
        "action": "success",
        "number": None,
        "is_pull": None,
        "ref": "refs/heads/main",
        "after": B,
    }
    return envelope(event, **(values | changes))


TABLE: dict[str, tuple[Envelope, list[Change]]] = {
    "an opened pull request": (envelope(), [TargetChanged(PULL)]),
    "new commits are urgent": (
        envelope(event="pull_request_sync", action="synchronized"),
        [TargetChanged(PULL, urgent=True)],
    ),
    "new commits under the coarse name": (envelope(action="synchronized"), [TargetChanged(PULL, urgent=True)]),
    "a label": (envelope(event="pull_request_label", action="label_updated"), [TargetChanged(PULL, priority=1)]),
    "a review": (envelope(event="pull_request_review_approved", action="reviewed"), [TargetChanged(PULL)]),
    "an issue": (envelope(event="issues", number=4, is_pull=False), [TargetChanged(ISSUE, priority=1)]),
    "a comment on an issue": (
        envelope(event="issue_comment", action="created", number=4, is_pull=False, comment_id=3),
        [TargetChanged(ISSUE)],
    ),
    "a coarse comment on a pull request": (
        envelope(event="issue_comment", action="created", comment_id=3),
        [TargetChanged(PULL)],
    ),
    "the bot's own comment": (
        envelope(event="pull_request_comment", action="created", sender=BOT, sender_id=BOT_ID),
        [],
    ),
    "the bot under another login": (envelope(sender="assay", sender_id=BOT_ID), []),
    "somebody else under the bot's login": (envelope(sender=BOT), [TargetChanged(PULL)]),
    "somebody edits the bot's comment": (
        envelope(event="pull_request_comment", action="edited", comment_id=3, comment_author=BOT),
        [TargetChanged(PULL, priority=1)],
    ),
    "a branch moves": (push(), [BranchMoved(GARDEN, "refs/heads/main", A, B)]),
    "a new branch": (push(before="0" * 40), [BranchMoved(GARDEN, "refs/heads/main", "0" * 40, B)]),
    "a deleted branch": (push(after="0" * 40), []),
    "a tag": (push(ref="refs/tags/v1"), []),
    "the server's test delivery": (push(before=A, after=A), []),
    "a run of Forgejo 16": (run("action_run_failure"), [RunEnded(GARDEN, B, "refs/heads/main")]),
    "a run that the bot has started": (
        run("action_run_success", sender_id=BOT_ID),
        [RunEnded(GARDEN, B, "refs/heads/main")],
    ),
    "a run of a pull request": (run("action_run_success", ref=""), [RunEnded(GARDEN, B)]),
    "a run of Gitea": (run("workflow_run", action="completed"), [RunEnded(GARDEN, B, "refs/heads/main")]),
    "a run of Gitea that goes on": (run("workflow_run", action="in_progress"), []),
    "a status on Gitea": (run("status", action="", ref=""), [RunEnded(GARDEN, B)]),
    "the bot's own status on Gitea": (run("status", action="", ref="", sender_id=BOT_ID), []),
    "a run without a commit": (run("action_run_success", after=""), []),
    "a fork": (envelope(event="fork", number=None, is_pull=None), []),
    "an event that nobody knows": (envelope(event="schedule"), []),
    "no number": (envelope(number=None), []),
    "no repository": (envelope(repository="", repository_id=0), []),
    "a repository without an id": (envelope(repository_id=0), []),
    "a repository that is a path": (envelope(repository="workshop/../garden"), []),
    "a repository with a line break": (envelope(repository="workshop/garden\n"), []),
}


@pytest.mark.parametrize("sentence", TABLE)
def test_what_a_delivery_touches(sentence: str) -> None:
    given, expected = TABLE[sentence]
    assert route(given, BOT_ID) == expected


def test_every_recorded_event_of_a_target_touches_it_unless_the_bot_sent_it() -> None:
    for path in sorted(RECORDED.glob("*.json")):
        read = json.loads(path.read_bytes())
        payload = payload_of(read["headers"]["Content-Type"], b64decode(read["body_b64"]))
        given = read_envelope("id", read["event_type"], proof(payload), witness_key=b"k", at=NOON)
        found = route(given, BOT_ID)
        if given.number is None or given.sender_id == BOT_ID:
            assert not any(isinstance(touch, TargetChanged) for touch in found), path.name
        else:
            assert [touch.target.number for touch in found if isinstance(touch, TargetChanged)] == [given.number], (
                path.name
            )


@pytest.mark.parametrize(
    ("name", "server", "ended"),
    [
        ("action_run_success.success.push", "forgejo-16", ("ci", "refs/heads/run/ok-1")),
        ("action_run_success.success.pull-request", "forgejo-16", ("ci", "")),
        ("workflow_run.completed", "gitea", ("ledger", "refs/heads/run/ok-1")),
        ("status.None", "gitea", ("ledger", "")),
    ],
)
def test_recorded_runs_and_statuses_name_their_commit(name: str, server: str, ended: tuple[str, str]) -> None:
    read = json.loads((RECORDED.parents[1] / server / "webhooks" / f"{name}.json").read_bytes())
    payload = payload_of(read["headers"]["Content-Type"], b64decode(read["body_b64"]))
    given = read_envelope("id", read["event_type"], proof(payload), witness_key=b"k", at=NOON)
    (found,) = route(given, 0)
    assert isinstance(found, RunEnded)
    said = json.loads(payload)
    commit = said.get("sha") or (said.get("run") or {}).get("commit_sha") or said["workflow_run"]["head_sha"]
    assert (found.repo.name.rpartition("/")[2], found.ref, found.commit) == (*ended, commit)


@pytest.mark.parametrize("event", ["action_run_failure", "workflow_run"])
async def test_a_run_wakes_the_targets_whose_head_it_ran_on(store: Store, inbox: Inbox, event: str) -> None:
    same = {"repository_id": GARDEN.id, "kind": "pull", "state": "open", "observed_generation": 1}
    rows = [
        same | {"number": number, "head_sha": sha, "desired_generation": 1} for number, sha in ((1, A), (2, B), (3, B))
    ]
    async with store.session() as session:
        await repositories.serve(session, GARDEN, NOON)
        await upsert(session, TargetRow, rows, ("repository_id", "number"), ("head_sha",))
    await inbox.put(run(event, action="completed"))
    changed = await route_pending(store, origins(store), BOT_ID, NOON)
    assert sorted(one.target.number for one in changed) == [2, 3]
    assert {one.priority for one in changed} == {1}
    async with store.read() as session:
        assert await repositories.hears_runs(session, GARDEN.id)


@pytest.fixture
async def inbox(store: Store) -> AsyncIterator[Inbox]:
    opened = Inbox(store)
    await opened.start()
    yield opened
    await opened.stop()


async def targets(store: Store) -> dict[int, TargetRow]:
    async with store.read() as session:
        return {row.number: row for row in await session.scalars(select(TargetRow))}


async def test_a_burst_on_one_target_asks_for_one_look(store: Store, inbox: Inbox) -> None:
    events = [envelope(str(number), event="pull_request_label") for number in range(20)]
    sync = envelope("sync", event="pull_request_sync", action="synchronized")
    await asyncio.gather(*(inbox.put(given) for given in [*events, sync, push("push"), push("again")]))
    changed = await route_pending(store, origins(store), BOT_ID, NOON)
    assert changed == [TargetChanged(PULL, urgent=True)]
    assert (await targets(store))[12].desired_generation == 1
    assert await unrouted(store) == []
    await inbox.recount()
    assert inbox.backlog == 0


async def test_a_moved_branch_asks_for_its_pull_requests_as_background_work_and_an_event_of_one_as_pressing(
    store: Store, inbox: Inbox
) -> None:
    same = {"repository_id": GARDEN.id, "kind": "pull", "state": "open", "base_ref": "main", "head_sha": A}
    rows = [same | {"number": number} for number in (11, 12, 13)]
    async with store.session() as session:
        await repositories.serve(session, GARDEN, NOON)
        await upsert(session, TargetRow, rows, ("repository_id", "number"), ("head_sha",))
    await inbox.put(push("push"))
    await inbox.put(envelope(event="pull_request_label"))
    changed = await route_pending(store, origins(store), BOT_ID, NOON)
    asked = {one.target.number: one.priority for one in changed}
    assert asked == {11: 3, 12: 0, 13: 3}
    assert {number: row.priority for number, row in (await targets(store)).items()} == asked


async def test_a_pass_with_nothing_to_do_touches_nothing(store: Store, inbox: Inbox) -> None:
    await inbox.put(envelope(sender=BOT, sender_id=BOT_ID))
    assert await route_pending(store, origins(store), BOT_ID, NOON) == []
    assert await route_pending(store, origins(store), BOT_ID, NOON) == []
    assert await targets(store) == {}


async def test_deliveries_are_marked_routed_at_the_moment_of_the_pass(store: Store, inbox: Inbox) -> None:
    await inbox.put(envelope())
    await route_pending(store, origins(store), BOT_ID, NOON)
    assert [kept.routed_at for kept in await listed(store)] == [NOON]


async def test_more_than_one_slice_is_routed_in_one_pass(store: Store, inbox: Inbox) -> None:
    given = [envelope(f"{number:04}", number=1 + number % 3) for number in range(1100)]
    await asyncio.gather(*(inbox.put(each) for each in given))
    changed = await route_pending(store, origins(store), BOT_ID, NOON)
    assert {touch.target.number for touch in changed if isinstance(touch, TargetChanged)} == {1, 2, 3}
    assert await unrouted(store) == []
    assert {row.desired_generation for row in (await targets(store)).values()} == {3}  # once in each slice of 500


async def test_a_known_target_is_asked_for_again_at_once_and_with_words(store: Store) -> None:
    held = {"repository_id": GARDEN.id, "number": 12, "kind": "pull", "quiet": True, "priority": 5}
    seen = {"desired_generation": 7, "observed_generation": 7, "not_before": NOON, "head_sha": A}
    async with store.session() as session:
        await upsert(session, TargetRow, [held | seen], ("repository_id", "number"), ("quiet",))
        await mark_dirty(session, map(TargetChanged, (PULL, PULL, ISSUE)))
    rows = await targets(store)
    pull, issue = rows[12], rows[4]
    assert (pull.desired_generation, pull.observed_generation, pull.quiet, pull.priority) == (8, 7, False, 0)
    assert (pull.not_before, pull.head_sha) == (None, A)
    assert (issue.desired_generation, issue.observed_generation, issue.kind, issue.state) == (1, 0, "issue", "open")


async def test_a_pass_that_fails_leaves_its_deliveries_for_the_next(store: Store, inbox: Inbox) -> None:
    await inbox.put(envelope(number=12))
    with pytest.raises(StatementError, match="zone"):
        await route_pending(store, origins(store), BOT_ID, NOON.replace(tzinfo=None))
    assert await targets(store) == {}
    assert await route_pending(store, origins(store), BOT_ID, NOON) == [TargetChanged(PULL)]
