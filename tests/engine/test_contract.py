"""What holds for every engine: never two of one target, bursts as one, turns for everybody."""

import asyncio

import pytest

from bot.engine import Engine
from tests.engine.conftest import Make
from tests.engine.work import A_WHILE, LATE, SECONDS, SOON, Work, idle, target, until


async def test_never_two_of_one_target_at_once(engine: Engine, work: Work) -> None:
    await engine.start(work.run, work.failed)
    for _ in range(40):
        for number in range(5):
            await engine.submit(target(number), urgent=number % 2 == 0)
        await asyncio.sleep(0)
    await idle(engine)
    assert set(work.most.values()) == {1}
    assert set(work.running.values()) == {0}


async def test_a_burst_becomes_one_run_and_one_more(engine: Engine, work: Work) -> None:
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await engine.submit(target())
    await until(lambda: len(work.begun) == 1)
    for _ in range(300):
        await engine.submit(target())
    work.gate.set()
    await idle(engine)
    assert len(work.begun) == 2


async def test_what_waits_is_not_queued_twice(engine: Engine, work: Work) -> None:
    for _ in range(100):
        await engine.submit(target())
    await engine.start(work.run, work.failed)
    await idle(engine)
    assert len(work.begun) == 1


async def test_different_targets_run_side_by_side_up_to_the_number_of_workers(engine: Engine, work: Work) -> None:
    work.gate.clear()
    for number in range(6):
        await engine.submit(target(number, f"workshop/{number % 2}"))
    await engine.start(work.run, work.failed)
    await until(lambda: len(work.begun) == 4)
    await asyncio.sleep(SOON)
    assert len(work.begun) == 4
    work.gate.set()
    await idle(engine)
    assert len(work.begun) == 6


async def test_repositories_take_turns(single: Engine, work: Work) -> None:
    for number in range(1, 50):
        await single.submit(target(number, "busy/one"))
    await single.submit(target(1, "quiet/one"))
    await single.submit(target(1, "quiet/two"))
    await single.start(work.run, work.failed)
    await idle(single)
    assert work.begun[:4] == ["busy/one!1", "quiet/one!1", "quiet/two!1", "busy/one!2"]


async def test_a_repository_whose_work_is_slow_leaves_a_worker_for_others(engine: Engine, work: Work) -> None:
    work.gate.clear()
    for number in range(9):
        await engine.submit(target(number, "slow/one"))
    await engine.start(work.run, work.failed)
    await until(lambda: len(work.begun) == 3)
    await engine.submit(target(1, "quick/one"))
    await until(lambda: "quick/one!1" in work.begun)
    assert len(work.begun) == 4
    work.gate.set()
    await idle(engine)
    assert len(work.begun) == 10


async def test_while_others_wait_a_repository_has_half_of_the_workers(engine: Engine, work: Work) -> None:
    work.gate.clear()
    for number in range(9):
        await engine.submit(target(number, "slow/one"))
        await engine.submit(target(number, "slow/two"))
    await engine.start(work.run, work.failed)
    await until(lambda: len(work.begun) == 4)
    assert sorted(name.partition("!")[0] for name in work.begun) == ["slow/one"] * 2 + ["slow/two"] * 2
    work.gate.set()
    await idle(engine)
    assert len(work.begun) == 18


async def test_the_most_pressing_of_a_repository_goes_first(single: Engine, work: Work) -> None:
    for number, priority in ((1, 5), (2, 0), (3, 3), (4, 0)):
        await single.submit(target(number), priority=priority)
    await single.submit(target(1), priority=9)
    await single.submit(target(3), priority=-1)
    await single.start(work.run, work.failed)
    await idle(single)
    assert [name[-1] for name in work.begun] == ["3", "2", "4", "1"]


async def test_a_repeat_keeps_the_best_priority_that_was_asked_for(single: Engine, work: Work) -> None:
    work.gate.clear()
    await single.start(work.run, work.failed)
    await single.submit(target(1))
    await until(lambda: len(work.begun) == 1)
    await single.submit(target(2), priority=1)
    await single.submit(target(1), priority=0)
    await single.submit(target(1), priority=5)
    work.gate.set()
    await idle(single)
    assert [name[-1] for name in work.begun] == ["1", "1", "2"]


async def test_a_delayed_target_waits_and_idle_does_not_wait_for_it(engine: Engine, work: Work) -> None:
    await engine.start(work.run, work.failed)
    await engine.submit(target(), delay=A_WHILE)
    await idle(engine)
    assert work.begun == []
    await until(lambda: len(work.begun) == 1)


async def test_of_two_delays_the_shorter_counts(engine: Engine, work: Work) -> None:
    await engine.start(work.run, work.failed)
    await engine.submit(target(1), delay=LATE)
    await engine.submit(target(1), delay=SOON)
    await engine.submit(target(2), delay=SOON)
    await engine.submit(target(2), delay=LATE)
    await until(lambda: len(work.begun) == 2)


