"""Where Probot can't be had, the benchmark goes on without it and says why."""

from pathlib import Path

import pytest

from tests.bench.peers.probot import VERSION, Missing, installed


def test_it_is_missing_without_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="not installed"):
        installed()


def test_it_is_missing_where_npm_fails_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("node", "npm"):
        (programs / name).write_text("#!/bin/sh\nexit 7\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(Missing, match="exit status 7"):
        installed()
    assert list((tmp_path / "cache" / "assay-bench").iterdir()) == []


def test_what_is_installed_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    there = tmp_path / "assay-bench" / f"probot-{VERSION}"
    (there / "node_modules" / "probot").mkdir(parents=True)
    (there / "node_modules" / "probot" / "package.json").write_text("{}")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("node", "npm"):
        (programs / name).write_text("#!/bin/sh\nexit 7\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    assert installed() == there
