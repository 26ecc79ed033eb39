"""`assay repositories`: what the bot serves, by id, and removing what is gone for good."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.model import Repo
from bot.store import open_store, repositories, targets
from tests.cli.forge import Assay
from tests.snapshots import GARDEN, ISSUE, NOW, PULL

LOST = Repo(id=5, name="workshop/shed")


@pytest.fixture
def kept(clean: Path, tmp_path: Path) -> Path:
    """A database with a visible repository, two targets in it, and one that can't be seen."""

    async def work() -> None:
        store = await open_store(f"sqlite:///{tmp_path}/data/assay.db")
        async with store.session() as session:
            await repositories.serve(session, GARDEN, NOW)
            await repositories.serve(session, LOST, NOW)
            await targets.add_targets(session, [PULL, ISSUE], quiet=False)
            await repositories.unseen(session, LOST.id, "404 not found", NOW + timedelta(hours=1))
        await store.close()

    asyncio.run(work())
    return tmp_path


def test_each_is_listed_with_its_id_and_whether_it_can_be_seen(assay: Assay, kept: Path) -> None:
    done = assay("repositories", "list")
    garden, shed = done.out.splitlines()[1:]
    assert (done.status, garden.split()) == (0, ["2", "workshop/garden", "2", "2026-03-01", "visible"])
    assert "not visible since 2026-03-01 13:30 UTC, next try 2026-03-01 13:31 UTC: 404 not found" in shed
    found = json.loads(assay("repositories", "list", "--json").out)
    assert [(one["id"], one["open_targets"], one["why"]) for one in found] == [(2, 2, ""), (5, 0, "404 not found")]


@pytest.mark.parametrize("name", ["5", "workshop/shed", "Workshop/Shed"])
def test_one_that_is_gone_is_removed_by_name_or_id_and_the_ledger_says_so(assay: Assay, kept: Path, name: str) -> None:
    mirror = kept / "data" / "mirrors" / "5.git"
    mirror.mkdir(parents=True)
    done = assay("repositories", "forget", name, "--yes")
    assert (done.status, done.out) == (
        0,
        "removed workshop/shed (id 5) with 0 targets; its entries stay in the ledger\n",
    )
    assert not mirror.exists()
    assert "workshop/shed" not in assay("repositories", "list").out
    assert "repository workshop/shed forgotten" in assay("ledger", "tail").out
    assert assay("ledger", "verify").status == 0


def test_one_that_is_not_known_is_a_mistake(assay: Assay, kept: Path) -> None:
    done = assay("repositories", "forget", "workshop/none", "--yes")
    assert (done.status, "assay repositories list" in done.err) == (2, True)


@pytest.mark.usefixtures("database")
def test_a_new_database_says_what_to_run(assay: Assay, clean: Path) -> None:
    assert "assay setup OWNER/REPO" in assay("repositories", "list").err
