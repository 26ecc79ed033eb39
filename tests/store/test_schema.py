"""The schema: who may bring it up to date, and that processes of the version before go on beside a newer one."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection, Engine

from bot.model import Kind, Repo
from bot.store import (
    StoreError,
    deliveries,
    downgrade_database,
    ledger,
    open_store,
    owned,
    read_schema,
    repositories,
    targets,
    upgrade_database,
)
from bot.store.database import upgrade
from bot.store.database.upgrade import NEWEST
from bot.store.ledger import Entry, Proof
from bot.store.scheduling import due
from bot.store.tables import Delivery, TargetRow
from tests.children import processes, upgrade_and_close

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE = "0008"
"""The schema of the version before, whose processes may run beside a newer schema."""
GARDEN = Repo(id=17, name="workshop/garden")
PULL = GARDEN.target(4, Kind.PULL)


@pytest.fixture
def older(store_url: str) -> str:
    """A database of the version before."""
    upgrade_database(store_url)
    downgrade_database(store_url, BEFORE)
    return store_url


def on(url: str, work: Callable[[Connection], Any]) -> Any:
    backend = sa.make_url(url)
    driver = "sqlite+pysqlite" if backend.get_backend_name() == "sqlite" else "postgresql+psycopg"
    engine: Engine = sa.create_engine(backend.set(drivername=driver))
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


async def test_an_older_postgresql_is_refused_with_the_command_and_an_older_sqlite_is_migrated(older: str) -> None:
    if older.startswith("postgresql"):
        with pytest.raises(StoreError, match=r"older schema .0008, this version needs .* run assay db upgrade"):
            await open_store(older)
        assert read_schema(older).found[0] == BEFORE
        upgrade_database(older)
    await (await open_store(older)).close()
    assert read_schema(older).current


async def test_an_empty_database_is_filled_when_it_is_opened(store_url: str) -> None:
    await (await open_store(store_url)).close()
    assert read_schema(store_url).found[0] == NEWEST


def test_an_upgrade_tells_from_and_to_and_a_second_one_changes_nothing(older: str) -> None:
    before, after = upgrade_database(older)
    assert (before.found[0], after.found[0], before.current, after.current) == (BEFORE, NEWEST, False, True)
    again, same = upgrade_database(older)
    assert again == same == after


async def test_four_upgrades_at_once_give_one_schema(older: str) -> None:
    children = [processes().Process(target=upgrade_and_close, args=(older,)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        await asyncio.to_thread(child.join, 60)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    assert read_schema(older).current


def test_a_newer_schema_is_neither_opened_nor_changed(store_url: str) -> None:
    upgrade_database(store_url)
    on(store_url, lambda connection: connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'")))
    assert read_schema(store_url).newer
    for change in (lambda: upgrade_database(store_url), lambda: downgrade_database(store_url, BEFORE)):
        with pytest.raises(StoreError, match=r"another version of Assaymaster .schema 9999"):
            change()


def test_tables_of_somebody_else_under_the_bots_names_are_left_alone(store_url: str) -> None:
    upgrade_database(store_url)
    on(store_url, lambda connection: connection.execute(sa.text("DROP TABLE alembic_version")))
    with pytest.raises(StoreError, match=r"schema unknown"):
        upgrade_database(store_url)


@pytest.mark.parametrize("revision", ["0003", "0009x", "9999"])
def test_a_way_back_that_does_not_exist_is_refused_and_nothing_changes(store_url: str, revision: str) -> None:
    upgrade_database(store_url)
    with pytest.raises(StoreError, match=r"backup|name an older one"):
        downgrade_database(store_url, revision)
    assert read_schema(store_url).current


@pytest.mark.postgres
def test_an_upgrade_does_not_hold_up_the_users_of_a_busy_table(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "LOCK_SECONDS", 0.2)
    upgrade_database(postgres_url)
    downgrade_database(postgres_url, BEFORE)

    def busy(connection: Connection) -> None:
        connection.execute(sa.text("SELECT * FROM targets"))
        with pytest.raises(StoreError, match=r"a table was in use"):
            upgrade_database(postgres_url)

    on(postgres_url, busy)
    assert read_schema(postgres_url).found[0] == BEFORE
    assert upgrade_database(postgres_url)[1].current


class Queue:
    """Another program's schema in the same database."""

    newest = "2"

    def found(self, connection: Connection) -> str:
        there = "queue" in sa.inspect(connection).get_table_names()
        return str(connection.scalar(sa.text("SELECT version FROM queue"))) if there else ""

    def upgrade(self, connection: Connection) -> None:
        if not self.found(connection):
            connection.execute(sa.text("CREATE TABLE queue (version INTEGER NOT NULL)"))
            connection.execute(sa.text("INSERT INTO queue VALUES (1)"))
        connection.execute(sa.text("UPDATE queue SET version = 2"))


async def test_a_part_is_upgraded_with_the_bots_own_schema_and_missed_where_it_is_older(store_url: str) -> None:
    upgrade_database(store_url)
    assert read_schema(store_url, [Queue()]).found == (NEWEST, "")
    if store_url.startswith("postgresql"):
        with pytest.raises(StoreError, match=r"older schema .none, this version needs 2"):
            await open_store(store_url, parts=[Queue()])
    before, after = upgrade_database(store_url, [Queue()])
    assert (before.found, after.found) == ((NEWEST, ""), (NEWEST, "2"))
    await (await open_store(store_url, parts=[Queue()])).close()


