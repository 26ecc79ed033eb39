"""Witnesses on both databases: the first text is kept, what differs from it marks it, and age does not count."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection

from bot.intake.inbox import Inbox
from bot.model import Envelope, Repo
from bot.store import deliveries, repositories, upgrade_database, witnesses
from bot.store.database import upgrade
from bot.store.database.session import Store, open_store
from bot.store.housekeeping import Kept, prune
from bot.store.tables import Table
from bot.store.witnesses import Seen, Sight

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GARDEN, COMMENT, OP = 17, 5, 3


def created(name: str = "one", **changes: Any) -> Envelope:
    values: dict[str, Any] = {
        "id": name,
        "event": "issue_comment",
        "action": "created",
        "repository": "workshop/garden",
        "repository_id": GARDEN,
        "number": 1,
        "sender": "op",
        "sender_id": OP,
        "comment_id": COMMENT,
        "comment_author": "op",
        "comment_author_id": OP,
        "comment_hmac": "first",
        "signer": "repository",
        "witness": True,
        "received_at": NOON,
        "size": 1,
        "body_hash": "h",
    }
    return Envelope.model_validate(values | changes)


async def put(store: Store, *envelopes: Envelope) -> None:
    inbox = Inbox(store)
    await inbox.start()
    for envelope in envelopes:
        await inbox.put(envelope)
    await inbox.stop()
    await deliveries.take_in(store)


async def seen(store: Store, repository: int = GARDEN) -> Seen | None:
    async with store.read() as session:
        return (await witnesses.seen(session, repository, [COMMENT])).get(COMMENT)


async def sight(store: Store, mac: str, author_id: int = OP) -> None:
    async with store.session() as session:
        await witnesses.sight(session, GARDEN, [Sight(COMMENT, author_id, "op", mac)], NOON)


TRUE = Seen(OP, "op", "first", witnessed=True, changed=False)


async def test_a_delivery_bears_witness_as_soon_as_it_is_stored(store: Store) -> None:
    await put(store, created())
    assert await seen(store) == TRUE


@pytest.mark.parametrize(
    "changes", [{"witness": False}, {"signer": ""}, {"signer": "owner:4"}, {"comment_id": COMMENT + 1}], ids=str
)
async def test_another_delivery_bears_none(store: Store, changes: dict[str, Any]) -> None:
    await put(store, created(**changes))
    assert await seen(store) is None


async def test_the_same_text_again_changes_nothing(store: Store) -> None:
    await put(
        store, created(), created("two", received_at=NOON + timedelta(hours=1)), created("three", signer="shared")
    )
    assert await seen(store) == TRUE


@pytest.mark.parametrize(
    "other", [{"comment_hmac": "second"}, {"comment_author_id": 4, "comment_author": "ag", "sender": "ag"}], ids=str
)
async def test_another_text_or_author_marks_the_comment_and_the_first_stays(
    store: Store, other: dict[str, Any]
) -> None:
    await put(store, created(), created("two", **other), created("three"))
    assert await seen(store) == TRUE._replace(changed=True)


async def test_many_in_one_batch_are_compared_in_their_order(store: Store) -> None:
    writer = Inbox(store)
    await writer.start()

    await asyncio.gather(*(writer.put(created(f"d{number}", comment_id=number)) for number in range(1, 60)))
    await writer.stop()
    await deliveries.take_in(store)
    async with store.read() as session:
        found = await witnesses.seen(session, GARDEN, list(range(1, 60)))
    assert set(found.values()) == {TRUE}


async def test_what_the_api_showed_first_is_borne_out_by_the_same_text_alone(store: Store) -> None:
    await sight(store, "first")
    assert await seen(store) == TRUE._replace(witnessed=False)
    await put(store, created(comment_hmac="second"))
    assert await seen(store) == TRUE._replace(witnessed=False, changed=True)
    await put(store, created("two"))
    found = await seen(store)
    assert found is not None
    assert found.changed


async def test_a_delivery_after_the_first_sight_bears_witness(store: Store) -> None:
    await sight(store, "first")
    await put(store, created())
    assert await seen(store) == TRUE


async def test_a_later_sight_marks_nothing_and_replaces_nothing(store: Store) -> None:
    await put(store, created())
    await sight(store, "second", author_id=9)
    assert await seen(store) == TRUE


async def test_pruning_deliveries_leaves_them_and_forgetting_the_repository_does_not(store: Store) -> None:
    await put(store, created())
    async with store.session() as session:
        await deliveries.mark_routed(session, ["one"], NOON)
    kept = Kept(timedelta(days=30), timedelta(days=90))
    assert (await prune(store, kept, NOON + timedelta(days=61)))["deliveries"] == 1
    assert await seen(store) == TRUE
    await repositories.forget(store, Repo(id=GARDEN, name="workshop/garden"), "op", NOON)
    assert await seen(store) is None


@pytest.mark.parametrize(("later", "changed"), [("first", False), ("second", True)])
async def test_a_repository_that_gets_its_id_keeps_what_was_first(store: Store, later: str, changed: bool) -> None:
    await put(store, created(repository_id=-1), created("two", comment_hmac=later))
    async with store.session() as session:
        await witnesses.identify(session, -1, GARDEN)
    assert await seen(store) == TRUE._replace(changed=changed)
    assert await seen(store, -1) is None


def old_deliveries(connection: Connection) -> None:
    """A database of the revision before, with deliveries of comments."""
    Table.metadata.drop_all(connection)
    connection.execute(sa.text("DROP TABLE alembic_version"))
    command.upgrade(upgrade.migrations(connection), "0004")
    table = sa.MetaData()
    table.reflect(connection)
    base: dict[str, Any] = {
        "event": "issue_comment",
        "action": "created",
        "repository": "a/b",
        "repository_id": GARDEN,
        "ref": "",
    }
    base |= {"before": "", "after": "", "sender": "op", "sender_id": OP, "comment_author": "op", "size": 1}
    base |= {"comment_author_id": OP, "comment_hmac": "first", "body_hash": "", "received_at": NOON}
    rows: list[dict[str, Any]] = [
        {"comment_id": 1},
        {"comment_id": 2, "action": "edited"},
        {"comment_id": 3, "sender": "ag", "sender_id": 4},
        {"comment_id": 4, "event": "wiki"},
        {"comment_id": 5, "received_at": NOON + timedelta(hours=1), "comment_hmac": "second"},
        {"comment_id": 5},
        {"comment_id": 6},
        {"comment_id": 6, "received_at": NOON + timedelta(hours=1)},
        {"comment_id": None, "event": "push"},
    ]
    filled = [{"id": str(place), **base, **row} for place, row in enumerate(rows)]
    connection.execute(sa.insert(table.tables["deliveries"]), filled)


async def test_the_migration_takes_the_oldest_delivery_of_each_comment(store: Store) -> None:
    async with store.engine.begin() as connection:
        await connection.run_sync(old_deliveries)
    url = store.url.render_as_string(hide_password=False)
    await asyncio.to_thread(upgrade_database, url)
    migrated = await open_store(url)
    async with migrated.read() as session:
        found = await witnesses.seen(session, GARDEN, list(range(10)))
    await migrated.close()
    assert found == {1: TRUE, 5: TRUE._replace(changed=True), 6: TRUE}
