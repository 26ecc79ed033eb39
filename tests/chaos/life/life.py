"""One life: a script of people's acts, with or without a storm around it, and what is there in the end."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from bot.app import now
from bot.forgejo import Options
from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox import Sandbox
from bot.sandbox.world import BOT, OPERATOR, OUTSIDER, people
from bot.store import Store, repositories
from bot.store.tables import Delivery
from tests.chaos.life.fast import Clock
from tests.chaos.life.faults import Storm
from tests.chaos.life.final import Final, accusations, read_final
from tests.chaos.life.house import HereHouse, House, hook_of
from tests.chaos.life.process import Database, ProcessHouse
from tests.chaos.life.script import ROOT, Event, Place, Script

DAYS = timedelta(days=8)
SKEW = timedelta(seconds=90)
TROUBLE = 0.3
PATIENT = Options(read_timeout=900, total_timeout=900)
"""For people: on a busy machine a merge takes seconds, which are ten times as many in compressed time."""


@dataclass
class Life:
    """What came of a life."""

    final: Final
    accused: Counter[tuple[int, str]]
    lost: int
    evaluated: int
    overlaps: int
    happened: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Way:
    """How a life is lived: the storm's seed if there is one, and the bot here or in processes on some database."""

    storm: int | None = None
    processes: int = 0
    database: Database | None = None

    @property
    def pace(self) -> float:
        """What a second of the script takes: a process has no compressed time."""
        return 0.3 if self.processes else 1.0


async def live(root: Path, script: Script, way: Way) -> Life:
    """Live a script; with a storm, amid faults and ends of the bot."""
    async with AsyncExitStack() as closing:
        clocks: tuple[Clock, ...] = () if way.processes else (Clock(), Clock())
        chance = random.Random(f"life {way.storm}")  # noqa: S311 - repeatable
        skew = chance.choice((timedelta(), timedelta(), SKEW, -SKEW)) if way.storm is not None else timedelta()
        for one in clocks[1:]:
            one.forward(skew)
        sandbox = Sandbox(root / "forge", clock=clocks[1] if clocks else now)
        sandbox.keeps_earlier_answers = way.storm is not None
        await sandbox.start()
        closing.push_async_callback(sandbox.stop)
        tokens = await people(sandbox)
        api = {
            login: await closing.enter_async_context(HttpxForgejo(sandbox.url, token, PATIENT))
            for login, token in tokens.items()
        }
        house: House = (
            ProcessHouse(root, sandbox, tokens[BOT], chance, way.database, way.processes)
            if way.processes
            else HereHouse(root, sandbox, tokens[BOT], clocks[0], chance)
        )
        closing.push_async_callback(house.close)
        await house.start()
        place = Place(sandbox, api)
        await api[OPERATOR].post(f"{ROOT}/hooks", hook_of(house.settings, sandbox))
        teller = _Teller(sandbox, house, place, chance, way, clocks)
        await teller.tell(script)
        store = await house.store()
        found, lost = await accusations(store, place), await _lost(store, sandbox)
        await house.ended()
        return Life(await read_final(place), found, lost, house.evaluated, house.overlaps, teller.happened)


async def _lost(store: Store, sandbox: Sandbox) -> int:
    """How many deliveries were acknowledged and aren't stored."""
    async with store.read() as session:
        stored = set((await session.execute(select(Delivery.id))).scalars())
    return len(set(sandbox.acknowledged) - stored)


@dataclass
class _Teller:
    sandbox: Sandbox
    house: House
    place: Place
    chance: random.Random
    way: Way
    clocks: tuple[Clock, ...]
    happened: list[str] = field(default_factory=list)

    async def tell(self, script: Script) -> None:
        await self._begin()
        if self.way.storm is None:
            await self._calm(script.events)
            await self._rest()
            await self._calm(script.endings)
        else:
            await self._amid(Storm(self.sandbox, self.way.storm, self.way.pace), script.events)
            await self._rest()
            await self._amid(Storm(self.sandbox, self.way.storm + 1, self.way.pace), script.endings)
        await self._rest()

    async def _begin(self) -> None:
        """The bot hears of the repository. What is older than that is told to the second.

        On a busy machine a delivery in compressed time may miss the server's time limit.
        """
        people, attempt = self.place.api[OUTSIDER], 0
        made = await people.post(f"{ROOT}/issues", {"title": "chore: begin"})
        while not await self._served():
            if attempt:
                await people.patch(f"{ROOT}/issues/{made['number']}", {"title": f"chore: begin, attempt {attempt}"})
            await self.sandbox.hooks_idle()
            await self.house.settle()
            attempt += 1
        await asyncio.sleep(1.1)

    async def _served(self) -> bool:
        store = await self.house.store()
        async with store.read() as session:
            return bool(await repositories.known(session))

    async def _calm(self, events: tuple[Event, ...]) -> None:
        """Each event is dealt with before the next one."""
        for event in events:
            await event.do(self.place)
            await self.sandbox.hooks_idle()
            await self.house.settle()

    async def _amid(self, storm: Storm, events: tuple[Event, ...]) -> None:
        """Events follow each other while faults come and the bot has trouble."""
        raging = asyncio.create_task(storm.rage())
        try:
            for event in events:
                self.happened.append(event.name)
                await event.do(self.place)
                await asyncio.sleep(self.chance.expovariate(1.0) * self.way.pace)
                if self.chance.random() < TROUBLE:
                    self.happened.append(await self.house.trouble())
            await asyncio.sleep(self.chance.uniform(0.0, 4.0) * self.way.pace)
        finally:
            raging.cancel()
            storm.end()
            self.happened += storm.happened

    async def _rest(self) -> None:
        """Nothing is under way, days pass, and the bot looks at everything."""
        await self.sandbox.late_effects()
        await self.sandbox.hooks_idle()
        for _ in range(2):
            for one in self.clocks:
                one.forward(DAYS)
            await self.house.rest()
