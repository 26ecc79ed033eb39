"""`assay ledger`: verified, exported and archived from the command line."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store import open_store
from bot.store.ledger import Entry, append
from bot.store.ledger.anchors import Anchor, add, read
from tests.cli.forge import Assay, rows
from tests.snapshots import BOT, PULL

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNT = 6


@pytest.fixture
def written(clean: Path, tmp_path: Path) -> Path:
    """A ledger with one entry a day; the folder to write files in."""

    async def work() -> None:
        store = await open_store(f"sqlite:///{tmp_path}/data/assay.db")
        for day in range(COUNT):
            async with store.session() as session:
                await append(session, [Entry.of(PULL, "intent", BOT, object=f"label:{day}")], AT + timedelta(days=day))
        await store.close()

    asyncio.run(work())
    return clean


def test_an_export_is_verified_in_a_folder_without_a_database(
    assay: Assay, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = assay("ledger", "export", "-o", "all.jsonl")
    assert (done.status, done.out, done.err) == (0, "", "exported 6 entries, 1 to 6\n")
    assert assay("ledger", "export").out == (written / "all.jsonl").read_text()
    monkeypatch.setenv("ASSAY_DATA_DIR", "nowhere")
    proved = assay("ledger", "verify", "all.jsonl")
    assert (proved.status, proved.out.split(";")[0]) == (0, "valid entries: 6, from 1 to 6")
    (written / "all.jsonl").write_text((written / "all.jsonl").read_text().replace("label:3", "label:9"))
    broken = assay("ledger", "verify", "all.jsonl")
    assert (broken.status, broken.out) == (1, "the chain is broken at line 4, entry 4\n")


def test_a_part_is_exported_by_time(assay: Assay, written: Path) -> None:
    done = assay("ledger", "export", "--since", "2026-03-03", "--until", "2026-03-05")
    assert [json.loads(line)["object"] for line in done.out.splitlines()] == ["label:2", "label:3"]
    assert done.err == "exported 2 entries, 3 to 4\n"


def test_an_existing_file_is_kept(assay: Assay, written: Path) -> None:
    (written / "all.jsonl").write_text("mine")
    done = assay("ledger", "export", "-o", "all.jsonl")
    assert (done.status, done.err) == (2, "assay: all.jsonl exists; use another name\n")
    assert (written / "all.jsonl").read_text() == "mine"


def test_an_archive_keeps_the_chain_and_says_to_keep_the_file(assay: Assay, written: Path, tmp_path: Path) -> None:
    done = assay("ledger", "archive", "--before", "2026-03-05", "-o", "old.jsonl")
    assert (done.status, done.out) == (0, "archived 4 entries, 1 to 4 in old.jsonl\n")
    assert "Keep the file" in done.err
    assert rows(tmp_path, "SELECT sequence, kind FROM ledger ORDER BY sequence") == [
        (5, "intent"),
        (6, "intent"),
        (7, "archive"),
    ]
    proved = assay("ledger", "verify")
    assert proved.status == 0
    assert "entries up to 4 are archived in files" in proved.out
    assert assay("ledger", "verify", "old.jsonl").status == 0
    again = assay("ledger", "archive", "--before", "2026-03-05", "-o", "older.jsonl")
    assert (again.out, again.err) == ("", "no entry is older; nothing was done\n")


def test_anchors_tell_what_the_chain_alone_cannot(assay: Assay, written: Path, tmp_path: Path) -> None:
    newest = rows(tmp_path, "SELECT sequence, hash FROM ledger ORDER BY sequence")
    for sequence, digest in (newest[1], newest[5]):
        add(written / "anchors.jsonl", Anchor(sequence, digest, AT))
    assert assay("ledger", "verify", "--anchors", "anchors.jsonl").out.endswith("2 anchors hold\n")
    assay("ledger", "archive", "--before", "2026-03-05", "-o", "old.jsonl")
    told = assay("ledger", "verify", "--anchors", "anchors.jsonl")
    assert (told.status, told.out.splitlines()[-1]) == (0, "1 anchors hold; 1 are of entries that are not here")
    told = assay("ledger", "verify", "old.jsonl", "--anchors", "anchors.jsonl")
    assert (told.status, told.out.splitlines()[-1]) == (0, "1 anchors hold; 1 are of entries that are not here")
    add(written / "anchors.jsonl", Anchor(99, "0" * 64, AT))
    assert len(read(written / "anchors.jsonl")[0]) == 3
    told = assay("ledger", "verify", "--anchors", "anchors.jsonl")
    assert (told.status, told.out.splitlines()[-1]) == (
        1,
        "differs from the anchor of 2026-03-01 12:00 UTC: entry 99 is missing",
    )


@pytest.mark.parametrize("arguments", [("verify", "nothing.jsonl"), ("verify", "--anchors", "nothing.jsonl")])
def test_a_missing_file_is_named(assay: Assay, written: Path, arguments: tuple[str, ...]) -> None:
    done = assay("ledger", *arguments)
    assert (done.status, done.out) == (2, "")
    assert "nothing.jsonl" in done.err


def test_an_empty_file_proves_nothing(assay: Assay, written: Path) -> None:
    (written / "empty.jsonl").touch()
    done = assay("ledger", "verify", "empty.jsonl")
    assert (done.status, done.out) == (1, "the file has no entries\n")
