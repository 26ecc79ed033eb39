"""`assay deliveries` and `assay webhooks list`: they show what is acknowledged, wherever it is stored."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.model import Envelope
from bot.store import Store, open_store, repositories
from bot.store.writer import DeliveryWriter, Outcome
from tests.cli.forge import Assay, rows
from tests.snapshots import GARDEN, NOW


@pytest.fixture
def arrived(clean: Path, tmp_path: Path) -> Path:
    """A database of a bot that ended after it acknowledged two deliveries, and before it took them in."""

    async def work() -> None:
        store = await open_store(f"sqlite:///{tmp_path}/data/assay.db")
        async with store.session() as session:
            await repositories.serve(session, GARDEN, NOW)
        await write(store)
        await store.close()

    asyncio.run(work())
    return tmp_path


async def write(store: Store) -> None:
    writer = DeliveryWriter(store)
    told: list[Outcome] = []
    await writer.write([delivery("d-1", "push"), delivery("d-2", "issues")], told.extend)
    writer.close()
    assert told == [True, True]
    assert store.spool is not None
    assert await store.spool.count() == 2


def delivery(name: str, event: str) -> Envelope:
    told = {"repository": GARDEN.name, "repository_id": GARDEN.id, "signer": "repository"}
    return Envelope(id=name, event=event, size=1, body_hash="", received_at=NOW, **told)


def test_a_delivery_that_was_acknowledged_is_listed(assay: Assay, arrived: Path) -> None:
    found = json.loads(assay("deliveries", "list", "--json").out)
    assert [(one["id"], one["event"], one["routed_at"]) for one in found] == [
        ("d-1", "push", None),
        ("d-2", "issues", None),
    ]
    assert "waiting d-1 push" in assay("deliveries", "list", "--event", "push").out
    assert rows(arrived, "SELECT count(*) FROM deliveries") == [(2,)]


def test_a_delivery_that_was_acknowledged_is_shown(assay: Assay, arrived: Path) -> None:
    assert json.loads(assay("deliveries", "show", "d-2").out)["event"] == "issues"


def test_the_last_signer_is_of_the_last_acknowledged_delivery(assay: Assay, arrived: Path) -> None:
    (one,) = json.loads(assay("webhooks", "list", "--json").out)
    assert (one["last_signer"], one["last_delivery"]) == ("repository", NOW.isoformat(timespec="seconds"))
