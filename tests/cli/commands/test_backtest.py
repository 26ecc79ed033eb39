"""`assay policy backtest`: a policy file tried on what the database keeps, with no server in reach."""

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.model import Snapshot, Target
from bot.store import targets as records
from bot.store.database.session import open_store
from bot.store.repositories import serve
from tests.cli.forge import Assay, rows
from tests.snapshots import NOW, PULL, leak, snapshot

SAME = "agents: [codex]\nwriters: [iskra]\njudge: {candidates: {code: codex, docs: hermes, findings: patchwarden}}\n"
OFF = f"{SAME}secret-leak: {{mode: off}}\n"
OTHER = Target(repository="workshop/other", repository_id=3, number=1, kind=PULL.kind)


@pytest.fixture
def kept(clean: Path, tmp_path: Path) -> Path:
    """A database with snapshots of three pull requests of one repository, and a policy file."""
    targets = [PULL.model_copy(update={"number": number}) for number in (1, 2, 3)]
    keep(tmp_path, *(snapshot(target, title=f"Bed \x1b[2J{target.number}", leaks=(leak(),)) for target in targets))
    (clean / "mine.yml").write_text(OFF)
    return tmp_path


def keep(tmp_path: Path, *seen: Snapshot) -> None:
    async def work() -> None:
        store = await open_store(f"sqlite:///{tmp_path}/data/assay.db")
        async with store.session() as session:
            for repo in {one.target.repo for one in seen}:
                await serve(session, repo, NOW)
            await records.add_targets(session, [one.target for one in seen], quiet=False)
            for one in seen:
                await records.keep_snapshot(session, one)
        await store.close()

    asyncio.run(work())


def content(tmp_path: Path) -> str:
    """A hash of all that the database holds."""
    with closing(sqlite3.connect(tmp_path / "data" / "assay.db")) as database:
        return hashlib.sha256("\n".join(database.iterdump()).encode()).hexdigest()


def test_a_file_is_tried_on_all_that_is_kept(assay: Assay, kept: Path) -> None:
    before = content(kept)
    done = assay("policy", "backtest", "mine.yml")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[:6] == [
        'secret-leak.mode: changes from "block" to "off"; takes effect once an operator trusts it',
        "",
        "workshop/garden: 3 pull requests compared, 3 with a different result",
        "",
        "!3 Bed \\u001b[2J3 (open)",
        "  secret-leak      block → skip",
    ]
    assert "     3  secret-leak: block → skip\n" in done.out
    assert content(kept) == before


def test_programs_read_the_same(assay: Assay, kept: Path) -> None:
    done = assay("policy", "backtest", "mine.yml", "--json", "--last", "2")
    found = json.loads(done.out)
    assert (done.status, found["schema"], found["repository"]) == (0, "assay.backtest.v1", PULL.repository)
    assert [one["number"] for one in found["pulls"]] == [3, 2]
    assert found["pulls"][0]["shifts"] == [{"check": "secret-leak", "before": "block", "after": "skip"}]
    assert found["totals"]["secret-leak: block → skip"] == 2
    assert found["not_tried"] == {"unreadable": 0, "large": 0, "late": 0}


def test_a_file_that_says_the_same_changes_nothing(assay: Assay, kept: Path) -> None:
    Path("mine.yml").write_text(SAME)
    done = assay("policy", "backtest", "mine.yml")
    assert done.out.startswith("no changes to the policy in force\n")
    assert "3 pull requests compared, 0 with a different result" in done.out


def test_a_file_with_mistakes_is_exit_2_with_their_lines(assay: Assay, kept: Path) -> None:
    Path("mine.yml").write_text("version: 1\nagentz: []\n")
    done = assay("policy", "backtest", "mine.yml")
    assert (done.status, done.out) == (2, "")
    assert "mine.yml:2: unknown key `agentz`; did you mean `agents`?" in done.err


def test_where_several_repositories_are_known_one_has_to_be_named(assay: Assay, kept: Path) -> None:
    keep(kept, snapshot(OTHER))
    done = assay("policy", "backtest", "mine.yml")
    assert (done.status, done.out) == (2, "")
    assert "use one of workshop/garden, workshop/other" in done.err
    named = assay("policy", "backtest", "mine.yml", "--repo", "workshop/other")
    assert "workshop/other: 1 pull request compared" in named.out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--repo", "workshop/none"), "no readable snapshot of a pull request of workshop/none"),
        (("--repo", "garden"), "'garden' is not a repository; use owner/repo"),
        (("--last", "0"), "should be greater than or equal to 1"),
    ],
)
def test_what_cant_be_tried_is_exit_2(assay: Assay, kept: Path, options: tuple[str, ...], told: str) -> None:
    done = assay("policy", "backtest", "mine.yml", *options)
    assert (done.status, done.out) == (2, "")
    assert told in done.err


@pytest.mark.usefixtures("database")
def test_without_any_snapshot_it_says_where_they_come_from(assay: Assay, clean: Path) -> None:
    (clean / "mine.yml").write_text(OFF)
    done = assay("policy", "backtest", "mine.yml")
    assert done.status == 2
    assert "the bot stores one each time it evaluates a pull request" in done.err


def test_snapshots_of_another_version_are_counted_beside(assay: Assay, kept: Path) -> None:
    with closing(sqlite3.connect(kept / "data" / "assay.db")) as database, database:
        database.execute("UPDATE snapshots SET content = x'00' WHERE number = 2")
    done = assay("policy", "backtest", "mine.yml")
    assert "2 pull requests compared" in done.out
    assert done.err == "note: 1 not compared: the snapshot was stored by another version of the bot.\n"
    assert rows(kept, "SELECT count(*) FROM snapshots") == [(3,)]


def test_operators_of_the_settings_decide_under_both(assay: Assay, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_OPERATORS", "operator,second")
    Path("mine.yml").write_text(f"{SAME}operators: [second, stranger]\n")
    found: dict[str, Any] = json.loads(assay("policy", "backtest", "mine.yml", "--json").out)
    assert found["changes"] == [
        'operators: adds "second", removes "operator"; takes effect once an operator trusts it',
    ]
