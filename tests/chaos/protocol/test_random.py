"""Longer lives of the write protocol, by chance: what the exhaustive search is too short for."""

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store.database.session import open_store
from tests.chaos.protocol.bot import Wish
from tests.chaos.protocol.explore import Explorer, Moment
from tests.chaos.protocol.forge import State
from tests.chaos.protocol.steps import ARRIVAL, DELETED, EDITED, POSTED, Step, looks, put, taken, wishes, with_labels

pytestmark = pytest.mark.long

LIVES = int(os.environ.get("ASSAY_PROTOCOL_LIVES", "8"))

BASE = Wish(words="one leak", status=True)
MORE = Wish(words="two leaks", status=True, answers=True)
SAFE = Wish(words="clean", silent=True, status=True)
LABELLED = with_labels(BASE, ("api", True, "e1"), ("merge/auto", False, "e1"), ("merge/manual", True, "e1"))
OTHERWISE = with_labels(MORE, ("api", False, "e2"), ("merge/auto", True, "e2"), ("merge/manual", False, "e2"))
STEPS = [
    *looks(second=True),
    *looks(second=True),
    *wishes(BASE, MORE, SAFE, LABELLED, OTHERWISE),
    ARRIVAL,
    EDITED,
    DELETED,
    POSTED,
    *map(taken, ("api", "merge/manual")),
    *map(put, ("api", "merge/auto")),
]


@settings(
    max_examples=LIVES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(way=st.lists(st.sampled_from(STEPS), min_size=4, max_size=14))
def test_a_long_life_of_everything_at_once(tmp_path_factory: pytest.TempPathFactory, way: list[Step]) -> None:
    assert not asyncio.run(lived(tmp_path_factory.mktemp("life"), way))


async def lived(root: Path, way: list[Step]) -> list[str]:
    store = await open_store(f"sqlite:///{root}/assay.db")
    explorer = Explorer(store)
    world = await explorer.back(Moment(State(), (), (), BASE, {}))
    for step in way:
        await step.take(world)
    await explorer.judge(await explorer.now(world, tuple(step.name for step in way)))
    await store.close()
    return explorer.failures
