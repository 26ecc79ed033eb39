"""Several definitions of one label, as older versions made them: setup makes them one, and nobody loses the label."""

import asyncio
from typing import Any

import pytest

from bot.labels import LabelSet
from bot.labels.catalog import hex_colour
from bot.labels.sync_client import carry_out, changes_for
from bot.sandbox.world import BOT, OPERATOR, OUTSIDER, REPOSITORY, World
from bot.setup.repository import setup
from tests.stories.checks.test_judging import MATTER

pytestmark = pytest.mark.long
REPO = f"/repos/{REPOSITORY}"
NAME = "judge/p2"


def definition(**other: object) -> dict[str, object]:
    label = LabelSet.load().get(NAME)
    assert label is not None
    return {
        "name": NAME,
        "color": hex_colour(label),
        "description": label.description,
        "exclusive": label.exclusive,
    } | other


async def define(scene: World, **other: object) -> int:
    return int((await scene.api[OPERATOR].post(f"{REPO}/labels", definition(**other)))["id"])


async def ids(scene: World) -> list[int]:
    found = await scene.api[OPERATOR].getitem(f"{REPO}/labels", {"limit": "50"})
    more = await scene.api[OPERATOR].getitem(f"{REPO}/labels", {"limit": "50", "page": "2"})
    return sorted(label["id"] for label in (*found, *(more or [])) if label["name"] == NAME)


async def carries(scene: World, number: int) -> list[int]:
    found = await scene.api[OPERATOR].getitem(f"{REPO}/issues/{number}/labels")
    return sorted(label["id"] for label in found or [] if label["name"] == NAME)


async def labelled(scene: World, *labels: int) -> int:
    number = await scene.open_issue(OUTSIDER, "Rain", "It rained.")
    await scene.api[OPERATOR].post(f"{REPO}/issues/{number}/labels", {"labels": [*labels]})
    return number


async def folded(scene: World) -> list[str]:
    """What one process says of the folds that it makes."""
    changes = await changes_for(scene.machine.client, REPOSITORY, LabelSet.load(), prune=False)
    chosen = [change for change in changes if change.kind == "fold"]
    return [f"{change.text}{await carry_out(scene.machine.client, REPOSITORY, change)}" for change in chosen]


async def test_seven_definitions_become_the_oldest_and_all_keep_the_label(scene: World) -> None:
    scene.sandbox.hooks_paused = True
    oldest, *rest = [await define(scene) for _ in range(7)]
    first, second, both = await labelled(scene, rest[0]), await labelled(scene, rest[5]), await labelled(scene, oldest)
    closed = await labelled(scene, rest[2])
    await scene.api[OPERATOR].patch(f"{REPO}/issues/{closed}", {"state": "closed"})
    said: list[str] = []
    await setup(scene.machine, REPOSITORY, say=said.append)
    assert await ids(scene) == [oldest]
    for number in (first, second, both, closed):
        assert await carries(scene, number) == [oldest]
    assert not any("exists 7 times" in line for line in said)
    again: list[str] = []
    scene.sandbox.reset_calls()
    await setup(scene.machine, REPOSITORY, say=again.append)
    assert [call for call in scene.sandbox.writes if call.user == BOT and "labels" in call.path] == []


@pytest.mark.parametrize("other", [{"description": "my own"}, {"color": "#123456"}, {"exclusive": True}], ids=str)
async def test_a_definition_of_a_person_stays_and_is_told(scene: World, other: dict[str, Any]) -> None:
    both = [await define(scene), await define(scene, **other)]
    theirs = await labelled(scene, both[1])
    said: list[str] = []
    assert await setup(scene.machine, REPOSITORY, say=said.append) is False
    assert await ids(scene) == both
    assert await carries(scene, theirs) == [both[1]]
    assert any(f"exists 2 times (ids {both[0]}, {both[1]})" in line and line.startswith("!") for line in said)


async def test_two_processes_that_fold_at_once_leave_one(scene: World) -> None:
    scene.sandbox.hooks_paused = True
    oldest, *rest = [await define(scene) for _ in range(4)]
    numbers = [await labelled(scene, label) for label in rest]
    for lines in await asyncio.gather(folded(scene), folded(scene)):
        assert lines == [] or lines[0].startswith(f'fold "{NAME}": ')
    assert await ids(scene) == [oldest]
    assert [await carries(scene, number) for number in numbers] == [[oldest]] * 3


async def test_a_label_that_is_named_like_the_id_of_a_double_keeps_the_double_and_is_told(scene: World) -> None:
    scene.sandbox.hooks_paused = True
    oldest, double = await define(scene), await define(scene)
    shadow = await scene.api[OPERATOR].post(f"{REPO}/labels", {"name": str(double), "color": "#888888"})
    number = await labelled(scene, double)
    await scene.api[OPERATOR].post(f"{REPO}/issues/{number}/labels", {"labels": [shadow["id"]]})
    lines = await folded(scene)
    there = await carries(scene, number)
    assert oldest in there or double in there
    assert (double in await ids(scene)) is (double in there)
    assert bool(lines[0].endswith("still in use")) is (double in there)


async def test_what_was_folded_accuses_nobody_and_is_not_written_again(scene: World) -> None:
    number = await scene.open_issue(OUTSIDER, "chore: give the publishing runner an account of its own", MATTER)
    await scene.settled()
    before = await scene.labels(number)
    (name,) = [label for label in before if label.startswith("judge/p")]
    found = await scene.api[OPERATOR].getitem(f"{REPO}/issues/{number}/labels")
    (mine,) = [label for label in found if label["name"] == name]
    double = await scene.api[OPERATOR].post(
        f"{REPO}/labels", {key: mine[key] for key in ("name", "color", "description", "exclusive")}
    )
    await scene.api[OPERATOR].post(f"{REPO}/issues/{number}/labels", {"labels": [double["id"]]})
    await folded(scene)
    await scene.settled()
    await scene.machine.engine.submit(scene.target(f"#{number}"))
    await scene.settled()
    assert await scene.labels(number) == before
    assert not any("restored" in comment["body"] for comment in await scene.said(number))


async def test_two_setups_and_a_first_evaluation_at_once_define_each_label_once(scene: World) -> None:
    number = await scene.open_issue(OUTSIDER, "chore: give the publishing runner an account of its own", MATTER)
    setups = [setup(scene.machine, REPOSITORY, say=lambda _: None) for _ in range(2)]
    await asyncio.gather(*setups, scene.settled())
    names = [label["name"] async for label in scene.api[OPERATOR].getiter(f"{REPO}/labels")]
    assert sorted(names) == sorted(set(names))
    assert {label.name for label in LabelSet.load().labels} <= set(names)
    assert any(label.startswith("judge/p") for label in await scene.labels(number))
