"""What can happen in the model: looks that end in every way, other wishes, other writers, late arrivals."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.chaos.protocol.bot import Bot, Wish
from tests.chaos.protocol.forge import BOT_ID, OTHER_ID, Ending

CONTEXT = "assay"
REPORT = "comment:report"


@dataclass
class World:
    """The bot, what the checks ask for now, and how often others changed each of the bot's things."""

    bot: Bot
    wish: Wish
    acts: dict[str, int] = field(default_factory=dict)

    def acted(self, thing: str) -> None:
        self.acts[thing] = self.acts.get(thing, 0) + 1


@dataclass(frozen=True)
class Step:
    """Something that happens: a look that ends in some way, or a change."""

    name: str
    change: Callable[[World], None] = lambda _: None
    ending: Ending | None = None
    at: int = 0

    async def take(self, world: World) -> None:
        if self.ending is None:
            self.change(world)
        else:
            await world.bot.look(world.wish, {self.at: self.ending})


FIRST = (Ending.REFUSED, Ending.LOST, Ending.LATE)
"""How the first write of a look may end. To be killed is then the same as to be refused, or to lose the answer."""
SECOND = (*FIRST, Ending.KILLED_BEFORE, Ending.KILLED_AFTER, Ending.CANCELLED)


def looks(second: bool = False) -> list[Step]:
    """A look whose first write ends in each way, and if asked for the second one too."""
    ways = [(0, ending) for ending in FIRST] + [(1, ending) for ending in (SECOND if second else ())]
    return [Step("look", ending=Ending.OK)] + [
        Step(f"look, write {at} {ending.value}", ending=ending, at=at) for at, ending in ways
    ]


def wishes(*wanted: Wish) -> list[Step]:
    """The checks ask for something else."""

    def asked(wish: Wish) -> Step:
        return Step(f"wish {wish.words}{wish.labels}", lambda world: setattr(world, "wish", wish))

    return [asked(wish) for wish in wanted]


def arrive(world: World) -> None:
    if world.bot.forge.state.late:
        world.bot.forge.state.arrive()


ARRIVAL = Step("a late write arrives", arrive)


def _newest(world: World, purpose: str) -> int | None:
    mark = "!12 -->" if purpose == "report" else f":{purpose} -->"
    mine = [key for key, (_, body) in world.bot.forge.state.comments.items() if mark in body.splitlines()[0]]
    return mine[-1] if mine else None


def edit(world: World, purpose: str = "report") -> None:
    state, key = world.bot.forge.state, _newest(world, purpose)
    if key is not None and not state.comments[key][1].endswith("all is well"):
        state.comments[key] = (BOT_ID, f"{state.comments[key][1].splitlines()[0]}\nall is well")
        world.acted(f"comment:{purpose}")


def delete(world: World, purpose: str = "report") -> None:
    key = _newest(world, purpose)
    if key is not None:
        del world.bot.forge.state.comments[key]
        world.acted(f"comment:{purpose}")


def take_off(world: World, name: str) -> None:
    if name in world.bot.forge.state.on:
        world.bot.forge.state.drop_label(name, OTHER_ID)
        world.acted(f"label:{name}")


def put_on(world: World, name: str) -> None:
    state = world.bot.forge.state
    if name not in state.on:
        if name not in state.defined:
            state.defined.append(name)
        for lost in state.on.copy() if name.startswith("merge/") else ():
            world.acted(f"label:{lost}")
        state.put_label(name, OTHER_ID)
        world.acted(f"label:{name}")


def post(world: World) -> None:
    world.bot.forge.state.statuses[CONTEXT] = (OTHER_ID, "success", "", "")
    world.acted("status")


EDITED, DELETED, POSTED = Step("edited", edit), Step("deleted", delete), Step("status forged", post)


def taken(name: str) -> Step:
    return Step(f"{name} taken off", lambda world: take_off(world, name))


def put(name: str) -> Step:
    return Step(f"{name} put on", lambda world: put_on(world, name))


def with_labels(wish: Wish, *labels: tuple[str, bool, str]) -> Wish:
    return replace(wish, labels=labels)
