"""`assay db`: what the schema is, and its way forth and back."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.intake.inbox import Inbox
from bot.model import Envelope
from bot.store import open_store
from bot.store.database.upgrade import NEWEST
from tests.cli.forge import Assay, rows

BEFORE = "0008"


def test_a_database_is_created_upgraded_once_and_taken_back(assay: Assay, tmp_path: Path) -> None:
    assert assay("db", "upgrade").out == f"upgraded from none to {NEWEST}\n"
    assert assay("db", "upgrade").out == f"the schema is {NEWEST} already\n"
    assert assay("db", "status").status == 0
    back = assay("db", "downgrade", BEFORE)
    assert back.out == f"took the schema from {NEWEST} back to {BEFORE}; start an older version of assay\n"
    old = assay("db", "status")
    assert (old.status, old.out) == (1, f"the schema is {BEFORE}; this version needs {NEWEST}\n")
    assert old.err == "Run assay db upgrade.\n"
    assert assay("db", "upgrade").out == f"upgraded from {BEFORE} to {NEWEST}\n"
    assert rows(tmp_path, "SELECT version_num FROM alembic_version") == [(NEWEST,)]


def test_the_status_is_given_to_programs_too(assay: Assay, database: None) -> None:
    told = json.loads(assay("db", "status", "--json").out)
    assert told == {"found": [NEWEST], "needed": [NEWEST], "current": True}


@pytest.mark.parametrize("revision", ["0001", "nothing"])
def test_what_has_no_way_back_says_what_to_do(assay: Assay, database: None, revision: str) -> None:
    done = assay("db", "downgrade", revision)
    assert (done.status, done.out) == (2, "")
    assert "backup" in done.err or "name an older one of 0001, " in done.err


def test_a_missing_database_has_no_status(assay: Assay) -> None:
    done = assay("db", "status")
    assert done.status == 2
    assert "there is no database of the bot at" in done.err


async def _arrived(url: str) -> None:
    store = await open_store(url)
    inbox = Inbox(store)
    await inbox.start()
    await inbox.put(Envelope(id="one", event="push", size=1, body_hash="h", received_at=datetime.now(UTC)))
    await inbox.stop()
    await store.close()


def test_a_delivery_that_has_just_arrived_is_there_for_the_older_version(assay: Assay, tmp_path: Path) -> None:
    assay("db", "upgrade")
    (database,) = tmp_path.rglob("assay.db")
    asyncio.run(_arrived(f"sqlite:///{database}"))
    assert assay("db", "downgrade", BEFORE).status == 0
    assert rows(tmp_path, "SELECT id, routed_at FROM deliveries") == [("one", None)]
