"""What the bot holds on a target: confirmed writes, and those that were started and not confirmed."""

from datetime import UTC, datetime

from bot.model import Held, Kind, Target
from bot.store import Store, owned
from bot.store.owned import MAX_INTENTS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TARGET = Target(repository="workshop/garden", repository_id=1, number=4, kind=Kind.PULL)


async def intended(store: Store, *values: str) -> Held:
    for value in values:
        async with store.session() as session:
            await owned.intend(session, TARGET, {"comment:report": value}, NOW)
    async with store.read() as session:
        (held,) = await owned.held(session, TARGET)
    return held


async def test_every_intent_is_kept_until_a_write_is_confirmed(store: Store) -> None:
    held = await intended(store, "a", "b", "a", "c")
    assert (held.intended, held.possible) == ("b a c", {"", "a", "b", "c"})
    async with store.session() as session:
        await owned.hold(session, TARGET, [Held(object="comment:report", value="c")], NOW)
    held = await intended(store, "d")
    assert held.possible == {"c", "d"}


async def test_intents_of_other_objects_are_apart_and_their_number_is_bounded(store: Store) -> None:
    async with store.session() as session:
        await owned.intend(session, TARGET, {"label:x": "on"}, NOW)
    await intended_many(store)
    async with store.read() as session:
        known = {held.object: held.intended.split() for held in await owned.held(session, TARGET)}
    assert known["label:x"] == ["on"]
    assert known["comment:report"] == [str(number) for number in range(5, MAX_INTENTS + 5)]


async def intended_many(store: Store) -> None:
    async with store.session() as session:
        for number in range(MAX_INTENTS + 5):
            await owned.intend(session, TARGET, {"comment:report": str(number)}, NOW)
