"""What holds between the processes that share a queue."""

import asyncio
from collections.abc import Callable

import pytest

from bot.engine import jobs, procrastinate
from bot.engine.procrastinate import ProcrastinateEngine
from bot.engine.queue import AGE
from tests.engine.work import A_WHILE, LATE, SECONDS, Work, idle, rows, target, until

pytestmark = pytest.mark.postgres
Make = Callable[..., ProcrastinateEngine]


@pytest.fixture
def make(make_sharing: Make) -> Make:
    """Makes engines of one queue, and stops them at the end."""
    return make_sharing


async def test_a_newer_head_supersedes_the_run_in_another_process(make: Make, work: Work) -> None:
    work.gate.clear()
    runner, other = make(), make()
    await runner.start(work.run, work.failed)
    await runner.submit(target(), priority=8)
    await until(lambda: len(work.leases) == 1)
    await other.submit(target(), priority=1)
    await until(lambda: work.leases[0].urgency.priority == 1)
    assert not work.leases[0].superseded.is_set()
    await other.submit(target(), urgent=True)
    await until(work.leases[0].superseded.is_set)
    work.gate.set()
    await idle(other)
    assert len(work.begun) == 2


async def test_a_spaced_burst_in_another_process_waits_for_the_rest(make: Make, work: Work) -> None:
    runner, other = make(), make()
    work.gate.clear()
    await runner.start(work.run, work.failed)
    await runner.submit(target(), spaced=True)
    await until(lambda: len(work.begun) == 1)
    await other.submit(target(), spaced=True)
    await asyncio.sleep(A_WHILE / 5)
    work.gate.set()
    await idle(other)
    for _ in range(20):
        await other.submit(target(), spaced=True)
    await idle(other)
    assert len(work.begun) == 1
    await until(lambda: len(work.begun) == 2)


async def test_what_a_stopped_process_had_is_done_by_another(make: Make, work: Work) -> None:
    work.gate.clear()
    first, second = make(workers=3), make(workers=3)
    await first.start(work.run, work.failed)
    for number in range(2):
        await first.submit(target(number, f"garden/{number}"))
    await until(lambda: len(work.begun) == 2)
    await second.start(work.run, work.failed)
    await first.stop()
    await until(lambda: len(work.begun) == 4)
    work.gate.set()
    await idle(second)
    assert sorted(work.begun) == ["garden/0!0", "garden/0!0", "garden/1!1", "garden/1!1"]


async def test_a_process_that_stops_lets_its_runs_end_within_the_limit(make: Make, work: Work) -> None:
    work.gate.clear()
    engine, other = make(grace=LATE), make()
    await engine.start(work.run, work.failed)
    await engine.submit(target(1, "garden/one"))
    await until(lambda: len(work.begun) == 1)
    stopping = asyncio.create_task(engine.stop())
    await asyncio.sleep(A_WHILE / 5)
    await other.submit(target(2, "garden/two"))
    await asyncio.sleep(A_WHILE / 5)
    assert (stopping.done(), len(work.begun)) == (False, 1)
    work.gate.set()
    async with asyncio.timeout(SECONDS):
        await stopping
    assert work.running == {"garden/one!1": 0}


async def test_jobs_of_a_process_without_a_heartbeat_are_taken_over(
    make: Make, work: Work, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procrastinate, "HEARTBEAT", 0.1)
    engine = make()
    await engine.start(work.run, work.failed)
    await engine.submit(target(1), delay=LATE)
    await rows(
        postgres_url,
        "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
        "RETURNING id) UPDATE procrastinate_jobs SET status = 'doing', worker_id = dead.id FROM dead",
    )
    await engine.submit(target(1), delay=LATE)
    await until(lambda: len(work.begun) == 1)
    await idle(engine)
    assert await rows(postgres_url, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]


async def test_a_process_that_was_declared_dead_ends_its_runs_and_goes_on_under_a_new_name(
    make: Make, work: Work, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procrastinate, "HEARTBEAT", 0.1)
    work.gate.clear()
    engine = make()
    await engine.start(work.run, work.failed)
    await engine.submit(target(1))
    await until(lambda: len(work.begun) == 1)
    before = await rows(postgres_url, "SELECT id FROM procrastinate_workers")
    await rows(postgres_url, "DELETE FROM procrastinate_workers")
    await until(lambda: len(work.begun) == 2)
    work.gate.set()
    await idle(engine)
    assert before != await rows(postgres_url, "SELECT id FROM procrastinate_workers")
    assert await engine.sharing() == 1


async def test_a_job_whose_taking_was_not_answered_is_handed_back(
    make: Make, work: Work, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procrastinate, "HEARTBEAT", 0.1)
    engine = make()
    await engine.start(work.run, work.failed)
    await engine.submit(target(2))
    await idle(engine)
    await engine.submit(target(1), delay=LATE)
    await rows(
        postgres_url,
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = procrastinate_workers.id "
        "FROM procrastinate_workers",
    )
    await until(lambda: len(work.begun) == 2)
    await idle(engine)


