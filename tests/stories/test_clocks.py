"""The clocks of bot and server differ: what is older than the bot is told by the server's clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, World, world
from tests.stories.conftest import hook
from tests.stories.server import RULES

ISSUES = "/repos/workshop/garden/issues"
SKEWS = [timedelta(seconds=-90), timedelta(seconds=90), timedelta(hours=-5)]


class Clock:
    """The server's time of day: another one than the bot's, and put forward by hand."""

    def __init__(self, skew: timedelta) -> None:
        self.skew = skew

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.skew

    def forward(self, seconds: float) -> None:
        self.skew += timedelta(seconds=seconds)


def both(server: Clock, skew: timedelta) -> Callable[[], datetime]:
    """Return the bot's clock, which the server's differs from by the skew."""
    return lambda: server() - skew


async def answers(scene: World, number: int) -> int:
    """How many commands on a target were answered."""
    return sum(":answer-" in one["body"].partition("\n")[0] for one in await scene.said(number))


@pytest.mark.parametrize("skew", SKEWS, ids=str)
async def test_what_was_there_before_the_bot_and_what_came_after_it_are_told_apart(
    tmp_path: Path, skew: timedelta
) -> None:
    server = Clock(skew)
    async with world(tmp_path, clock=both(server, skew), server_clock=server, rules_cache_dir=RULES) as scene:
        old = (await scene.api[OUTSIDER].post(ISSUES, {"title": "bug: it is wet"}))["number"]
        await scene.api[OPERATOR].post(f"{ISSUES}/{old}/comments", {"body": "/help"})
        server.forward(30)
        await hook(scene)
        await scene.api[AGENT].post(ISSUES, {"title": "chore: begin"})
        await scene.settled()
        server.forward(5)
        new = (await scene.api[OUTSIDER].post(ISSUES, {"title": "bug: it is dry"}))["number"]
        scene.sandbox.hooks_paused = True  # the bot sees the command without a witness
        await scene.api[OPERATOR].post(f"{ISSUES}/{new}/comments", {"body": "/help"})
        scene.sandbox.hooks_paused = False
        await scene.api[OUTSIDER].patch(f"{ISSUES}/{old}", {"title": "bug: it is very wet"})
        await scene.api[OUTSIDER].patch(f"{ISSUES}/{new}", {"title": "bug: it is very dry"})
        await scene.settled()
        assert [name for name in await scene.labels(old) if name.startswith("judge/")] != []
        assert [await answers(scene, number) for number in (old, new)] == [0, 1]
