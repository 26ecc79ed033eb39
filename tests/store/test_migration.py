"""A database of version 0.1, which knew repositories by name alone, is migrated with all that it knows."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection

from bot.model import Kind, Repo
from bot.store import decisions, ledger, owned, repositories, soak_observations, targets, upgrade_database, witnesses
from bot.store.database import upgrade
from bot.store.database.session import Store, open_store
from bot.store.ledger import GENESIS, chain
from bot.store.scheduling import due
from bot.store.tables import Table, TargetRow
from bot.store.witnesses import Seen

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GARDEN, SHED = "workshop/garden", "workshop/shed"
COUNT = 200
OLD = "0003"


def fill(connection: Connection) -> None:
    """The schema of version 0.1 and, in one repository, of everything that there can be."""
    Table.metadata.drop_all(connection)
    connection.execute(sa.text("DROP TABLE alembic_version"))
    command.upgrade(upgrade.migrations(connection), OLD)
    old = sa.MetaData()
    old.reflect(connection)

    def put(table: str, *rows: dict[str, Any]) -> None:
        connection.execute(sa.insert(old.tables[table]), list(rows))

    put("repositories", {"full_name": GARDEN, "set_up_at": NOW, "resynced_at": NOW, "default_branch": "main"})
    empty = {"priority": 0, "attempts": 0, "last_error": "", "quiet": False, "base_ref": "main", "snapshot_hash": ""}
    generation = {"desired_generation": 3, "observed_generation": 3, "state": "open", "head_sha": "a" * 40}
    numbers = range(1, COUNT + 1)
    put("targets", *({"repository": GARDEN, "number": n, "kind": "pull", **empty, **generation} for n in numbers))
    put("heads", *({"repository": GARDEN, "number": n, "sha": "b" * 40, "seen_at": NOW} for n in numbers))
    verdict = {"commit": "a" * 40, "check": "base", "state": "success", "description": "", "target_url": ""}
    put("verdicts", *({"repository": GARDEN, "number": n, **verdict, "judged_at": NOW} for n in numbers))
    held = {"object": "comment:report", "remote_id": 7, "value": "v", "intended": "", "evidence": "", "written_at": NOW}
    put("holdings", *({"repository": GARDEN, "number": n, **held} for n in numbers))
    hold = {"comment_id": 5, "line": 1, "command": "hold", "argument": "", "why": "wait", "by": "op", "at": NOW}
    hold |= {"refused": "", "standing": "operator", "decided": NOW}
    put("decisions", *({"repository": GARDEN, "number": n, **hold} for n in numbers))
    judged = {"check": "judge", "at": NOW, "ground": "sha256:0", "content": {"priority": "p1"}}
    put("judgments", *({"repository": GARDEN, "number": n, **judged} for n in numbers))
    soak = {"branch": "main", "ground": "sha256:0", "hash": "", "seen_at": NOW, "content": b""}
    put("soaks", *({"repository": GARDEN, "name": f"s{n}", "issue": n, **soak} for n in range(5)))
    put("snapshots", {"hash": "h", "repository": SHED, "number": 1, "taken_at": NOW, "content": b""})
    trusted = {"good_text": "version: 1\n", "trusted_text": "version: 1\n", "trusted_by": "op", "trusted_at": NOW}
    put("policies", {"repository": GARDEN, **trusted})
    put("ledger", *entries())
    delivery = {"event": "issue_comment", "action": "created", "repository": GARDEN, "sender": "op", "ref": ""}
    delivery |= {"before": "", "after": "", "comment_id": 5, "comment_author": "op", "comment_hmac": "mac"}
    put("deliveries", {"id": "one", **delivery, "received_at": NOW, "size": 1, "body_hash": ""})


def entries() -> list[dict[str, Any]]:
    """A chain as version 0.1 made it: its hashes cover no id."""
    previous, rows = GENESIS, []
    for sequence in range(1, COUNT + 1):
        row: dict[str, Any] = {"sequence": sequence, "at": NOW + timedelta(seconds=sequence), "kind": "restore"}
        row |= {"repository": GARDEN, "number": sequence, "actor": "assay", "object": "comment:report", "detail": {}}
        row |= {"snapshot_hash": "", "result": "", "previous": previous}
        row["hash"] = previous = chain.hash_of(row | {"repository_id": 0})
        rows.append(row)
    return rows


async def migrated(store: Store) -> Store:
    async with store.engine.begin() as connection:
        await connection.run_sync(fill)
    url = store.url.render_as_string(hide_password=False)
    await asyncio.to_thread(upgrade_database, url)
    return await open_store(url)


async def counts(store: Store) -> dict[str, int]:
    async with store.read() as session:
        query = sa.select(sa.func.count()).select_from
        return {name: await session.scalar(query(table)) or 0 for name, table in Table.metadata.tables.items()}


async def test_nothing_is_lost_and_the_ledger_holds(store: Store) -> None:
    store = await migrated(store)
    found = await counts(store)
    assert {name: found[name] for name in ("targets", "heads", "verdicts", "holdings", "decisions", "judgments")} == (
        dict.fromkeys(("targets", "heads", "verdicts", "holdings", "decisions", "judgments"), COUNT)
    )
    assert (found["soaks"], found["policies"], found["snapshots"], found["deliveries"]) == (5, 1, 1, 1)
    async with store.read() as session:
        assert await ledger.verify(session) == ledger.Proof(COUNT)
        assert sorted(row.id for row in await repositories.known(session)) == [-2, -1]
    await store.close()


async def test_the_first_word_of_the_server_gives_each_repository_its_id(store: Store) -> None:
    store = await migrated(store)
    garden = Repo(id=17, name=GARDEN)
    before = await counts(store)
    async with store.session() as session:
        assert not await repositories.serve(session, garden, NOW)
    assert await counts(store) == before
    target = garden.target(3, Kind.PULL)
    async with store.read() as session:
        assert [target for target, _ in await due.dirty(session, NOW)] == []
        assert (await targets.row_of(session, target)) is not None
        assert [thing.remote_id for thing in await owned.held(session, target)] == [7]
        assert [one.command for one in await decisions.decisions(session, target)] == ["hold"]
        assert [one.content for one in await decisions.judgments(session, target)] == [{"priority": "p1"}]
        assert len(await soak_observations.tracked(session, garden.id)) == 5
        assert await witnesses.seen(session, garden.id, [5]) == {5: Seen(0, "op", "mac", witnessed=True, changed=False)}
        assert [one.total for one in await owned.restored(session, target, NOW)] == [1]
        assert await ledger.verify(session) == ledger.Proof(COUNT)
    await store.close()


async def test_a_repository_that_is_renamed_keeps_everything_and_one_under_its_old_name_inherits_nothing(
    store: Store,
) -> None:
    garden = Repo(id=17, name=GARDEN)
    async with store.session() as session:
        await repositories.serve(session, garden, NOW)
        await targets.add_targets(session, [garden.target(3, Kind.PULL)], quiet=False)
        changed = await repositories.serve(session, Repo(id=99, name=GARDEN), NOW)
    assert (changed.before, changed.lost) == ("", 17)
    async with store.session() as session:
        assert await targets.row_of(session, Repo(id=99, name=GARDEN).target(3, Kind.PULL)) is None
        assert await due.dirty(session, NOW) == []  # nobody knows yet what the first one is called now
        changed = await repositories.serve(session, Repo(id=17, name="workshop/orchard"), NOW)
    assert (changed.before, changed.lost) == ("", 0)
    async with store.read() as session:
        (row,) = (await session.execute(sa.select(TargetRow))).scalars()
        assert [str(target) for target, _ in await due.dirty(session, NOW)] == ["workshop/orchard!3"]
        assert row.repository_id == 17
        assert [(one.object, one.detail) for one in await ledger.tail(session, 9)] == [
            ("name-lost", {"to": 99}),
            ("renamed", {"from": ""}),
        ]