async def test_a_submit_without_delay_makes_the_delayed_one_needless(engine: Engine, work: Work) -> None:
    await engine.start(work.run, work.failed)
    await engine.submit(target(), delay=LATE)
    await engine.submit(target())
    await idle(engine)
    assert len(work.begun) == 1


async def test_what_falls_due_while_its_target_runs_follows(engine: Engine, work: Work) -> None:
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await engine.submit(target())
    await until(lambda: len(work.begun) == 1)
    await engine.submit(target(), delay=SOON)
    await asyncio.sleep(2 * SOON)
    assert work.begun == ["workshop/garden!1"]
    work.gate.set()
    await idle(engine)
    assert len(work.begun) == 2


async def test_what_was_cancelled_does_not_run_and_can_be_asked_for_again(single: Engine, work: Work) -> None:
    await single.submit(target(1))
    await single.submit(target(2), delay=SOON)
    await single.submit(target(3))
    for number in (1, 2):
        await single.cancel(target(number))
    await single.start(work.run, work.failed)
    await idle(single)
    assert work.begun == ["workshop/garden!3"]
    work.gate.clear()
    await single.submit(target(4))
    await until(lambda: len(work.begun) == 2)
    await single.submit(target(1))
    await single.cancel(target(1))
    await single.submit(target(1))
    work.gate.set()
    await idle(single)
    assert [name[-1] for name in work.begun] == ["3", "4", "1"]


async def test_cancelling_ends_the_wait_of_idle(engine: Engine) -> None:
    await engine.submit(target())
    waiting = asyncio.create_task(engine.idle())
    await asyncio.sleep(0)
    assert not waiting.done()
    await engine.cancel(target())
    async with asyncio.timeout(SECONDS):
        await waiting


async def test_cancelling_takes_back_the_repeat_but_not_the_run(engine: Engine, work: Work) -> None:
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await engine.submit(target())
    await until(lambda: len(work.begun) == 1)
    await engine.submit(target())
    await engine.cancel(target())
    work.gate.set()
    await idle(engine)
    assert (len(work.begun), work.running) == (1, {"workshop/garden!1": 0})


@pytest.mark.parametrize("urgent", [True, False])
async def test_only_an_urgent_submit_supersedes_the_run(engine: Engine, work: Work, urgent: bool) -> None:
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await engine.submit(target(), urgent=True)
    await until(lambda: len(work.leases) == 1)
    await engine.submit(target(2), urgent=True)
    await engine.submit(target(), urgent=urgent)
    assert work.leases[0].superseded.is_set() is urgent
    work.gate.set()
    await idle(engine)
    assert [lease.superseded.is_set() for lease in work.leases] == [urgent, False, False]


@pytest.mark.parametrize("told_badly", [False, True])
async def test_failing_work_is_told_and_ends_no_worker(single: Engine, work: Work, told_badly: bool) -> None:
    work.fail = lambda lease: ValueError("no") if lease.target.number == 1 else None
    work.told_badly = told_badly
    await single.start(work.run, work.failed)
    await single.submit(target(1))
    await idle(single)
    await single.submit(target(2))
    await single.submit(target(1))
    await idle(single)
    assert [name[-1] for name in work.begun] == ["1", "2", "1"]
    assert work.failures == [("workshop/garden!1", "no")] * 2


async def test_idle_returns_at_once_where_nothing_was_asked_for(engine: Engine) -> None:
    await idle(engine)


async def test_stopping_ends_runs_and_timers(make: Make, work: Work) -> None:
    engine = make(workers=2)
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await engine.submit(target(1))
    await engine.submit(target(2), delay=SOON)
    await until(lambda: len(work.begun) == 1)
    async with asyncio.timeout(SECONDS):
        await engine.stop()
    await asyncio.sleep(SOON * 2)
    assert (len(work.begun), work.failures) == (1, [])


async def test_a_schedule_begins_at_once_and_outlives_a_failing_run(engine: Engine, work: Work) -> None:
    await engine.start(work.run, work.failed)
    runs: list[int] = []

    async def job() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise ValueError("the first run fails")

    engine.every("job", 0.001, job)
    await until(lambda: len(runs) >= 3)


async def test_a_burst_of_spaced_submissions_becomes_one_run_and_one_after_a_rest(engine: Engine, work: Work) -> None:
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await engine.submit(target(), spaced=True)
    await until(lambda: len(work.begun) == 1)
    await engine.submit(target(), spaced=True)
    await asyncio.sleep(SOON)
    work.gate.set()
    await idle(engine)
    for _ in range(100):
        await engine.submit(target(), spaced=True)
    await idle(engine)
    assert len(work.begun) == 1
    await until(lambda: len(work.begun) == 2)
    await idle(engine)
    assert len(work.begun) == 2


