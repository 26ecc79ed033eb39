"""Commands in a folder that is not the bot's: nothing is created there, and the status says so."""

from pathlib import Path

import pytest

from tests.cli.forge import Assay

READING = (
    ("db", "status"),
    ("db", "downgrade", "0008"),
    ("targets", "list"),
    ("targets", "retry", "--all"),
    ("ledger", "verify"),
    ("ledger", "tail"),
    ("deliveries", "list"),
    ("deliveries", "show", "38b0ad89"),
    ("deliveries", "replay", "38b0ad89"),
    ("repositories", "list"),
    ("repositories", "forget", "workshop/garden", "--yes"),
    ("policy", "backtest", "assay.yml"),
)
ASKING = (
    ("plan", "workshop/garden!1"),
    ("snapshot", "workshop/garden!1"),
    ("check", "workshop/garden!1"),
    ("judge", "workshop/garden!1"),
    ("soak", "list", "workshop/garden"),
    ("policy", "trust", "workshop/garden"),
    ("setup", "workshop/garden"),
    ("serve",),
)


@pytest.fixture
def place(clean: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy in it, and no setting at all."""
    monkeypatch.delenv("ASSAY_DATA_DIR")
    (clean / "assay.yml").write_text("version: 1\n", encoding="utf-8")
    return clean


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_what_reads_the_database_says_that_there_is_none(place: Path, assay: Assay, command: tuple[str, ...]) -> None:
    done = assay(*command)
    assert (done.status, done.out) == (2, "")
    assert "there is no database of the bot at" in done.err
    assert "set ASSAY_DATA_DIR" in done.err
    assert [one.name for one in place.iterdir()] == ["assay.yml"]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_an_empty_file_is_no_database_and_stays_empty(place: Path, assay: Assay, command: tuple[str, ...]) -> None:
    (place / "data").mkdir()
    (place / "data" / "assay.db").touch()
    done = assay(*command)
    assert (done.status, done.out) == (2, "")
    assert "there is no database of the bot at" in done.err
    assert [(one.name, one.stat().st_size) for one in (place / "data").iterdir()] == [("assay.db", 0)]


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_what_asks_the_server_says_that_none_is_set(place: Path, assay: Assay, command: tuple[str, ...]) -> None:
    done = assay(*command)
    assert (done.status, done.out) == (2, "")
    assert "ASSAY_FORGEJO_URL" in done.err
    assert [one.name for one in place.iterdir()] == ["assay.yml"]
