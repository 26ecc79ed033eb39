"""Which head a pull request is expected to have: of what was told since the last evaluation, the newest."""

from datetime import UTC, datetime, timedelta

from bot.model import Kind, Repo
from bot.store import Store, repositories, targets
from bot.store.tables import TargetRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GARDEN = Repo(id=17, name="workshop/garden")
PULL = GARDEN.target(4, Kind.PULL)
SEEN, PUSHED = "b" * 40, "c" * 40


async def expected(store: Store, state: str = "open", **heads: datetime) -> str:
    """What is expected after an evaluation at NOW that saw SEEN, and heads that became known at some time."""
    async with store.session() as session:
        await repositories.serve(session, GARDEN, NOW)
        await targets.add_targets(session, [PULL], quiet=False)
        row = await session.get_one(TargetRow, (PULL.repository_id, PULL.number))
        row.state, row.head_sha, row.observed_at = state, SEEN, NOW
        for letter, at in heads.items():
            await targets.keep_heads(session, PULL, [letter * 40], at)
    async with store.read() as session:
        return await targets.expected_head(session, PULL)


async def test_nothing_new_was_told(store: Store) -> None:
    assert await expected(store, b=NOW - timedelta(hours=1)) == SEEN


async def test_a_push_was_told_since(store: Store) -> None:
    assert await expected(store, b=NOW, c=NOW + timedelta(seconds=1)) == PUSHED


async def test_a_push_back_to_an_old_head_is_what_the_evaluation_saw(store: Store) -> None:
    assert await expected(store, a=NOW - timedelta(hours=2), c=NOW - timedelta(hours=1)) == SEEN


async def test_only_an_open_pull_request_has_statuses_to_read(store: Store) -> None:
    assert await expected(store, state="closed") == ""
    async with store.read() as session:
        assert await targets.expected_head(session, GARDEN.target(9, Kind.PULL)) == ""
