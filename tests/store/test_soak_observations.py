"""Readings of soaks on both databases."""

from datetime import UTC, datetime

import pytest

from bot.model import CommentText, CommitSeen, PullSeen, RunSeen, SoakSeen, digest
from bot.policy import Policy, load
from bot.store import soak_observations
from bot.store.database.session import Store
from bot.store.soak_observations import Reading, basis
from bot.store.tables import SoakRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPOSITORY = 7
SEEN = SoakSeen(
    name="deploy",
    runs=(RunSeen(number=729, status="success", started_at=NOW),),
    commits=(CommitSeen(sha="a" * 40, on_default=True, pulls=(7,)),),
    pulls=(PullSeen(number=7, state="merged", merged_at=NOW),),
    elsewhere={5: "other"},
    writers=("ann",),
    comments=(
        CommentText(id=1, author="ann", body="☀️", body_hash=digest("x"), created_at=NOW, edited=False, witnessed=True),
    ),
    kept={"state": "soaking", "deep": {"list": [1, 2]}},
)


def reading(name: str = "deploy", issue: int = 3, branch: str = "main", **change: object) -> Reading:
    return Reading(issue, branch, "sha256:0", SEEN.model_copy(update={"name": name, **change}))


async def test_readings_come_back_as_they_were_kept_and_the_last_one_counts(store: Store) -> None:
    async with store.session() as session:
        await soak_observations.keep(session, REPOSITORY, [reading(), reading("other")], NOW)
        await soak_observations.keep(session, 8, [reading("third")], NOW)
        await soak_observations.keep(session, REPOSITORY, [reading(writers=())], NOW)
    async with store.read() as session:
        assert await soak_observations.readings(session, REPOSITORY) == {
            "deploy": reading(writers=()),
            "other": reading("other"),
        }
        assert [*await soak_observations.readings(session, REPOSITORY, ["other", "none"])] == ["other"]


async def test_what_another_version_kept_is_not_there(store: Store) -> None:
    rows = ((b"junk", "a"), (b"", "b"))
    async with store.session() as session:
        session.add_all(
            SoakRow(
                repository_id=REPOSITORY, name=name, issue=3, branch="", basis="", hash="", seen_at=NOW, content=content
            )
            for content, name in rows
        )
    async with store.read() as session:
        assert await soak_observations.readings(session, REPOSITORY) == {}
        assert await soak_observations.tracked(session, REPOSITORY) == {"a": 3, "b": 3}


async def test_tracking_issues_are_found_and_forgotten(store: Store) -> None:
    async with store.session() as session:
        kept = [reading(), reading("other", 4, "trunk"), reading("third")]
        await soak_observations.keep(session, REPOSITORY, kept, NOW)
        assert await soak_observations.tracked(session, REPOSITORY) == {"deploy": 3, "other": 4, "third": 3}
        assert await soak_observations.tracked(session, REPOSITORY, branch="trunk") == {"other": 4}
        assert await soak_observations.tracked(session, REPOSITORY, issue=3) == {"deploy": 3, "third": 3}
        await soak_observations.drop(session, REPOSITORY, 3, ["third"])
        assert await soak_observations.tracked(session, REPOSITORY) == {"other": 4, "third": 3}
        await soak_observations.drop(session, REPOSITORY, 3)
        assert await soak_observations.tracked(session, REPOSITORY) == {"other": 4}


def policy(more: str = "", top: str = "") -> Policy:
    return load(f"{top}soaks:\n- name: deploy\n  issue: 3\n{more}")


@pytest.mark.parametrize(
    ("more", "top"),
    [
        ("  prerequisites: [7]\n", ""),
        ("  report: 9\n", ""),
        ("  gate: open-sesame\n", ""),
        ("  gate_on: [9]\n", ""),
        ("  evidence_from: [ann]\n", ""),
        ("", "writers: [ann]\n"),
    ],
)
def test_what_changes_what_is_read_changes_the_ground(more: str, top: str) -> None:
    plain, other = policy(), policy(more, top)
    assert basis(plain, plain.soaks[0]) != basis(other, other.soaks[0])


@pytest.mark.parametrize(
    ("more", "top"), [("  smokes: 9\n", ""), ("  days: 1\n", ""), ("  marker: abc\n", ""), ("", "agents: [x]\n")]
)
def test_what_only_the_check_reads_leaves_the_ground(more: str, top: str) -> None:
    plain, other = policy(), policy(more, top)
    assert basis(plain, plain.soaks[0]) == basis(other, other.soaks[0])


def test_the_hash_is_of_everything() -> None:
    assert len({reading().hash, reading(issue=4).hash, reading(branch="x").hash, reading(kept={}).hash}) == 4
    assert reading().hash == reading().hash
