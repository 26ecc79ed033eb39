"""The command line as a whole: help, versions, settings that can't be used, and files that are no snapshots."""

import secrets
from pathlib import Path

import pytest

from tests.cli.forge import Assay

COMMANDS = ("serve", "setup", "demo", "plan", "apply", "snapshot", "replay", "scan", "judge", "check")
GROUPS = {"deliveries": ("list", "show", "replay"), "labels": ("sync", "lint"), "ledger": ("verify", "tail")}


def test_without_a_command_the_help_is_shown(assay: Assay) -> None:
    done = assay()
    assert done.status == 2
    assert all(f" {name} " in done.err for name in (*COMMANDS, *GROUPS))


@pytest.mark.parametrize(
    "words", [(name,) for name in COMMANDS] + [(g, name) for g, names in GROUPS.items() for name in names]
)
def test_every_command_explains_itself(assay: Assay, words: tuple[str, ...]) -> None:
    done = assay(*words, "--help")
    assert done.status == 0
    assert f"Usage: assay {' '.join(words)}" in done.out
    assert done.out.count("\n") > 5


def test_the_version_is_told(assay: Assay) -> None:
    assert assay("--version").out.startswith("assay ")


@pytest.mark.parametrize("words", [("plan", "a/b!1"), ("serve",), ("setup", "a/b"), ("labels", "sync", "a/b")])
def test_without_a_server_or_token_it_says_which_variable_to_set(
    assay: Assay, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = assay(*words)
    assert done.status == 2
    assert "ASSAY_FORGEJO_URL" in done.err
    monkeypatch.setenv("ASSAY_FORGEJO_URL", "http://127.0.0.1:1")
    done = assay(*words)
    assert (done.status, done.out) == (2, "")
    assert "ASSAY_TOKEN_FILE" in done.err


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "many"), ("FORGEJO_URL", "gopher:x"), ("LOG_LEVEL", "loud"), ("WORKERS", "0")]
)
def test_a_setting_that_cant_be_used_is_named_and_not_shown(
    assay: Assay, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ASSAY_{name}", value)
    done = assay("ledger", "verify")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"assay: ASSAY_{name}: ")
    assert value not in done.err.replace("ASSAY_", "")


def test_a_slip_in_assay_toml_is_told_with_what_was_meant(assay: Assay, clean: Path) -> None:
    (clean / "assay.toml").write_text("forgejo_ulr = 'http://127.0.0.1:1'\n")
    done = assay("ledger", "verify")
    assert done.status == 2
    assert "unknown setting `forgejo_ulr`; did you mean `forgejo_url`?" in done.err
    (clean / "assay.toml").write_text("= 1\n")
    assert assay("ledger", "verify").status == 2


def test_a_token_file_that_others_can_read_is_refused(
    assay: Assay, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = secrets.token_hex(20)
    (clean / "token").write_text(token)
    (clean / "token").chmod(0o644)
    monkeypatch.setenv("ASSAY_TOKEN_FILE", str(clean / "token"))
    monkeypatch.setenv("ASSAY_FORGEJO_URL", "http://127.0.0.1:1")
    done = assay("plan", "a/b!1")
    assert done.status == 2
    assert "chmod 600" in done.err
    assert token not in done.err


def test_a_data_directory_that_cant_be_made_is_exit_2(
    assay: Assay, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean / "file").write_text("")
    monkeypatch.setenv("ASSAY_DATA_DIR", str(clean / "file"))
    done = assay("ledger", "verify")
    assert (done.status, done.out) == (2, "")
    assert len(done.err.splitlines()) <= 2


@pytest.mark.parametrize("content", ["", "{}", "[" * 10_000, '{"target": 1}', "\0"])
def test_a_file_that_is_no_snapshot_is_exit_2(assay: Assay, clean: Path, content: str) -> None:
    (clean / "x.json").write_text(content)
    done = assay("replay", "x.json")
    assert (done.status, done.out) == (2, "")
    assert "not a snapshot" in done.err
    assert assay("replay", "nowhere.json").status == 2


def test_a_policy_file_is_checked_with_line_and_mend(assay: Assay, clean: Path) -> None:
    (clean / "good.yml").write_text("version: 1\n")
    (clean / "bad.yml").write_text("version: 1\nsecret-leaks: {}\nagents: [1]\n")
    assert assay("policy", "check", "good.yml").out == "good.yml: valid\n"
    done = assay("policy", "check", "bad.yml")
    assert done.status == 2
    assert "bad.yml:2: unknown key `secret-leaks`; did you mean `secret-leak`?" in done.err
    assert "bad.yml:3: `agents.0`" in done.err


@pytest.mark.usefixtures("database")
def test_an_empty_ledger_holds(assay: Assay) -> None:
    assert assay("ledger", "verify").out == "valid entries: 0\n"
    assert assay("ledger", "tail").out == ""
