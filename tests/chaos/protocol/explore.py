"""Tries every sequence of steps up to a length, each state once, and asks of each state what the oracle asks.

The oracle: nobody is accused who did nothing; after two undisturbed looks nothing is missing and nothing stays that
nothing asks for; and then somebody who changes the bot's things is found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sql

from bot.model import intents
from bot.plan.actions import MAX_RESTORES
from bot.store import Store
from bot.store.tables import Holding, LedgerEntry
from tests.chaos.protocol.bot import Bot, Wish
from tests.chaos.protocol.forge import BOT_ID, Ending, State
from tests.chaos.protocol.steps import CONTEXT, Step, World, arrive, delete, edit, post, put_on, take_off
from tests.snapshots import HEAD, LABELS

Rows = tuple[dict[str, Any], ...]
MOST_LOOKS = 6
ENDINGS: tuple[dict[int, Ending], ...] = (
    {},
    *({place: ending} for place in range(2) for ending in (Ending.LOST, Ending.LATE)),
)
"""How the first writes may end that undo a change."""
DECISION = "merge/auto"
"""A label that only an operator may put on, where nothing asks for it."""


@dataclass(frozen=True)
class Moment:
    """All that can be told of a moment, to come back to it."""

    state: State
    holdings: Rows
    ledger: Rows
    wish: Wish
    acts: dict[str, int]
    way: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Equal for moments from which the same follows: comments are told by their order."""
        state, order = self.state, {key: place for place, key in enumerate(self.state.comments)}
        held = sorted(
            (
                _name(row["object"], order),
                row["value"],
                _waiting(row["intended"]),
                row["evidence"],
                "none" if row["remote_id"] is None else str(order.get(row["remote_id"], "gone")),
            )
            for row in self.holdings
        )
        restored = sorted(row["object"] for row in self.ledger if row["kind"] == "restore")
        late = [(method, _name(path.replace("/", ":"), order), str(data)) for method, path, data in state.late]
        there = (list(state.comments.values()), sorted(state.on), sorted(state.last.items()), state.defined, late)
        return repr((there, sorted(state.statuses.items()), held, restored, self.wish, sorted(self.acts.items())))


def _waiting(intended: str) -> str:
    """The values that wait; a third one of the same value changes nothing."""
    values = [one.value for one in intents(intended)]
    return str(sorted({value: min(values.count(value), 2) for value in values}.items()))


def _name(thing: str, order: dict[int, int]) -> str:
    head, _, number = thing.rpartition(":")
    return f"{head}:{order.get(int(number), 'gone')}" if number.isdigit() else thing


