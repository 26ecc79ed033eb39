"""Every sequence of a few steps of the write protocol: nobody is accused falsely, nothing is missing or too much.

`ASSAY_PROTOCOL_DEPTH` sets the number of steps; each more takes about ten times as long.
"""

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.store.database.session import open_store
from tests.chaos.protocol.bot import Wish
from tests.chaos.protocol.explore import Explorer
from tests.chaos.protocol.steps import ARRIVAL, DELETED, EDITED, POSTED, Step, looks, put, taken, wishes, with_labels

RED, WORSE = Wish(words="one leak"), Wish(words="two leaks")
SILENT = Wish(words="clean", silent=True)
ANSWERED = Wish(words="one leak", answers=True)
JUDGED, SAFE = Wish(words="one leak", status=True), Wish(words="clean", silent=True, status=True)
DEPTH = int(os.environ.get("ASSAY_PROTOCOL_DEPTH", "2"))


pytestmark = pytest.mark.long


@pytest.fixture
async def explorer(tmp_path: Path) -> AsyncIterator[Explorer]:
    store = await open_store(f"sqlite:///{tmp_path}/assay.db")
    event.listen(store.engine.sync_engine, "connect", _fast)
    yield Explorer(store)
    await store.close()


def _fast(connection: Any, _record: object) -> None:
    """What is on disk is of no interest here, and waiting for it takes most of the time."""
    connection.execute("PRAGMA synchronous=OFF")


async def holds(explorer: Explorer, first: Wish, steps: Sequence[Step]) -> None:
    moments = await explorer.explore(first, steps, DEPTH)
    assert not explorer.failures, "\n".join(explorer.failures)
    assert moments > 3**DEPTH


async def test_a_report_that_others_edit_and_delete(explorer: Explorer) -> None:
    await holds(explorer, RED, [*looks(), *wishes(RED, WORSE), ARRIVAL, EDITED, DELETED])


async def test_a_report_that_is_only_kept_up_to_date(explorer: Explorer) -> None:
    await holds(explorer, RED, [*looks(), *wishes(SILENT, RED), ARRIVAL, EDITED, DELETED])


async def test_a_reply_beside_the_report(explorer: Explorer) -> None:
    await holds(explorer, ANSWERED, [*looks(second=True), *wishes(RED, ANSWERED), ARRIVAL])


async def test_a_status_that_others_post_too(explorer: Explorer) -> None:
    await holds(explorer, JUDGED, [*looks(second=True), *wishes(SAFE), ARRIVAL, POSTED])


@pytest.mark.parametrize("name", ["api", "judge/p1"])
async def test_a_label_that_an_agent_takes_off_and_puts_on(explorer: Explorer, name: str) -> None:
    on, off = with_labels(SILENT, (name, True, "e1")), with_labels(SILENT, (name, False, "e1"))
    again = with_labels(SILENT, (name, True, "e2"))
    await holds(explorer, on, [*looks(), *wishes(on, off, again, SILENT), ARRIVAL, taken(name), put(name)])


async def test_a_label_that_nobody_asks_for_and_an_agent_puts_on(explorer: Explorer) -> None:
    await holds(explorer, SILENT, [*looks(second=True), *wishes(SILENT), ARRIVAL, put("merge/auto")])


async def test_labels_of_which_the_server_keeps_one(explorer: Explorer) -> None:
    auto = with_labels(SILENT, ("merge/auto", True, "e1"), ("merge/manual", False, "e1"))
    manual = with_labels(SILENT, ("merge/auto", False, "e1"), ("merge/manual", True, "e1"))
    await holds(explorer, auto, [*looks(second=True), *wishes(auto, manual, SILENT), ARRIVAL, taken("merge/auto")])
