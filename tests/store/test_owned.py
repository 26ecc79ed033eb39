"""What the bot holds on a target: confirmed writes, and those that were started and not confirmed."""

from datetime import UTC, datetime, timedelta

from bot.model import Held, Kind, Target, intents
from bot.store import Store, owned
from bot.store.owned import MAX_INTENTS, MAY_ARRIVE

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TARGET = Target(repository="workshop/garden", repository_id=1, number=4, kind=Kind.PULL)


async def intended(store: Store, *values: str) -> Held:
    for value in values:
        async with store.session() as session:
            await owned.intend(session, TARGET, {"comment:report": value}, NOW)
    async with store.read() as session:
        (held,) = await owned.held(session, TARGET)
    return held


async def test_every_intent_is_kept_until_it_is_answered_or_cannot_arrive_any_more(store: Store) -> None:
    held = await intended(store, "a", "b", "a", "c")
    assert [one.value for one in intents(held.intended)] == ["a", "b", "a", "c"]
    assert held.possible == {"", "a", "b", "c"}
    held = await confirmed(store, "a", NOW)
    assert [one.value for one in intents(held.intended)] == ["a", "b", "c"]
    held = await confirmed(store, "c", NOW + MAY_ARRIVE)
    assert held.possible == {"c"}
    held = await intended(store, "d")
    assert held.possible == {"c", "d"}


async def test_a_write_that_was_found_is_confirmed_and_others_may_still_arrive(store: Store) -> None:
    await confirmed(store, "a", NOW - timedelta(days=1))
    await intended(store, "b", "c")
    async with store.session() as session:
        await owned.confirm(session, TARGET, [Held(object="comment:report", value="b", remote_id=7)], NOW)
    async with store.read() as session:
        (held,) = await owned.held(session, TARGET)
    assert (held.value, held.remote_id, held.written_at) == ("b", 7, NOW - timedelta(days=1))
    assert held.unanswered == {"b", "c"}


async def test_intents_of_an_earlier_version_have_no_time_and_go_with_the_next_answer(store: Store) -> None:
    assert Held(object="label:x", intended="on off").possible == {"", "on", "off"}
    assert [one.at for one in intents("on off@1772366400")] == [None, NOW]


async def test_intents_of_other_objects_are_apart_and_their_number_is_bounded(store: Store) -> None:
    async with store.session() as session:
        await owned.intend(session, TARGET, {"label:x": "on"}, NOW)
    await intended_many(store)
    async with store.read() as session:
        known = {held.object: held.intended for held in await owned.held(session, TARGET)}
    assert [one.value for one in intents(known["label:x"])] == ["on"]
    kept = [one.value for one in intents(known["comment:report"])]
    assert kept == [str(number) for number in range(5, MAX_INTENTS + 5)]


async def confirmed(store: Store, value: str, at: datetime) -> Held:
    async with store.session() as session:
        await owned.hold(session, TARGET, [Held(object="comment:report", value=value)], at)
    async with store.read() as session:
        (held,) = await owned.held(session, TARGET)
    return held


async def intended_many(store: Store) -> None:
    async with store.session() as session:
        for number in range(MAX_INTENTS + 5):
            await owned.intend(session, TARGET, {"comment:report": str(number)}, NOW)


async def test_an_answer_after_an_attempt_without_one_leaves_the_intent(store: Store) -> None:
    await intended(store, "a", "b")
    async with store.session() as session:
        await owned.hold(session, TARGET, [Held(object="comment:report", value="b")], NOW, doubtful=True)
    async with store.read() as session:
        (held,) = await owned.held(session, TARGET)
    assert (held.value, held.unanswered) == ("b", {"a", "b"})
