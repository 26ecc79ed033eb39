"""`assay scan`: what is found in texts, diffs and ranges, in each form, and what is said of what wasn't looked at."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.forge import Assay, Outcome

KEYS = ["rule", "severity", "path", "line", "commit", "fingerprint", "suppressed"]


def token_line(token: str) -> str:
    return f"curl -H 'Authorization: token {token}' https://forge.lan\n"


def diff_of(*lines: str, path: str = "run.sh", at: int = 7) -> str:
    added = "".join(f"+{line}" for line in lines)
    head = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
    return f"{head}@@ -{at},0 +{at},{len(lines)} @@\n{added}"


def values(done: Outcome) -> dict[str, Any]:
    found = json.loads(done.out)
    assert list(found) == ["findings", "errors"]
    assert all(list(finding) == KEYS for finding in found["findings"])
    return dict(found)


class Repo:
    """A git repository in the folder that the command stands in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main", ".")
        self.commit("First", {"README.md": "# One\n"})

    def git(self, *arguments: str) -> str:
        names = {f"GIT_{role}_{what}": "x@y.invalid" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        clean = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **names}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=clean, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str, files: dict[str, str | None]) -> str:
        for name, content in files.items():
            if content is None:
                (self.folder / name).unlink()
            else:
                (self.folder / name).write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(clean: Path) -> Repo:
    return Repo(clean)


def test_a_secret_in_a_diff_is_told_with_its_line_and_never_printed(assay: Assay, clean: Path) -> None:
    token = secrets.token_hex(20)
    (clean / "x.diff").write_text(diff_of("echo ok\n", token_line(token)))
    for form in ("text", "json", "sarif"):
        done = assay("scan", "--diff", "x.diff", "--format", form)
        assert done.status == 1
        assert "run.sh" in done.out
        assert token not in done.out + done.err
    (found,) = values(assay("scan", "--diff", "x.diff", "--format", "json"))["findings"]
    assert (found["path"], found["line"], found["commit"], found["suppressed"]) == ("run.sh", 8, "", False)


def test_a_clean_diff_and_an_empty_one_end_with_0(assay: Assay, clean: Path) -> None:
    (clean / "x.diff").write_text(diff_of("echo ok\n"))
    (clean / "none.diff").write_text("")
    assert values(assay("scan", "--diff", "x.diff", "--format", "json")) == {"findings": [], "errors": []}
    assert assay("scan", "--diff", "none.diff") == Outcome(0, "", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("just words\n", "not a unified diff"),
        (diff_of("one\n", "two\n").replace(",2 @@", ",1 @@"), "outside its hunks"),
        (diff_of("one\n").replace(",1 @@", ",3 @@"), "invalid or incomplete unified diff"),
        ("diff --git a/x b/x\nBinary files a/x and b/x differ\n", "1 binary changes"),
        ("diff --cc x\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,2 @@@\n++both\n", "combined merge diffs are not supported"),
    ],
    ids=["prose", "lines beyond a hunk", "cut off", "binary", "combined"],
)
def test_a_diff_that_cant_be_read_whole_is_an_error(assay: Assay, clean: Path, text: str, told: str) -> None:
    (clean / "x.diff").write_text(text)
    done = assay("scan", "--diff", "x.diff", "--format", "json")
    assert done.status == 1
    assert any(told in error for error in values(done)["errors"])


def test_what_stands_before_the_break_of_a_diff_is_found(assay: Assay, clean: Path) -> None:
    whole = diff_of(token_line(secrets.token_hex(20)))
    (clean / "x.diff").write_text(whole + diff_of("one\n", path="b").replace(",1 @@", ",3 @@"))
    assert assay("scan", "--diff", "x.diff").status == 1


def test_standard_input_is_read_and_a_comment_that_allows_is_not_believed(clean: Path) -> None:
    text = f"ok\n{token_line(secrets.token_hex(20)).strip()} # gitleaks:allow\n"
    words = [sys.executable, "-m", "bot.cli", "scan", "--text", "-", "--format", "json"]
    process = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    done = Outcome(process.returncode, process.stdout, process.stderr)
    (found,) = values(done)["findings"]
    assert (done.status, found["path"], found["line"], found["suppressed"]) == (1, "stdin", 2, True)