async def test_an_engine_outlives_a_database_that_ends_all_its_connections(
    make: Make, work: Work, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procrastinate, "HEARTBEAT", 0.1)
    monkeypatch.setattr(jobs, "AGAIN", 0.1)
    engine = make()
    await engine.start(work.run, work.failed)
    for number in range(1, 4):
        await rows(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await engine.submit(target(number))
        await until(lambda: len(work.begun) == number)  # noqa: B023 - awaited in this turn
    await idle(engine)


async def test_one_process_leads_and_the_next_one_takes_over(make: Make, work: Work) -> None:
    engines = [make() for _ in range(3)]
    for engine in engines:
        await engine.start(work.run, work.failed)
    ran: list[int] = []

    def job(number: int) -> Callable[[], object]:
        async def run() -> None:
            ran.append(number)

        return run

    for number, engine in enumerate(engines):
        engine.every("turn", 0.01, job(number))  # type: ignore[arg-type]
    await until(lambda: len(ran) >= 3)
    assert len(set(ran)) == 1
    leader = engines[ran[0]]
    assert [engine.leads for engine in engines].count(True) == 1
    await leader.stop()
    await until(lambda: len(set(ran)) == 2)


async def test_a_schedule_that_ran_is_not_run_again_by_the_next_that_leads(make: Make, work: Work) -> None:
    first, second = make(), make()
    ran: list[str] = []

    async def job() -> None:
        ran.append("daily")

    async def often() -> None:
        ran.append("often")

    for engine in (first, second):
        await engine.start(work.run, work.failed)
        engine.every("daily", LATE, job)
        engine.every("often", 0.01, often)
    await until(lambda: "daily" in ran and "often" in ran)
    await first.stop()
    ran.clear()
    await until(lambda: len(ran) > 3)
    assert "daily" not in ran


async def test_all_processes_count_themselves(make: Make, work: Work) -> None:
    engines = [make() for _ in range(3)]
    assert await engines[0].sharing() == 1
    for engine in engines:
        await engine.start(work.run, work.failed)
    async with asyncio.timeout(SECONDS):
        while await engines[0].sharing() < 3:  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.01)


async def test_what_another_process_remembers_of_a_changed_target_is_forgotten(make: Make, work: Work) -> None:
    here, there = make(), make()
    forgotten: list[str] = []
    there.on_change(lambda one: forgotten.append(str(one)))
    for engine in (here, there):
        await engine.start(work.run, work.failed)
    await until(lambda: here.leads or there.leads)
    async with asyncio.timeout(SECONDS):
        while not forgotten:
            await here.changed(target(3))
            await asyncio.sleep(A_WHILE / 10)
    assert forgotten[0] == "workshop/garden!3"


async def test_a_run_is_held_until_another_process_has_taken_it_over(make: Make, work: Work, postgres_url: str) -> None:
    work.gate.clear()
    engine = make()
    await engine.start(work.run, work.failed)
    await engine.submit(target(1))
    await until(lambda: len(work.leases) == 1)
    assert await work.leases[0].held()
    await rows(postgres_url, "UPDATE procrastinate_jobs SET worker_id = NULL")
    assert not await work.leases[0].held()
    work.gate.set()


async def test_what_waited_long_goes_before_what_is_more_pressing(make: Make, work: Work, postgres_url: str) -> None:
    single = make(workers=1)
    await single.submit(target(1, "repository/old"), priority=8)
    await rows(postgres_url, f"UPDATE procrastinate_jobs SET priority = priority + {8 * AGE + 1:.0f}")  # noqa: S608 - a number
    await single.submit(target(1, "repository/hot"))
    await single.start(work.run, work.failed)
    await idle(single)
    assert work.begun == ["repository/old!1", "repository/hot!1"]


async def test_an_old_backlog_takes_no_worker_that_is_kept_for_what_somebody_waits_for(
    make: Make, work: Work, postgres_url: str
) -> None:
    engine = make(workers=4)
    for number in range(3):
        await engine.submit(target(1, f"busy/{number}"), priority=1)
    for number in range(8):
        await engine.submit(target(1, f"old/{number}"), priority=8)
    await rows(postgres_url, f"UPDATE procrastinate_jobs SET priority = priority + {9 * AGE:.0f}")  # noqa: S608 - a number
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await until(lambda: len(work.begun) == 3)
    await asyncio.sleep(A_WHILE)
    assert len(work.begun) == 3
    await engine.submit(target(1, "hot/one"))
    await until(lambda: "hot/one!1" in work.begun)
    work.gate.set()
    await idle(engine)


async def test_nothing_is_left_in_the_queue_of_what_ran(make: Make, work: Work, postgres_url: str) -> None:
    engine = make()
    await engine.start(work.run, work.failed)
    for number in range(20):
        await engine.submit(target(number))
    await idle(engine)
    left = "SELECT (SELECT count(*) FROM procrastinate_jobs), (SELECT count(*) FROM procrastinate_events)"
    assert await rows(postgres_url, left) == [(0, 0)]


async def test_a_message_of_another_version_does_not_end_the_listening(
    make: Make, work: Work, postgres_url: str
) -> None:
    engine = make()
    told: list[str] = []
    engine.on_change(lambda one: told.append(str(one)))
    await engine.start(work.run, work.failed)
    await until(lambda: engine.leads)
    for channel in ("assay_changed", "assay_asked"):
        await rows(postgres_url, f"SELECT pg_notify('{channel}', '{{}}')::text")
    await engine.changed(target())
    await until(lambda: told == [str(target())])
    assert engine.leads