@pytest.mark.parametrize("priorities", [(4, 5), (5, 4)])
async def test_a_run_after_a_rest_is_as_pressing_as_the_most_pressing_that_asked_for_it(
    engine: Engine, work: Work, priorities: tuple[int, int]
) -> None:
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await engine.submit(target(), priority=8)
    await until(lambda: len(work.begun) == 1)
    for priority in priorities:
        await engine.submit(target(), priority=priority, spaced=True)
    await asyncio.sleep(SOON)
    work.gate.set()
    await until(lambda: len(work.begun) == 2)
    assert work.leases[1].urgency.priority == 4


@pytest.mark.parametrize("how", [{}, {"urgent": True, "spaced": True}])
async def test_what_is_urgent_or_not_spaced_runs_without_a_rest(
    engine: Engine, work: Work, how: dict[str, bool]
) -> None:
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await engine.submit(target())
    await until(lambda: len(work.begun) == 1)
    await engine.submit(target(), spaced=True)
    await engine.submit(target(), **how)
    await asyncio.sleep(SOON)
    work.gate.set()
    await idle(engine)
    assert len(work.begun) == 2
    await engine.submit(target(), **how)
    await idle(engine)
    assert len(work.begun) == 3


async def test_a_cancelled_target_is_not_run_after_its_rest(engine: Engine, work: Work) -> None:
    work.gate.clear()
    await engine.start(work.run, work.failed)
    await engine.submit(target())
    await until(lambda: len(work.begun) == 1)
    await engine.submit(target(), spaced=True)
    await engine.cancel(target())
    work.gate.set()
    await idle(engine)
    await asyncio.sleep(SOON)
    assert len(work.begun) == 1


async def test_a_short_run_has_a_short_rest(engine: Engine, work: Work) -> None:
    await engine.start(work.run, work.failed)
    await engine.submit(target(), spaced=True)
    await idle(engine)
    await asyncio.sleep(SOON)
    await engine.submit(target(), spaced=True)
    await idle(engine)
    assert len(work.begun) == 2


async def test_what_is_pressing_goes_before_the_background_work_of_all_repositories(single: Engine, work: Work) -> None:
    for number in range(100):
        await single.submit(target(1, f"repository/{number}"), priority=8)
    await single.submit(target(1, "repository/hot"))
    await single.start(work.run, work.failed)
    await idle(single)
    assert work.begun[0] == "repository/hot!1"
    assert len(work.begun) == 101


async def test_background_work_leaves_half_of_the_workers_free(engine: Engine, work: Work) -> None:
    work.gate.clear()
    for number in range(20):
        await engine.submit(target(1, f"repository/{number}"), priority=8)
    await engine.start(work.run, work.failed)
    await until(lambda: len(work.begun) == 2)
    await asyncio.sleep(SOON)
    assert len(work.begun) == 2
    await engine.submit(target(1, "repository/hot"))
    await until(lambda: "repository/hot!1" in work.begun)
    work.gate.set()
    await idle(engine)


async def test_a_worker_is_kept_for_what_somebody_waits_for(engine: Engine, work: Work) -> None:
    work.gate.clear()
    for number in range(4):
        await engine.submit(target(number, "busy/one"), priority=1)
        await engine.submit(target(number, "busy/two"), priority=1)
    await engine.start(work.run, work.failed)
    await until(lambda: len(work.begun) == 3)
    await asyncio.sleep(SOON)
    assert len(work.begun) == 3
    busiest = "busy/one" if sum(one.startswith("busy/one") for one in work.begun) > 1 else "busy/two"
    await engine.submit(target(9, busiest), priority=0)
    await until(lambda: len(work.begun) == 4)
    assert work.begun[3] == f"{busiest}!9"
    work.gate.set()
    await idle(engine)
    assert len(work.begun) == 9


async def test_many_at_once_are_submitted_each_with_its_priority(single: Engine, work: Work) -> None:
    several = [(target(number, "garden/one"), 2) for number in range(1, 4)]
    await single.submit_all([*several, (target(9, "garden/two"), 0), several[0]])
    await single.submit_all(several)
    await single.start(work.run, work.failed)
    await idle(single)
    assert work.begun == ["garden/two!9", "garden/one!1", "garden/one!2", "garden/one!3"]


class Bug(Exception):
    """What nobody foresaw."""


async def test_a_part_that_ends_unforeseen_is_told(engine: Engine, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    await engine.start(work.run, work.failed)
    watching = asyncio.ensure_future(engine.failed())
    await asyncio.sleep(SOON)
    assert not watching.done()

    async def broken(*_: object) -> None:
        raise Bug

    for place in ("_schedule", "_here"):
        monkeypatch.setattr(engine, place, broken, raising=False)
    engine.every("a part", 60.0, broken, in_each_process=True)
    async with asyncio.timeout(SECONDS):
        with pytest.raises(Bug):
            await watching
