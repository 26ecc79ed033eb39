"""One life: a script of people's acts, with or without a storm around it, and what is there in the end."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox import Sandbox
from bot.sandbox.world import BOT, OPERATOR, people
from bot.store.tables import Delivery
from tests.chaos.life.fast import Clock
from tests.chaos.life.faults import Storm
from tests.chaos.life.final import Final, accusations, read_final
from tests.chaos.life.house import HereHouse, hook_of
from tests.chaos.life.script import ROOT, Event, Place, Script

HOURS = timedelta(hours=3)
SKEW = 90.0


@dataclass
class Life:
    """What came of a life."""

    final: Final
    accused: Counter[tuple[int, str]]
    lost: int
    overlaps: int
    ends: int = 0
    happened: list[str] = field(default_factory=list)


async def live(root: Path, script: Script, *, storm: int | None) -> Life:
    """Live a script; with a `storm` seed, amid faults and ends of the bot."""
    async with AsyncExitStack() as closing:
        clock = Clock()
        chance = random.Random(f"life {storm}")  # noqa: S311 - repeatable
        skewed = clock.skewed(timedelta())
        sandbox = Sandbox(root / "forge", clock=skewed)
        sandbox.keeps_earlier_answers = storm is not None
        await sandbox.start()
        closing.push_async_callback(sandbox.stop)
        tokens = await people(sandbox)
        api = {
            login: await closing.enter_async_context(HttpxForgejo(sandbox.url, token))
            for login, token in tokens.items()
        }
        house = HereHouse(root, sandbox, tokens[BOT], clock)
        await house.start()
        closing.push_async_callback(house.end)
        place = Place(sandbox, api)
        await api[OPERATOR].post(f"{ROOT}/hooks", hook_of(house.settings, sandbox))
        teller = _Teller(sandbox, house, place, chance)
        teller.clocks = clock, skewed
        await teller.calm(script.events[:1])
        for one in (clock, skewed):  # what was written before the bot came is told by the bot's own clock
            one.forward(timedelta(seconds=2 * SKEW))
        if storm is None:
            await teller.calm(script.events[1:])
            await teller.calm(script.endings)
        else:
            skewed.forward(timedelta(seconds=chance.choice((0, 0, SKEW, -SKEW))))
            await teller.amid(Storm(sandbox, storm), script.events[1:])
            await teller.rest()
            await teller.amid(Storm(sandbox, storm + 1), script.endings)
        await teller.rest()
        lost = await _lost(house, sandbox)
        final = await read_final(place)
        found = await accusations(house.machine.store, place)
        return Life(final, found, lost, house.overlaps, teller.ends, teller.happened)


async def _lost(house: HereHouse, sandbox: Sandbox) -> int:
    """How many deliveries were acknowledged and aren't stored."""
    async with house.machine.store.read() as session:
        stored = set((await session.execute(select(Delivery.id))).scalars())
    return len(set(sandbox.acknowledged) - stored)


class _Teller:
    def __init__(self, sandbox: Sandbox, house: HereHouse, place: Place, chance: random.Random) -> None:
        self._sandbox = sandbox
        self._house = house
        self._place = place
        self._chance = chance
        self.clocks: tuple[Clock, ...] = ()
        self.ends = 0
        self.happened: list[str] = []

    async def calm(self, events: tuple[Event, ...]) -> None:
        """Each event is dealt with before the next one."""
        for event in events:
            await event.do(self._place)
            await self._sandbox.hooks_idle()
            await self._house.settle()

    async def amid(self, storm: Storm, events: tuple[Event, ...]) -> None:
        """Events follow each other while faults come and the bot ends."""
        raging = asyncio.create_task(storm.rage())
        try:
            for event in events:
                self.happened.append(event.name)
                await event.do(self._place)
                await asyncio.sleep(self._chance.expovariate(1.0))
                if self._chance.random() < 0.3:
                    await self._restart()
            await asyncio.sleep(self._chance.uniform(0.0, 4.0))
        finally:
            raging.cancel()
            storm.end()
            self.happened += storm.happened

    async def _restart(self) -> None:
        self.ends += 1
        self.happened.append("the bot ends")
        await self._house.end()
        await asyncio.sleep(self._chance.choice((0.0, 0.0, 2.0)))
        await self._house.start()

    async def rest(self) -> None:
        """Nothing is under way, hours pass, and the bot looks at everything."""
        await self._sandbox.late_effects()
        await self._sandbox.hooks_idle()
        for _ in range(2):
            for one in self.clocks:
                one.forward(HOURS)
            await self._house.rest()
