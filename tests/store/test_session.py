"""The store on both databases: opening, transactions, turns, upserts."""

import asyncio
import secrets
import sqlite3
import stat
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError

from bot.store.database import upgrade
from bot.store.database.session import Store, StoreError, open_store, upsert
from bot.store.database.sqlite import RollingBack
from bot.store.tables import Head, Table, TargetRow
from tests.children import open_and_close, processes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def head(sha: str, *, number: int = 1) -> Head:
    return Head(repository_id=1, number=number, sha=sha, seen_at=NOW)


async def test_what_a_session_wrote_is_there_when_the_store_is_opened_again(store_url: str) -> None:
    first = await open_store(store_url)
    async with first.session() as session:
        session.add(head("a" * 40))
    await first.close()
    second = await open_store(store_url)
    async with second.read() as session:
        assert (await session.scalars(select(Head.seen_at))).all() == [NOW]
    await second.close()


async def test_a_session_that_raises_leaves_nothing(store: Store) -> None:
    async def give_up() -> None:
        async with store.session() as session:
            session.add(head("b" * 40))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await give_up()
    async with store.read() as session:
        assert await session.scalar(select(func.count()).select_from(Head)) == 0


QUEUE = ("procrastinate", "idx_procrastinate", "queue_")
"""Names of the queue's tables and indexes, which are not the bot's own."""


def differences(connection: Connection) -> list[object]:
    opts = {"compare_type": True, "include_name": lambda name, *_: not (name or "").startswith(QUEUE)}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, Table.metadata))


def migrate_from_nothing(connection: Connection) -> None:
    Table.metadata.drop_all(connection)
    connection.execute(text("DROP TABLE alembic_version"))
    command.upgrade(upgrade.migrations(connection), "head")


async def test_a_fresh_database_and_a_migrated_one_have_exactly_the_tables_of_the_metadata(store: Store) -> None:
    async with store.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        await connection.run_sync(migrate_from_nothing)
        assert await connection.run_sync(differences) == []


def test_the_revision_of_a_fresh_database_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(upgrade.migrations()).get_current_head() == upgrade.NEWEST


async def test_four_processes_that_start_at_once_all_find_the_schema(store_url: str) -> None:
    context = processes()
    children = [context.Process(target=open_and_close, args=(store_url,)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        await asyncio.to_thread(child.join, 60)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]


async def test_a_database_of_a_newer_version_is_refused_with_what_to_do(store_url: str) -> None:
    store = await open_store(store_url)
    async with store.session() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await store.close()
    with pytest.raises(StoreError, match="another version"):
        await open_store(store_url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root@localhost/assay", "use SQLite or PostgreSQL"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("no url at all", "invalid database URL"),
        ("postgresql+asyncpg://a@b/c", "unsupported database"),
    ],
)
async def test_a_url_that_cannot_be_served_says_what_to_write(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        await open_store(url)


async def test_an_unreachable_server_is_named_without_its_password(tmp_path: Path) -> None:
    word = secrets.token_hex(8)
    with pytest.raises(StoreError) as raised:
        await open_store(f"postgresql://assay:{word}@/assay?host={tmp_path}")
    assert "cannot be used" in str(raised.value)
    assert word not in str(raised.value)


async def test_the_sqlite_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/deep/state/assay.db")
    async with store.session() as session:
        session.add(head("c" * 40))
        await session.flush()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep/state").iterdir()}
    await store.close()
    assert modes.keys() >= {"assay.db", "assay.db-wal", "assay.db-shm", "assay.inbox.db"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "deep/state").stat().st_mode) == 0o700


async def test_each_of_many_evaluations_has_a_connection(store_url: str) -> None:
    count = 24
    store = await open_store(store_url, users=count)
    everybody = asyncio.Barrier(count)

    async def evaluate() -> None:
        async with store.read() as session:
            await session.execute(select(Head.sha))
            await everybody.wait()

    async with asyncio.timeout(20):
        await asyncio.gather(*(evaluate() for _ in range(count)))
    await store.close()


async def test_what_one_process_does_alone_waits_in_others_until_it_has_ended(store_url: str) -> None:
    first, second = await open_store(store_url), await open_store(store_url)
    order: list[str] = []

    async def change(store: Store, name: str, number: int = 7) -> None:
        async with store.alone("labels", number):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    async with first.alone("labels", 7):
        waiting = asyncio.create_task(change(second, "second"))
        await change(second, "other thing", 8)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await asyncio.shield(waiting)
        order.append("first ends")
    await waiting
    assert order == ["other thing begins", "other thing ends", "first ends", "second begins", "second ends"]
    await first.close()
    await second.close()


