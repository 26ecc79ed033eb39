"""What is remembered of a target on both databases: commands that ran, judgments that were made."""

from datetime import UTC, datetime, timedelta

from bot.model import Decision, Judgment, Kind, Target
from bot.store import decisions
from bot.store.database.session import Store
from bot.store.tables import Repository

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TARGET = Target(repository="workshop/garden", repository_id=2, number=12, kind=Kind.PULL)
OTHER = TARGET.beside(13, Kind.PULL)


def decision(comment_id: int, line: int = 1, **change: object) -> Decision:
    values = {
        "command": "priority",
        "argument": "p1",
        "why": "drought ☀️",
        "by": "operator",
        "at": NOW,
        "role": "operator",
    }
    return Decision.model_validate({"comment_id": comment_id, "line": line, **values, **change})


def judgment(minutes: int = 0, check: str = "judge") -> Judgment:
    return Judgment(check=check, at=NOW + timedelta(minutes=minutes), basis="sha256:0", content={"minutes": minutes})


async def test_decisions_come_back_as_they_were_made_in_the_order_in_which_they_were_written(store: Store) -> None:
    made = [decision(7, 3, refused="not yours"), decision(7), decision(5)]
    async with store.session() as session:
        await decisions.keep_decisions(session, TARGET, made)
        await decisions.keep_decisions(session, OTHER, [decision(9)])
    recalled = await decisions.recall(store, TARGET, NOW)
    assert recalled.decisions == (made[2], made[1], made[0])


async def test_what_a_command_line_became_is_never_changed(store: Store) -> None:
    async with store.session() as session:
        await decisions.keep_decisions(session, TARGET, [decision(7)])
        await decisions.keep_decisions(session, TARGET, [decision(7, argument="p3", refused="later")])
    assert (await decisions.recall(store, TARGET, NOW)).decisions == (decision(7),)


async def test_the_newest_judgments_of_each_check_are_kept(store: Store) -> None:
    made = [judgment(minutes) for minutes in range(decisions.KEPT_JUDGMENTS + 5)]
    async with store.session() as session:
        await decisions.keep_judgments(session, TARGET, [judgment(check="panel"), *made])
    kept = (await decisions.recall(store, TARGET, NOW)).judgments
    assert kept == (judgment(check="panel"), *made[5:])


async def test_a_judgment_that_replaces_the_others_is_kept_alone(store: Store) -> None:
    whole = judgment(3).model_copy(update={"replaces": True})
    async with store.session() as session:
        await decisions.keep_judgments(session, TARGET, [judgment(1, "panel"), judgment(2), judgment(5)])
        await decisions.keep_judgments(session, TARGET, [whole])
    assert (await decisions.recall(store, TARGET, NOW)).judgments == (judgment(1, "panel"), judgment(3))


async def test_before_the_bot_came_all_is_history(store: Store) -> None:
    assert (await decisions.recall(store, TARGET, NOW)).served_since == NOW
    async with store.session() as session:
        session.add(
            Repository(
                id=TARGET.repository_id,
                full_name=TARGET.repository,
                set_up_at=NOW - timedelta(days=3),
                default_branch="main",
            )
        )
    assert (await decisions.recall(store, TARGET, NOW)).served_since == NOW - timedelta(days=3)
