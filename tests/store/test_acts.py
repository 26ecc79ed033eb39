"""What reviews and comments named, matched with their deliveries."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from bot.model import ChangeState, Kind, Target
from bot.store import Acts, Store, Submitted
from bot.store.acts import PATIENCE, SKEW
from bot.store.tables import Delivery

PULL = Target(repository="workshop/garden", repository_id=7, number=3, kind=Kind.PULL)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BO = 11, 12
HEAD, OTHER = "a" * 40, "b" * 40
HERE = ChangeState(head=HEAD, base="main", merge_base="c" * 40)
STAGE = HERE.model_copy(update={"base": "stage"})


def review(number: int, who: int = ANN, **change: Any) -> Submitted:
    return Submitted(**({"id": number, "account_id": who, "state": "approved", "commit": HEAD, "at": NOW} | change))


async def came(store: Store, name: str, state: ChangeState = HERE, who: int = ANN, **change: Any) -> None:
    row: Mapping[str, Any] = {
        "id": name,
        "event": "pull_request_review_approved",
        "action": "reviewed",
        "repository_id": PULL.repository_id,
        "number": PULL.number,
        "sender_id": who,
        "after": state.head,
        "base_ref": state.base,
        "merge_base": state.merge_base,
        "review": "approved",
        "received_at": NOW,
        "size": 1,
        "body_hash": name,
    }
    async with store.session() as session:
        await session.execute(insert(Delivery), [dict(row) | change])


async def test_a_review_names_what_its_delivery_said_for_good(store: Store) -> None:
    acts = Acts(store)
    await came(store, "one")
    assert await acts.reviews(PULL, [review(1)], NOW) == {1: HERE}
    await came(store, "two", STAGE)
    assert await acts.reviews(PULL, [review(1)], NOW) == {1: HERE}


async def test_two_reviews_take_their_deliveries_in_their_order(store: Store) -> None:
    await came(store, "one", STAGE)
    await came(store, "two", received_at=NOW + timedelta(seconds=1))
    assert await Acts(store).reviews(PULL, [review(2), review(1)], NOW) == {1: STAGE, 2: HERE}


async def test_where_one_of_two_deliveries_is_missing_nobody_knows_which(store: Store) -> None:
    await came(store, "one")
    assert await Acts(store).reviews(PULL, [review(1), review(2)], NOW) == {}


async def test_a_delivery_that_comes_too_late_gives_nothing(store: Store) -> None:
    acts, late = Acts(store), NOW + PATIENCE + timedelta(seconds=1)
    assert await acts.reviews(PULL, [review(1)], NOW) == {}
    assert await acts.reviews(PULL, [review(1)], late) == {}
    await came(store, "one", received_at=late)
    assert await acts.reviews(PULL, [review(1)], late) == {}
    await came(store, "two", received_at=late + timedelta(minutes=5))
    again = review(2, at=late + timedelta(minutes=5))
    assert await acts.reviews(PULL, [review(1), again], late + timedelta(minutes=5)) == {2: HERE}


@pytest.mark.parametrize(
    "change",
    [
        {"sender_id": BO},
        {"number": 4},
        {"repository_id": 8},
        {"review": "changes"},
        {"review": ""},
        {"received_at": NOW - SKEW - timedelta(seconds=1)},
        {"after": OTHER},
        {"merge_base": ""},
        {"base_ref": ""},
    ],
    ids=str,
)
async def test_a_delivery_of_another_act_gives_nothing(store: Store, change: dict[str, Any]) -> None:
    await came(store, "one", **change)
    assert await Acts(store).reviews(PULL, [review(1)], NOW) == {}


async def test_a_delivery_that_comes_twice_is_of_one_review(store: Store) -> None:
    acts = Acts(store)
    await came(store, "one", body_hash="same")
    await came(store, "two", body_hash="same")
    assert await acts.reviews(PULL, [review(1)], NOW) == {1: HERE}
    await came(store, "three", body_hash="same", received_at=NOW + timedelta(seconds=5))
    await came(store, "four", STAGE, received_at=NOW + timedelta(seconds=6))
    assert await acts.reviews(PULL, [review(1), review(2)], NOW) == {1: HERE, 2: STAGE}


async def test_a_deleted_account_names_nothing(store: Store) -> None:
    await came(store, "one", who=-1)
    assert await Acts(store).reviews(PULL, [review(1, -1)], NOW) == {}


async def test_a_comment_names_what_its_first_delivery_said(store: Store) -> None:
    acts = Acts(store)
    said = {"action": "created", "comment_id": 5, "comment_author_id": ANN, "review": "", "witness": True}
    await came(store, "one", **said)
    await came(store, "two", STAGE, **said, received_at=NOW + timedelta(seconds=9))
    assert await acts.comments(PULL, [(5, ANN)], NOW) == {5: HERE}
    assert await acts.comments(PULL, [(5, ANN)], NOW) == {5: HERE}


@pytest.mark.parametrize(
    "change",
    [
        {"action": "edited"},
        {"sender_id": BO},
        {"comment_author_id": BO},
        {"comment_id": 6},
        {"number": 9},
        {"witness": False},
    ],
    ids=str,
)
async def test_a_delivery_of_another_comment_gives_nothing(store: Store, change: dict[str, Any]) -> None:
    said = {"action": "created", "comment_id": 5, "comment_author_id": ANN, "review": "", "witness": True}
    await came(store, "one", **(said | change))
    assert await Acts(store).comments(PULL, [(5, ANN)], NOW) == {}
