"""What a process left that was killed, for the next one in its data directory."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine.procrastinate import ProcrastinateEngine
from tests.engine.work import A_WHILE, Work, idle, rows, target, until

pytestmark = pytest.mark.postgres
Make = Callable[..., ProcrastinateEngine]
DIED = (
    "UPDATE procrastinate_jobs SET status = 'doing', worker_id = procrastinate_workers.id FROM procrastinate_workers",
    "UPDATE procrastinate_workers SET last_heartbeat = now()",
)
"""A process that was killed just now: its heartbeat is new, and the one job there is was begun."""


async def left(make_sharing: Make, work: Work, url: str, place: Path) -> None:
    """A process of a data directory was killed while it ran a job."""
    engine = make_sharing(place=place)
    await engine.start(work.run, work.failed)
    await engine.submit(target(2))
    await idle(engine)
    [worker] = await rows(url, "SELECT id FROM procrastinate_workers")
    await engine.stop()
    again = f"INSERT INTO procrastinate_workers (id) OVERRIDING SYSTEM VALUE VALUES ({worker[0]})"  # noqa: S608 - a number
    await rows(url, again)
    await engine.submit(target(1))
    for statement in DIED:
        await rows(url, statement)


async def test_a_process_in_the_data_directory_of_a_dead_one_runs_its_jobs_at_once(
    make_sharing: Make, work: Work, postgres_url: str, tmp_path: Path
) -> None:
    await left(make_sharing, work, postgres_url, tmp_path / "worker")
    engine = make_sharing(place=tmp_path / "worker")
    await engine.start(work.run, work.failed)
    await until(lambda: len(work.begun) == 2)
    await idle(engine)
    assert await engine.sharing() == 1


async def test_a_process_in_another_data_directory_or_in_a_copy_waits_for_the_heartbeat(
    make_sharing: Make, work: Work, postgres_url: str, tmp_path: Path
) -> None:
    await left(make_sharing, work, postgres_url, tmp_path / "worker")
    (tmp_path / "copy").write_bytes((tmp_path / "worker").read_bytes())
    for name in ("another", "copy"):
        engine = make_sharing(place=tmp_path / name)
        await engine.start(work.run, work.failed)
        await asyncio.sleep(A_WHILE)
    assert len(work.begun) == 1
    assert await rows(postgres_url, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(1,)]


async def test_a_process_that_lives_keeps_its_jobs_from_another_in_its_data_directory(
    make_sharing: Make, work: Work, postgres_url: str, tmp_path: Path
) -> None:
    work.gate.clear()
    first, second = make_sharing(place=tmp_path / "worker"), make_sharing(place=tmp_path / "worker")
    await first.start(work.run, work.failed)
    await first.submit(target(1))
    await until(lambda: len(work.begun) == 1)
    await second.start(work.run, work.failed)
    await asyncio.sleep(A_WHILE)
    assert len(work.begun) == 1
    work.gate.set()
    await idle(first)
