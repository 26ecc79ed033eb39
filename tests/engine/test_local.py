"""The engine of one process."""

import asyncio

import pytest

from bot.engine import queue
from bot.engine.local import LocalEngine
from tests.engine.work import SOON, Work, idle, target


async def test_what_waited_long_goes_before_what_is_more_pressing(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "AGE", SOON / 8)
    single = LocalEngine(workers=1)
    await single.submit(target(1, "repository/old"), priority=8)
    await asyncio.sleep(2 * SOON)
    await single.submit(target(1, "repository/hot"), priority=2)
    await single.start(work.run, work.failed)
    await idle(single)
    await single.stop()
    assert work.begun == ["repository/old!1", "repository/hot!1"]
