"""`assay targets`: what fails is listed, and evaluated again on demand."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.store import open_store, parking, repositories, targets
from bot.store.parking import PARKED_AFTER
from bot.store.tables import TargetRow
from tests.cli.forge import Assay, rows
from tests.snapshots import GARDEN, ISSUE, NOW, PULL


@pytest.fixture
def failing(clean: Path, tmp_path: Path) -> None:
    """A database with a parked pull request, and an issue that failed once."""

    async def work() -> None:
        store = await open_store(f"sqlite:///{tmp_path}/data/assay.db")
        async with store.session() as session:
            await repositories.serve(session, GARDEN, NOW)
            await targets.add_targets(session, [PULL, ISSUE], quiet=False)
            pull = await session.get_one(TargetRow, (PULL.repository_id, PULL.number))
            for _ in range(PARKED_AFTER):
                parking.failed(pull, "GitError", NOW)
            pull.attempts, pull.last_error, pull.not_before = PARKED_AFTER, "bad object", NOW + timedelta(days=1)
            issue = await session.get_one(TargetRow, (ISSUE.repository_id, ISSUE.number))
            issue.attempts, issue.last_error = 1, "500 server error"
        await store.close()

    asyncio.run(work())


def test_what_fails_is_listed_with_why_and_when_it_is_tried_again(assay: Assay, failing: None) -> None:
    done = assay("targets", "list")
    pull, issue = done.out.splitlines()[1:]
    assert (done.status, pull.split()) == (0, [str(PULL), "12", "2026-03-02", "12:30", "(parked)", "bad", "object"])
    assert issue.split() == [str(ISSUE), "1", "now", "500", "server", "error"]
    (one,) = json.loads(assay("targets", "list", "--parked", "--json").out)
    assert (one["target"], one["failures"], one["why"], bool(one["parked_at"])) == (str(PULL), 12, "bad object", True)


@pytest.mark.parametrize(
    ("arguments", "told"), [((str(PULL),), f"{PULL} will be"), (("--all",), "1 parked targets will be")]
)
def test_a_parked_one_is_tried_again(
    assay: Assay, failing: None, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    assert assay("targets", "retry", *arguments).out == f"{told} evaluated again\n"
    assert assay("targets", "list", "--parked").err == "no target is parked\n"
    found = rows(tmp_path, "SELECT not_before, attempts, failures FROM targets WHERE kind = 'pull'")
    assert found == [(None, 0, 0)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name targets, or use --all"),
        ((str(PULL), "--all"), "name targets, or use --all"),
        (("workshop/garden!99",), "the bot does not know workshop/garden!99"),
        (("workshop/garden#12",), "the bot does not know workshop/garden#12"),
        (("elsewhere/garden!12",), "the bot does not know elsewhere/garden!12"),
        (("nonsense",), "nonsense"),
    ],
)
def test_what_is_not_known_is_refused(assay: Assay, failing: None, arguments: tuple[str, ...], told: str) -> None:
    done = assay("targets", "retry", *arguments)
    assert (done.status, done.out) == (2, "")
    assert told in done.err