def test_every_commit_of_a_range_is_looked_at_and_its_message(assay: Assay, repo: Repo) -> None:
    first = repo.git("rev-parse", "HEAD")
    one, two = secrets.token_hex(20), secrets.token_hex(20)
    added = repo.commit("Try", {"try.sh": token_line(one)})
    repo.commit("Tidy", {"try.sh": None})
    told = repo.commit(f"Works with {token_line(two)}", {})
    done = assay("scan", "--range", f"{first}..HEAD", "--format", "json")
    places = [(found["commit"], found["path"]) for found in values(done)["findings"]]
    assert (done.status, places) == (1, [(told, ""), (added, "try.sh")])
    assert not any(token in done.out for token in (one, two))
    assert assay("scan", "--range", "HEAD~2..HEAD~1") == Outcome(0, "", "")


def test_a_secret_of_a_merge_commit_itself_is_found(assay: Assay, repo: Repo) -> None:
    repo.git("switch", "--quiet", "--create", "side")
    repo.commit("Side", {"a": "1\n"})
    repo.git("switch", "--quiet", "main")
    repo.commit("Main", {"b": "1\n"})
    repo.git("merge", "--quiet", "--no-commit", "side")
    merge = repo.commit("Merge", {"c.sh": token_line(secrets.token_hex(20))})
    done = assay("scan", "--range", "main~1..main", "--format", "json")
    assert [found["commit"] for found in values(done)["findings"]] == [merge]


def test_settings_of_the_checkout_hide_nothing(assay: Assay, repo: Repo) -> None:
    settings = {"diff.noprefix": "true", "log.showRoot": "false", "diff.x.binary": "true", "diff.external": "false"}
    for key, value in settings.items():
        repo.git("config", key, value)
    repo.commit("Attributes", {".gitattributes": "* -diff diff=x\n", "assay.toml": "rules_cache_dir = 7\n"})
    repo.commit("Try", {"try.sh": "\0" + token_line(secrets.token_hex(20))})
    (found,) = values(assay("scan", "--range", "HEAD~1..HEAD", "--format", "json"))["findings"]
    assert (found["path"], found["line"]) == ("try.sh", 1)


def test_a_shallow_checkout_says_what_it_lacks(assay: Assay, repo: Repo, clean: Path) -> None:
    for number in range(3):
        repo.commit(f"Step {number}", {"a": f"{number}\n"})
    base = repo.git("rev-parse", "HEAD~3")
    repo.git("tag", "base", base)
    (clean / ".git" / "shallow").write_text(repo.git("rev-parse", "HEAD~1") + "\n")
    done = assay("scan", "--range", "base..HEAD", "--format", "json")
    assert done.status == 1
    assert "are missing from this shallow checkout" in values(done)["errors"][0]


@pytest.mark.parametrize(
    "text", ["--upload-pack=x", "--output=x..HEAD", "HEAD", "a...b", "$(x)..HEAD", "..", "main..-x"]
)
def test_a_range_that_is_none_is_refused(assay: Assay, repo: Repo, clean: Path, text: str) -> None:
    done = assay("scan", "--range", text)
    assert (done.status, done.out) == (2, "")
    assert not (clean / "x").exists()


def test_outside_of_a_checkout_a_range_is_refused(assay: Assay) -> None:
    done = assay("scan", "--range", "a..b")
    assert done.status == 2
    assert "not a git repository" in done.err


@pytest.mark.parametrize("arguments", [(), ("--text", "a", "--diff", "b"), ("--text", "nowhere"), ("--form", "x")])
def test_misuse_is_exit_2(assay: Assay, arguments: tuple[str, ...]) -> None:
    done = assay("scan", *arguments)
    assert (done.status, done.out) == (2, "")
    assert len(done.err.splitlines()) <= 2


def test_file_names_cant_steer_a_terminal(assay: Assay, clean: Path) -> None:
    (clean / "x.diff").write_text(diff_of(token_line(secrets.token_hex(20)), path="a\x1b[2Jb"))
    done = assay("scan", "--diff", "x.diff")
    assert done.status == 1
    assert "\x1b" not in done.out + done.err


def test_fingerprints_are_the_same_from_run_to_run_and_the_bots(assay: Assay, clean: Path) -> None:
    (clean / "x").write_text(token_line(secrets.token_hex(20)))
    one, two = (assay("scan", "--text", "x", "--format", "json").out for _ in range(2))
    assert one == two
    assert (clean.parent / "data" / "installation.key").exists()