def columns(connection: Connection) -> dict[tuple[str, str], dict[str, Any]]:
    inspector = sa.inspect(connection)
    return {
        (table, one["name"]): dict(one) for table in inspector.get_table_names() for one in inspector.get_columns(table)
    }


def unique(connection: Connection) -> set[tuple[str, tuple[str, ...]]]:
    inspector = sa.inspect(connection)
    found = {
        (table, tuple(inspector.get_pk_constraint(table)["constrained_columns"]))
        for table in inspector.get_table_names()
    }
    for table in inspector.get_table_names():
        found |= {
            (table, tuple(map(str, one["column_names"]))) for one in inspector.get_indexes(table) if one["unique"]
        }
    return found


def test_a_process_of_the_version_before_goes_on_with_this_schema(older: str) -> None:
    """Every column of before is still there, is no narrower, and needs no more; every new one has a default."""
    before, keys = on(older, columns), on(older, unique)
    upgrade_database(older)
    after = on(older, columns)
    for place, column in before.items():
        assert str(after[place]["type"]) == str(column["type"]), place
        assert after[place]["nullable"] or not column["nullable"], place
    tables = {table for table, _ in before}
    for place in after.keys() - before.keys():
        assert place[0] not in tables or after[place]["nullable"] or after[place]["default"] is not None, place
    assert {key for key in on(older, unique) if key[0] in tables} == keys


def test_every_migration_after_0008_is_named_as_one_that_an_older_process_outlives() -> None:
    assert {revision for revision in upgrade.ALONE if revision > BEFORE} == set()
    assert upgrade.Schema(("0003",), (NEWEST,)).alone
    assert not upgrade.Schema((BEFORE,), (NEWEST,)).alone


async def test_work_in_flight_survives_the_way_back_and_forth(older: str) -> None:
    upgrade_database(older)
    store = await open_store(older)
    async with store.session() as session:
        await repositories.serve(session, GARDEN, NOW)
        await targets.add_targets(session, [PULL, GARDEN.target(5, Kind.ISSUE)], quiet=False, priority=2)
        await session.execute(
            sa.update(TargetRow).where(TargetRow.number == 4).values(parked_at=NOW, not_before=NOW, failures=12)
        )
        await owned.intend(session, PULL, {"comment:report": "one"}, NOW)
        await owned.intend(session, PULL, {"comment:report": "two"}, NOW)
        await ledger.append(session, [Entry.of(PULL, "intent", "assay", object="comment:report")], NOW)
        session.add(Delivery(id="a", event="push", size=1, body_hash="", received_at=NOW, repository_id=17))
    await store.close()
    downgrade_database(older, BEFORE)
    assert on(older, old_process) == [(4, None), (5, None)]
    upgrade_database(older)
    store = await open_store(older)
    async with store.read() as session:
        waiting = {target.number for target, _ in await due.dirty(session, NOW)}
        (held,) = await owned.held(session, PULL)
        assert (waiting, held.intended) == ({4, 5, 6}, "one two three")
        assert await ledger.verify(session) == Proof(1)
    assert await deliveries.count_waiting(store) == 1
    await store.close()


def old_process(connection: Connection) -> list[tuple[int, Any]]:
    """What a process of the version before finds and writes: it knows its own columns alone."""
    tables = sa.MetaData()
    tables.reflect(connection)
    rows = tables.tables["targets"]
    found = [tuple(row) for row in connection.execute(sa.select(rows.c.number, rows.c.not_before).order_by("number"))]
    first = connection.execute(sa.select(rows).where(rows.c.number == 5)).mappings().one()
    connection.execute(sa.insert(rows), [{**first, "number": 6}])
    held = tables.tables["holdings"]
    connection.execute(sa.update(held).values(intended="one two three"))
    return found


def test_a_database_that_was_made_by_migrations_can_be_taken_back_and_forth(store_url: str) -> None:
    upgrade_database(store_url)

    def made_by_migrations(connection: Connection) -> None:
        command.downgrade(upgrade.migrations(connection), BEFORE)
        command.upgrade(upgrade.migrations(connection), "head")

    on(store_url, made_by_migrations)
    assert read_schema(store_url).current


@pytest.mark.long  # kills
async def test_an_upgrade_that_is_killed_anywhere_leaves_the_schema_of_before_or_the_new_one(store_url: str) -> None:
    upgrade_database(store_url)
    downgrade_database(store_url, BEFORE)
    found = set()
    for milliseconds in (0, 20, 50, 90, 140, 200, 270, 350, 500):
        child = processes().Process(target=upgrade_and_close, args=(store_url,))
        child.start()
        await asyncio.to_thread(child.join, milliseconds / 1000)
        child.kill()
        await asyncio.to_thread(child.join)
        schema = read_schema(store_url)
        found.add(schema.found[0])
        if schema.current:
            downgrade_database(store_url, BEFORE)
    assert found <= {BEFORE, NEWEST}
    assert upgrade_database(store_url)[1].current