@dataclass
class Explorer:
    """Comes back to moments and goes on from them; `failures` are ways to moments at which the oracle said no."""

    store: Store
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bot = Bot(self.store)

    async def explore(self, first: Wish, steps: Sequence[Step], depth: int) -> int:
        """Gives the number of different moments within `depth` steps."""
        edge, seen = [Moment(State(), (), (), first, {})], set[str]()
        for length in range(depth + 1):
            following = list[Moment]()
            for moment in edge:
                if moment.key in seen:
                    continue
                seen.add(moment.key)
                await self.judge(moment)
                for step in steps if length < depth else ():
                    world = await self.back(moment)
                    await step.take(world)
                    following.append(await self.now(world, (*moment.way, step.name)))
            edge = following
        return len(seen)

    async def back(self, moment: Moment) -> World:
        """Make the world what it was at a moment."""
        self.bot.forge.state = moment.state.copy()
        async with self.store.session() as session:
            for table, rows in ((Holding, moment.holdings), (LedgerEntry, moment.ledger)):
                await session.execute(sql.delete(table))
                if rows:
                    await session.execute(sql.insert(table), list(rows))
        return World(self.bot, moment.wish, dict(moment.acts))

    async def now(self, world: World, way: tuple[str, ...]) -> Moment:
        """Give the present moment."""
        async with self.store.read() as session:
            holdings, ledger = [
                tuple(dict(row._mapping) for row in await session.execute(sql.select(table.__table__)))
                for table in (Holding, LedgerEntry)
            ]
        return Moment(self.bot.forge.state.copy(), holdings, ledger, world.wish, dict(world.acts), way)

    async def judge(self, moment: Moment) -> None:
        """Ask the oracle of a moment; note every no."""
        world = await self.back(moment)
        problems = [*await self._false(world)]
        problems += await self._rest(world)
        problems += await self._false(world)
        rested = await self.now(world, moment.way)
        for act, thing in () if problems else self._acts(world):
            for endings in ENDINGS:
                problems += await self._found(await self.back(rested), act, thing, endings)
        self.failures += [f"{' · '.join(moment.way) or 'at the start'}: {problem}" for problem in problems]

    def _acts(self, world: World) -> list[tuple[Callable[[World], None], str]]:
        """What somebody may do to the bot's things."""

        def off(name: str) -> Callable[[World], None]:
            return partial(take_off, name=name)

        state = self.bot.forge.state
        mine = {name for name in state.on if state.last[name] == (True, BOT_ID)}
        wanted = [name for name, on, _ in world.wish.labels if on and name in mine]
        labels = [(off(name), f"label:{name}") for name in wanted]
        if labels:
            return labels
        if DECISION in state.defined and DECISION not in state.on:
            labels = [(partial(put_on, name=DECISION), f"label:{DECISION}")]
        things = [(post, "status")] if world.wish.status else [(edit, "comment:report"), (delete, "comment:report")]
        return [*labels, *things]

    async def _false(self, world: World) -> list[str]:
        accused = {_thing(name): count for name, count in (await self.bot.accused()).items()}
        return [
            f"accused {count} times of {thing}, which was changed {world.acts.get(thing, 0)} times"
            for thing, count in accused.items()
            if count > world.acts.get(thing, 0)
        ]

    async def _rest(self, world: World) -> list[str]:
        """What is wrong when all that was under way has arrived, and the bot has looked until it had nothing to do."""
        await self.bot.look(world.wish)
        while self.bot.forge.state.late:
            arrive(world)
        for _ in range(MOST_LOOKS):
            if not await self.bot.look(world.wish):
                return self._wrong(world)
        return ["it never comes to rest"]

    def _wrong(self, world: World) -> list[str]:
        state, wish = self.bot.forge.state, world.wish
        bodies = [body for who, body in state.comments.values() if who == BOT_ID]
        reports = [body for body in bodies if "answer-" not in body.splitlines()[0]]
        replies = len(bodies) - len(reports)
        found = [f"{len(reports)} reports"] if len(reports) > 1 or not (reports or wish.silent) else []
        found += ["the report says something else"] if reports and wish.words not in reports[0] else []
        found += ["what somebody wrote stays"] if any("all is well" in body for body in bodies) else []
        found += [f"{replies} replies"] if replies > 1 or (wish.answers and not replies and not world.acts) else []
        status = state.statuses.get(CONTEXT, (0, "", "", ""))
        if wish.status and status[:2] != (BOT_ID, "success" if wish.silent else "failure"):
            found.append(f"the status is {status[1]} of {status[0]}")
        for name in state.defined:
            wanted = next((on for label, on, _ in wish.labels if label == name), False)
            last = state.last.get(name)
            free = not LABELS.is_decision(name) and (last is None or last[1] != BOT_ID)
            if wanted is not (name in state.on) and not (free and not wanted):
                found.append(f"label {name} is {'missing' if wanted else 'there'}")
        return found

    async def _found(
        self, world: World, act: Callable[[World], None], thing: str, endings: dict[int, Ending]
    ) -> list[str]:
        """Whether somebody who changes a thing now is found, and his change undone, however the first writes end."""
        before, acts = await self.bot.accused(), world.acts.get(thing, 0)
        act(world)
        counted = {_thing(name): count for name, count in before.items()}.get(thing, 0)
        if world.acts.get(thing, 0) == acts or counted >= MAX_RESTORES:
            return []
        await self.bot.look(world.wish, endings)
        problems = await self._rest(world) if endings else self._wrong(world)
        after = {_thing(name): count for name, count in (await self.bot.accused()).items()}.get(thing, 0)
        how = ", ".join([f"a change of {thing}", *(f"write {place} {one.value}" for place, one in endings.items())])
        wrong = [f"after {how}: {problem}" for problem in problems]
        return wrong + ([] if after == counted + 1 else [f"after {how}: told {after - counted} times"])


def _thing(name: str) -> str:
    return "status" if name == f"status:{HEAD}:{CONTEXT}" else name
