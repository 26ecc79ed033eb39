"""The inbox on both databases: durable, deduplicated, in batches, bounded, and one bad row alone."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.intake import inbox as inboxes
from bot.intake.inbox import MAX_BATCH, Inbox, InboxFull, InboxUnavailable, Stored
from bot.model.delivery import Envelope
from bot.store import deliveries
from bot.store.database.session import Store, open_store
from bot.store.database.spool import Arrival
from bot.store.database.sqlite import BUSY_SECONDS
from tests.intake.stored import listed, mark_routed, shown, unrouted
from tests.waiting import until

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def envelope(name: str, **changes: object) -> Envelope:
    values: dict[str, object] = {
        "id": name,
        "event": "pull_request",
        "action": "opened",
        "repository": "workshop/garden",
        "number": 12,
        "is_pull": True,
        "sender": "codex",
        "after": "a" * 40,
        "received_at": NOON,
        "size": 12_000,
        "body_hash": hashlib.sha256(name.encode()).hexdigest(),
    }
    return Envelope.model_validate({**values, **changes})


@pytest.fixture
async def inbox(store: Store) -> AsyncIterator[Inbox]:
    opened = Inbox(store)
    await opened.start()
    yield opened
    await opened.stop()


async def test_what_was_put_reads_back_as_it_was(inbox: Inbox, store: Store) -> None:
    given = envelope(
        "one", ref="refs/heads/main", before="0" * 40, comment_id=7, comment_author="iskra", comment_hmac="c"
    )
    assert await inbox.put(given) is Stored.NEW
    assert await unrouted(store, 10) == [given]


async def test_moments_are_written_as_the_tables_write_them(inbox: Inbox, store: Store) -> None:
    moments = [NOON, NOON.replace(microsecond=0), NOON.astimezone(timezone(timedelta(hours=5)))]
    for number, moment in enumerate(moments):
        await inbox.put(envelope(str(number), received_at=moment))
    await mark_routed(store, ["0", "1", "2"], NOON)
    async with store.read() as session:
        same = await session.execute(text("SELECT id FROM deliveries WHERE received_at = routed_at ORDER BY id"))
        assert same.scalars().all() == ["0", "2"]


async def test_a_delivery_that_is_there_is_known_and_stays_as_it_was(inbox: Inbox, store: Store) -> None:
    await inbox.put(envelope("one"))
    assert await inbox.put(envelope("one", action="closed")) is Stored.KNOWN
    assert [found.action for found in await unrouted(store, 10)] == ["opened"]
    assert inbox.backlog == 1


async def test_one_id_many_times_at_once_is_stored_once(inbox: Inbox) -> None:
    answers = await asyncio.gather(*(inbox.put(envelope("same")) for _ in range(20)))
    assert sorted(answers) == [Stored.KNOWN] * 19 + [Stored.NEW]


async def test_many_at_once_share_transactions_and_are_told_in_batches(store: Store) -> None:
    told: list[int] = []
    inbox = Inbox(store, on_stored=lambda: told.append(inbox.backlog))
    answers = await asyncio.gather(*(inbox.put(envelope(f"{number:04}")) for number in range(300)))
    await inbox.stop()
    assert set(answers) == {Stored.NEW}
    assert told == [MAX_BATCH, 2 * MAX_BATCH, 300]


async def test_a_row_that_cannot_be_stored_fails_alone(store: Store) -> None:
    inbox = Inbox(store)
    bad = envelope("bad", number=2**70)
    puts = [inbox.put(envelope("good")), inbox.put(bad), inbox.put(envelope("better"))]
    answers = await asyncio.gather(*puts, return_exceptions=True)
    await inbox.stop()
    assert answers[0] is answers[2] is Stored.NEW
    assert isinstance(answers[1], InboxUnavailable)
    assert {found.id for found in await unrouted(store)} == {"better", "good"}


async def test_a_known_one_in_a_batch_does_not_hide_the_new_ones(inbox: Inbox) -> None:
    await inbox.put(envelope("old"))
    answers = await asyncio.gather(*(inbox.put(envelope(name)) for name in ("new", "old", "newer")))
    assert answers == [Stored.NEW, Stored.KNOWN, Stored.NEW]


async def test_a_full_backlog_is_refused_and_taken_again_after_routing(store: Store) -> None:
    inbox = Inbox(store, max_backlog=2)
    await inbox.start()
    for name in ("one", "two"):
        await inbox.put(envelope(name))
    with pytest.raises(InboxFull):
        await inbox.put(envelope("three"))
    await mark_routed(store, ["one"], NOON)
    await inbox.recount()
    assert await inbox.put(envelope("three")) is Stored.NEW
    await inbox.stop()


async def test_the_backlog_of_an_earlier_run_counts(store: Store) -> None:
    first = Inbox(store)
    await first.put(envelope("one"))
    await first.stop()
    second = Inbox(store, max_backlog=1)
    await second.start()
    with pytest.raises(InboxFull):
        await second.put(envelope("two"))
    await second.stop()


async def test_what_another_process_routed_leaves_the_backlog_within_seconds(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "RECOUNT_SECONDS", 0.01)
    inbox = Inbox(store, max_backlog=1)
    await inbox.start()
    await inbox.put(envelope("one"))
    await mark_routed(store, ["one"], NOON)
    await until(lambda: inbox.backlog == 0)
    assert await inbox.put(envelope("two")) is Stored.NEW
    await inbox.stop()


@asynccontextmanager
async def writing(store: Store) -> AsyncIterator[Connection]:
    """A transaction of another process that writes where deliveries are stored."""
    engine = store.blocking if store.spool is None else store.spool.writing.execution_options(assay_writes=True)
    # In a thread: the server may wait for a transaction that this loop has to end.
    connection = await asyncio.to_thread(engine.connect)
    await asyncio.to_thread(connection.execute, text("SELECT 1"))
    try:
        yield connection
    finally:
        connection.close()


async def test_a_database_that_fails_is_unavailable_and_works_again_afterwards(inbox: Inbox, store: Store) -> None:
    table = "deliveries" if store.spool is None else "arrivals"
    async with writing(store) as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO elsewhere"))
        connection.commit()
    with pytest.raises(InboxUnavailable):
        await inbox.put(envelope("one"))
    async with writing(store) as connection:
        connection.execute(text(f"ALTER TABLE elsewhere RENAME TO {table}"))
        connection.commit()
    assert await inbox.put(envelope("two")) is Stored.NEW


async def test_a_connection_that_died_is_replaced_without_a_refusal(postgres_url: str) -> None:
    store = await open_store(postgres_url)
    inbox = Inbox(store)
    await inbox.put(envelope("before"))
    async with store.session() as session:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        await session.execute(text(f"{others} AND datname = current_database()"))
    assert await inbox.put(envelope("after")) is Stored.NEW
    await inbox.stop()
    await store.close()


async def test_a_transaction_of_an_evaluation_delays_no_delivery(store: Store) -> None:
    inbox = Inbox(store)
    async with store.session() as session:
        await session.execute(text("UPDATE repositories SET full_name = ''"))
        assert await inbox.put(envelope("meanwhile")) is Stored.NEW
    await inbox.stop()


async def test_a_writer_that_holds_the_file_too_long_is_answered_for(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    inbox = Inbox(store, patience=0.05)
    async with writing(store):
        with pytest.raises(InboxUnavailable, match="took longer than"):
            await inbox.put(envelope("late"))
    assert await inbox.put(envelope("next")) is Stored.NEW
    await inbox.stop()
    await store.close()


async def test_another_process_that_holds_the_lock_is_waited_for_off_the_loop(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    inbox = Inbox(store)
    async with writing(store):
        put = asyncio.create_task(inbox.put(envelope("patient")))
        for _ in range(20):
            await asyncio.sleep(0)  # the loop goes on while the writer waits
        assert not put.done()
    assert await put is Stored.NEW
    await inbox.stop()
    await store.close()


async def test_a_known_delivery_is_known_wherever_it_is(inbox: Inbox, store: Store) -> None:
    await inbox.put(envelope("one"))
    assert await inbox.put(envelope("one")) is Stored.KNOWN
    assert [found.id for found in await unrouted(store)] == ["one"]
    assert await inbox.put(envelope("one")) is Stored.KNOWN


async def test_what_was_taken_in_but_not_removed_is_taken_in_once(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    inbox, spool = Inbox(store), store.spool
    assert spool is not None
    await inbox.put(envelope("one"))
    (arrival,) = await spool.oldest(10)
    await mark_routed(store, ["one"], NOON)
    with spool.writing.begin() as connection:  # as if the removal had been lost with the power
        connection.exec_driver_sql("INSERT INTO arrivals VALUES (?, 'one', ?)", tuple(arrival))
    spool.taken = 0
    assert await unrouted(store) == []
    assert await spool.count() == 0
    assert [kept.routed_at for kept in await listed(store)] == [NOON]
    await inbox.stop()
    await store.close()


async def test_deliveries_are_taken_in_at_once_though_the_lock_is_held(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    inbox, spool = Inbox(store), store.spool
    assert spool is not None
    await inbox.put(envelope("one"))
    with spool.writing.execution_options(assay_writes=True).connect() as connection, connection.begin():
        begun = time.monotonic()
        assert [found.id for found in await unrouted(store)] == ["one"]
        assert time.monotonic() - begun < BUSY_SECONDS / 2
        assert await spool.count() == 0
    await inbox.put(envelope("two"))
    assert [found.id for found in await unrouted(store)] == ["one", "two"]
    with spool.writing.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM arrivals").scalar() == 0
    await inbox.stop()
    await store.close()


async def test_what_arrives_while_deliveries_are_taken_in_waits_for_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    inbox, spool, reads = Inbox(store), store.spool, 0
    assert spool is not None
    oldest = spool.oldest

    async def a_steady_stream(limit: int) -> list[Arrival]:
        nonlocal reads
        reads += 1
        found = await oldest(limit)
        await inbox.put(envelope(f"after-{reads}"))
        return found

    await inbox.put(envelope("one"))
    monkeypatch.setattr(spool, "oldest", a_steady_stream)
    async with asyncio.timeout(20):
        await deliveries.take_in(store)
    assert reads == 1
    await inbox.stop()
    await store.close()


async def test_two_who_take_in_at_once_lose_and_double_nothing(store: Store) -> None:
    inbox = Inbox(store)
    names = [f"{number:03}" for number in range(60)]

    async def take() -> None:
        for _ in range(10):
            await deliveries.take_in(store)

    async def put() -> None:
        for name in names:
            await inbox.put(envelope(name))

    await asyncio.gather(put(), take(), take())
    assert sorted(found.id for found in await unrouted(store)) == names
    await inbox.stop()


async def test_a_stopped_inbox_has_written_all_and_takes_no_more(store: Store) -> None:
    inbox = Inbox(store)
    puts = [asyncio.create_task(inbox.put(envelope(f"{number}"))) for number in range(10)]
    await asyncio.sleep(0)
    await inbox.stop()
    assert {await put for put in puts} == {Stored.NEW}
    with pytest.raises(InboxUnavailable, match="shutting down"):
        await inbox.put(envelope("late"))


async def test_the_log_is_listed_newest_first_by_repository_and_event(inbox: Inbox, store: Store) -> None:
    for minute, (name, event_name) in enumerate([("a", "push"), ("b", "issues"), ("c", "push")]):
        moment = NOON + timedelta(minutes=minute)
        await inbox.put(envelope(name, event=event_name, received_at=moment, repository=f"workshop/{name}"))
    await mark_routed(store, ["a"], NOON)
    assert [kept.envelope.id for kept in await listed(store, limit=2)] == ["c", "b"]
    assert [(kept.envelope.id, kept.routed_at) for kept in await listed(store, event="push")] == [
        ("c", None),
        ("a", NOON),
    ]
    assert [kept.envelope.id for kept in await listed(store, repository="workshop/b")] == ["b"]


async def test_a_delivery_is_shown_by_the_beginning_of_its_id_taken_literally(inbox: Inbox, store: Store) -> None:
    for name in ("abc-1", "abd-2", "a%c-3"):
        await inbox.put(envelope(name))
    assert [kept.envelope.id for kept in await shown(store, "ab")] == ["abc-1", "abd-2"]
    assert [kept.envelope.id for kept in await shown(store, "a%")] == ["a%c-3"]


async def test_a_delivery_marked_unrouted_waits_again(inbox: Inbox, store: Store) -> None:
    await inbox.put(envelope("again"))
    await mark_routed(store, ["again"], NOON)
    assert await unrouted(store, 10) == []
    await mark_routed(store, ["again"], None)
    assert [found.id for found in await unrouted(store, 10)] == ["again"]
