"""Which targets are due, in what order, and by which indexes the databases find them among many."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, insert, select, text

from bot.model import Kind, Repo
from bot.store import Store, targets
from bot.store.housekeeping import STEP
from bot.store.scheduling import due, listed, marking
from bot.store.tables import Repository, TargetRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPOSITORIES, EACH = 40, 100
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def repository(number: int, **more: object) -> dict[str, object]:
    told = {"id": number, "full_name": f"workshop/{number}", "set_up_at": NOW, "default_branch": "main"}
    return {**told, "unseen_why": "", "hears_runs": False, "ask_again_at": None, **more}


def target(repository_id: int, number: int, **more: object) -> dict[str, object]:
    told = {"repository_id": repository_id, "number": number, "kind": "pull", "state": "open"}
    seen = {"desired_generation": 1, "observed_generation": 1, "priority": 0, "quiet": False}
    return {**told, **seen, "observed_at": NOW, "statuses_at": NOW, "head_sha": "a" * 40, **more}


async def fill(store: Store, repositories: list[dict[str, object]], rows: list[dict[str, object]]) -> None:
    async with store.session() as session:
        await session.execute(insert(Repository), repositories)
        await session.execute(insert(TargetRow), rows)


async def test_what_waits_is_given_the_most_pressing_first_without_what_is_put_off_or_hidden(store: Store) -> None:
    later = NOW + timedelta(minutes=1)
    waits = {"desired_generation": 2}
    rows = [
        target(1, 1, **waits, priority=8),
        target(1, 2, **waits, priority=1),
        target(1, 3, **waits, not_before=later),
        target(1, 4),
        target(2, 1, **waits),
        target(3, 1, **waits, priority=1),
    ]
    await fill(store, [repository(1), repository(2, ask_again_at=later), repository(3)], rows)
    async with store.read() as session:
        found = await due.dirty(session, NOW)
        assert [str(one) for one, _ in found] == ["workshop/1!2", "workshop/3!1", "workshop/1!1"]
        assert len(await due.dirty(session, later)) == 5
        assert len(await due.dirty(session, later, 2)) == 2


async def test_heads_are_watched_less_often_where_runs_are_told(store: Store) -> None:
    rows = [
        target(number, age, statuses_at=NOW - timedelta(minutes=age)) for number in (1, 2) for age in (5, 15, 30, 45)
    ]
    rows.append(target(1, 99, statuses_at=NOW - DAY, kind="issue"))
    rows.append(target(1, 98, statuses_at=NOW - DAY, state="closed"))
    await fill(store, [repository(1), repository(2, hears_runs=True)], rows)
    async with store.session() as session:
        found = await due.watched(session, NOW, timedelta(minutes=10), timedelta(minutes=35), 99)
        assert [str(one.target) for one in found] == [
            "workshop/1!45",
            "workshop/2!45",
            "workshop/1!30",
            "workshop/1!15",
        ]
        await due.watched_at(session, [one.target for one in found], NOW)
        assert await due.watched(session, NOW, timedelta(minutes=10), timedelta(minutes=35), 99) == []


async def test_the_daily_evaluations_of_many_targets_come_at_a_steady_rate(store: Store) -> None:
    rows = [target(1, number, observed_at=NOW - WEEK - timedelta(seconds=number)) for number in range(1, 3001)]
    rows += [{**row, "repository_id": 2, "kind": "issue"} for row in rows]
    await fill(store, [repository(1), repository(2)], rows)
    async with store.read() as session:
        found = await due.daily(session, NOW)
    numbers = {kind: [one.number for one in found if one.kind is kind] for kind in Kind}
    assert numbers[Kind.PULL] == [3000, 2999, 2998]  # 1.2 times 3,000 in 1,440 minutes
    assert numbers[Kind.ISSUE] == [3000]


async def test_what_was_evaluated_within_the_day_or_for_issues_the_week_is_not_due(store: Store) -> None:
    ages = {1: DAY / 2, 2: DAY * 2, 3: DAY * 6, 4: DAY * 8}
    rows = [target(1, number, observed_at=NOW - age) for number, age in ages.items()]
    rows += [{**row, "repository_id": 2, "kind": "issue"} for row in rows]
    await fill(store, [repository(1), repository(2)], rows)
    seen = []
    for _ in range(9):
        async with store.session() as session:
            for one in await due.daily(session, NOW):
                seen.append(str(one))
                (await session.get_one(TargetRow, (one.repository_id, one.number))).observed_at = NOW
    assert seen == ["workshop/1!4", "workshop/2#4", "workshop/1!3", "workshop/1!2"]


QUERIES: dict[str, Callable[..., object]] = {
    "ix_targets_waiting": lambda session: due.dirty(session, NOW),
    "ix_targets_watched": lambda session: due.watched(session, NOW, timedelta(minutes=10), timedelta(minutes=35), 50),
    "ix_targets_open": lambda session: due.daily(session, NOW),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_uses_its_index_among_many_targets(store: Store, name: str) -> None:
    rows = [target(one, number) for one in range(1, REPOSITORIES + 1) for number in range(1, EACH + 1)]
    for row in rows[::50]:
        row |= {"desired_generation": 2, "statuses_at": NOW - WEEK, "observed_at": NOW - WEEK}
    await fill(store, [repository(number) for number in range(1, REPOSITORIES + 1)], rows)
    async with store.session() as session:
        await session.execute(text("ANALYZE"))
    statements: list[tuple[str, object]] = []

    def keep(_c: object, _u: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(store.engine.sync_engine, "before_cursor_execute", keep)
    async with store.read() as session:
        assert await QUERIES[name](session)  # type: ignore[misc] # an async function each
    event.remove(store.engine.sync_engine, "before_cursor_execute", keep)
    explain = "EXPLAIN " if store.dialect == "postgresql" else "EXPLAIN QUERY PLAN "
    async with store.read() as session:
        connection = await session.connection()
        plans = [
            str((await connection.exec_driver_sql(explain + statement, parameters)).all())  # type: ignore[arg-type]
            for statement, parameters in statements
            if "LIMIT" in statement
        ]
    assert plans
    for plan in plans:
        assert name in plan
        assert "SCAN targets'" not in plan
        assert "Seq Scan on targets" not in plan


async def test_marking_all_open_targets_keeps_the_loop_free(store: Store) -> None:
    await fill(store, [repository(1)], [target(1, number) for number in range(1, 5001)])
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert await marking.mark_all_open(store, priority=5) == 5000
    async with store.session() as session:
        found = await targets.mark_open(session, 1, priority=3)
    counting.cancel()
    assert len(found) == 5000
    assert turns > 3
    async with store.read() as session:
        row = await targets.row_of(session, found[-1])
        assert row is not None
        assert (row.desired_generation, row.priority) == (3, 3)


async def test_what_is_put_off_stays_as_pressing_as_it_was(store: Store) -> None:
    repo = Repo(id=7, name="workshop/garden")
    pressing, daily = repo.target(1, Kind.PULL), repo.target(2, Kind.PULL)
    async with store.session() as session:
        await session.execute(insert(Repository), [repository(7) | {"full_name": repo.name}])
        clean = {"desired_generation": 1, "observed_generation": 1}
        await session.execute(insert(TargetRow), [target(7, 1) | {"desired_generation": 2}, target(7, 2) | clean])
        for one in (pressing, daily):
            await targets.put_off(session, one, NOW, priority=5)
        assert await due.dirty(session, NOW) == [(pressing, 0), (daily, 5)]


async def test_all_open_targets_are_marked_once_each_in_steps_between_which_others_write(store: Store) -> None:
    each = STEP // 2 + 1  # a step ends in the middle of a repository
    rows = [target(one, number, state=state) for one in (-7, 1, 2) for number, state in states(each)]
    await fill(store, [repository(one) for one in (-7, 1, 2)], rows)
    longest, waits = 0, 0

    def count(_c: object, _u: object, statement: str, *_: object) -> None:
        nonlocal waits, longest
        waits += statement.startswith("UPDATE targets")
        longest = max(longest, waits)

    def ended(_: object) -> None:
        nonlocal waits
        waits = 0

    event.listen(store.engine.sync_engine, "before_cursor_execute", count)
    event.listen(store.engine.sync_engine, "commit", ended)
    assert await marking.mark_all_open(store, priority=5) == 3 * each
    event.remove(store.engine.sync_engine, "before_cursor_execute", count)
    event.remove(store.engine.sync_engine, "commit", ended)
    async with store.read() as session:
        marked = select(TargetRow.state, TargetRow.desired_generation, func.count()).group_by(
            TargetRow.state, TargetRow.desired_generation
        )
        assert sorted(map(tuple, await session.execute(marked))) == [("closed", 1, 3 * each), ("open", 2, 3 * each)]
    assert longest == 1


def states(each: int) -> list[tuple[int, str]]:
    """As many open as closed targets, by turns."""
    return [(number, "open" if number % 2 else "closed") for number in range(1, 2 * each + 1)]


async def test_marking_again_for_the_background_does_not_put_off_what_is_pressing(store: Store) -> None:
    pressing = target(1, 1, desired_generation=2, priority=1)
    await fill(store, [repository(1)], [pressing, target(1, 2), target(1, 3, desired_generation=2, priority=8)])
    repo = Repo(id=1, name="workshop/1")
    async with store.session() as session:
        await targets.add_targets(session, [repo.target(n, Kind.PULL) for n in (1, 2, 3)], quiet=False, priority=5)
        await targets.mark_open(session, 1, priority=8)
    async with store.read() as session:
        assert [(one.number, priority) for one, priority in await due.dirty(session, NOW)] == [(1, 1), (2, 5), (3, 5)]


async def test_what_is_kept_of_listings_is_read_and_written_for_more_targets_than_fit_a_statement(store: Store) -> None:
    repo = Repo(id=1, name="workshop/1")
    many = [repo.target(number, Kind.PULL) for number in range(1, 1201)]
    await fill(store, [repository(1)], [target(1, one.number, quiet=True) for one in many])
    async with store.session() as session:
        await listed.shown(session, {one: str(one.number) for one in many})
        await listed.updated(session, dict.fromkeys(many[:600], NOW))
        await listed.wake(session, many[:2])
    async with store.read() as session:
        known = await listed.known(session, repo, [one.number for one in many])
        assert await listed.known(session, repo) == known
        rows = [await targets.row_of(session, one) for one in many[:3]]
    assert len(known) == 1200
    assert (known[1200].listed, known[1200].updated_at, known[600].updated_at) == ("1200", None, NOW)
    assert [row.quiet for row in rows if row] == [False, False, True]
