"""Access that is lost and given back: nothing is forgotten, and what was forged meanwhile is restored."""

from collections.abc import AsyncIterator, Mapping
from itertools import chain, combinations
from pathlib import Path

import pytest

from bot.sandbox import Fault
from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY, World
from tests.stories.checks.test_commanding import clocked, trust_agents
from tests.stories.identity.lived import evaluated_again, lived_in, remembered, standing
from tests.stories.pushes import leaking_pull

pytestmark = pytest.mark.long

LEAK = "safety:secret-touch"
CALLS = {
    "the pull request": "/pulls/{number}$",
    "the comments": "/issues/{number}/comments",
    "the timeline": "/issues/{number}/timeline",
}
ORDERS = [*chain.from_iterable(combinations(CALLS, size) for size in range(1, len(CALLS) + 1))]


@pytest.fixture
async def timed(tmp_path: Path) -> AsyncIterator[tuple[World, list[int]]]:
    async with clocked(tmp_path) as running:
        yield running


async def minutes_pass(scene: World, clock: list[int], count: int) -> None:
    """What the schedules do in some minutes."""
    for _ in range(count):
        clock[0] += 1
        await scene.service.worker.catch_up()
        await scene.machine.resync.sweep()
        await scene.machine.resync.relook()
        await scene.machine.engine.idle()


async def forge(scene: World, number: int, head: str) -> None:
    """An agent's pass in the bot's name, and the bot's label taken off."""
    status = {"context": "assay/secret-leak", "state": "success", "description": "all fine"}
    await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", status)
    labels = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/issues/{number}/labels")
    (mine,) = [label["id"] for label in labels if label["name"] == LEAK]
    await scene.api[AGENT].delete(f"/repos/{REPOSITORY}/issues/{number}/labels/{mine}")


async def test_access_lost_for_an_hour(timed: tuple[World, list[int]]) -> None:
    scene, clock = timed
    heads = await lived_in(scene)
    await minutes_pass(scene, clock, 2)
    before, kept = await standing(scene, heads), await remembered(scene)
    scene.sandbox.take_access(REPOSITORY, BOT)
    scene.sandbox.reset_calls()
    leaking = max(heads)
    await forge(scene, leaking, heads[leaking])
    await minutes_pass(scene, clock, 60)
    asked = [call for call in scene.sandbox.calls if call.user == BOT]
    assert await remembered(scene) == kept
    assert (await standing(scene, heads))[leaking]["statuses"]["assay/secret-leak"] == "success"
    assert len(asked) < 60, [call.path for call in asked]
    scene.sandbox.give_access(REPOSITORY, BOT)
    await minutes_pass(scene, clock, 60)
    after = await standing(scene, heads)
    assert after[leaking]["statuses"] == before[leaking]["statuses"]
    assert after[leaking]["labels"] == before[leaking]["labels"]
    report = (await scene.report(leaking) or {})["body"]
    assert f"Status assay/secret-leak was set by {AGENT}; restored once" in report
    assert {number: seen for number, seen in after.items() if number != leaking} == {
        number: seen for number, seen in before.items() if number != leaking
    }
    assert await remembered(scene) == kept


@pytest.mark.parametrize("refused", ORDERS, ids=" and ".join)
async def test_whichever_call_is_refused_first_nothing_of_a_hidden_repository_is_forgotten(
    timed: tuple[World, list[int]], refused: tuple[str, ...]
) -> None:
    scene, clock = timed
    await trust_agents(scene)
    pulls = {refused: await leaking_pull(scene)}
    await scene.settled()
    scene.sandbox.faults.append(Fault("404", f"/repositories/{scene.repo.id}", "GET"))
    await _nothing_is_forgotten(scene, clock, pulls)


async def test_whichever_call_is_refused_first_nothing_of_a_visible_repository_is_forgotten(
    timed: tuple[World, list[int]],
) -> None:
    scene, clock = timed
    await trust_agents(scene)
    pulls = {refused: await leaking_pull(scene, f"codex/{at}") for at, refused in enumerate(ORDERS)}
    await scene.settled()
    await _nothing_is_forgotten(scene, clock, pulls)


async def _nothing_is_forgotten(
    scene: World, clock: list[int], pulls: Mapping[tuple[str, ...], tuple[int, str]]
) -> None:
    """Refuses the calls of each pull request, and gives access back after something was forged."""
    for refused, (number, _) in pulls.items():
        scene.sandbox.faults += [Fault("404", CALLS[call].format(number=number), "GET") for call in refused]
        await scene.machine.engine.submit(scene.target(f"!{number}"))
    await minutes_pass(scene, clock, 25)
    scene.sandbox.faults.clear()
    for number, head in pulls.values():
        await forge(scene, number, head)
    await minutes_pass(scene, clock, 60)
    await evaluated_again(scene)
    await minutes_pass(scene, clock, 1)
    for refused, (number, head) in pulls.items():
        assert (await scene.statuses(head))["assay/secret-leak"] == "failure", refused
        assert LEAK in await scene.labels(number), refused