async def test_sqlite_commits_durably_and_keeps_foreign_keys(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    async with store.session() as session:
        found = {
            name: await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    await store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


async def test_many_writers_at_once_lose_no_increment(store: Store) -> None:
    row = {"repository_id": 2, "number": 1, "kind": "issue", "desired_generation": 1}
    more = {"desired_generation": TargetRow.desired_generation + 1}

    async def mark() -> None:
        async with store.session() as session:
            await upsert(session, TargetRow, [row], ["repository_id", "number"], more)

    await asyncio.gather(*(mark() for _ in range(40)))
    async with store.read() as session:
        assert await session.scalar(select(TargetRow.desired_generation)) == 40


async def test_turns_are_given_in_the_order_asked_for(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    order: list[int] = []

    async def write(name: int) -> None:
        async with store.session() as session:
            await session.execute(text("SELECT 1"))
            order.append(name)

    await asyncio.gather(*(write(name) for name in range(20)))
    await store.close()
    assert order == list(range(20))


async def test_a_reader_is_not_held_up_by_a_writer(store: Store) -> None:
    async with store.session() as writing:
        writing.add(head("d" * 40))
        await writing.flush()
        async with store.read() as reading:
            assert (await reading.scalars(select(Head))).all() == []


async def test_upsert_inserts_new_rows_and_changes_only_what_it_was_told(store: Store) -> None:
    def row(number: int, kind: str, state: str) -> dict[str, object]:
        return {"repository_id": 2, "number": number, "kind": kind, "state": state}

    async with store.session() as session:
        await upsert(session, TargetRow, [row(1, "pull", "open")], ["repository_id", "number"], ["state"])
        changed = [row(1, "issue", "closed"), row(2, "issue", "open")]
        await upsert(session, TargetRow, changed, ["repository_id", "number"], ["state"])
        await upsert(session, TargetRow, [], ["repository_id", "number"], ["state"])
    async with store.read() as session:
        rows = await session.execute(select(TargetRow.number, TargetRow.kind, TargetRow.state).order_by("number"))
        assert [tuple(found) for found in rows] == [(1, "pull", "closed"), (2, "issue", "open")]


async def test_a_broken_constraint_is_raised_and_the_next_session_works(store: Store) -> None:
    async with store.session() as session:
        session.add(head("e" * 40))
    with pytest.raises(IntegrityError):
        async with store.session() as session:
            session.add(head("e" * 40))
    await store.ping()


@pytest.mark.parametrize(("factory", "free"), [(sqlite3.Connection, False), (RollingBack, True)])
def test_a_closed_connection_keeps_no_lock_although_a_cursor_of_it_is_referenced(
    tmp_path: Path, factory: type[sqlite3.Connection], free: bool
) -> None:
    closed, other = sqlite3.connect(tmp_path / "db", factory=factory), sqlite3.connect(tmp_path / "db", timeout=0)
    closed.isolation_level = None
    closed.execute("BEGIN IMMEDIATE")
    unfinished = closed.execute("SELECT 1 UNION SELECT 2")
    assert unfinished.fetchone() == (1,)
    closed.close()
    locked = "" if free else "database is locked"
    with nullcontext() if free else pytest.raises(sqlite3.OperationalError, match=locked):
        other.execute("BEGIN IMMEDIATE")
    other.close()


async def test_a_writer_that_was_cancelled_holds_up_nobody(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    ended = list[BaseException]()

    async def write(begun: asyncio.Event) -> None:
        try:
            async with store.session() as session:
                await session.execute(text("SELECT 1 UNION SELECT 2"))
                begun.set()
                await asyncio.Event().wait()
        except asyncio.CancelledError as end:
            ended.append(end)  # as a task keeps it, with all that its traceback refers to

    for _ in range(5):
        begun = asyncio.Event()
        writer = asyncio.create_task(write(begun))
        await begun.wait()
        writer.cancel()
        await asyncio.sleep(0)
        writer.cancel()
        await asyncio.wait({writer})
        async with store.session() as session:
            await session.execute(text("UPDATE repositories SET full_name = full_name"))
    assert ended
    await store.close()


async def test_connections_to_the_file_of_arrivals_roll_back_when_they_are_closed(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    assert store.spool is not None
    with store.spool.writing.connect() as writing:
        assert isinstance(writing.connection.driver_connection, RollingBack)
    async with store.spool._taking.connect() as taking:
        driver = (await taking.get_raw_connection()).driver_connection
        assert isinstance(driver._conn, RollingBack)
    await store.close()
