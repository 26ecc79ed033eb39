"""A snapshot of what somebody describes by hand: its hashes, what it masks, and what a diff says of files."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.cli.manual_snapshot import ManualInput, snapshot_of
from bot.git.diff import NET, DiffError, decode, read_net
from bot.git.diff_files import files_of
from bot.model import Kind, Snapshot, Target
from bot.policy import Policy
from bot.scan.scanner import Scanner
from tests.gitwork import Work, new_work
from tests.scan.compiled import scanner as compiled

TITLE = "chore: narrow Forgejo runner Infisical machine identity"
NOTHING = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
PULL = Target(repository="workshop/garden", number=3, kind=Kind.PULL)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return compiled()


def made(scanner: Scanner, **given: Any) -> Snapshot:
    return snapshot_of(ManualInput(**({"target": PULL} | given)), scanner, NOW)


def token_line() -> str:
    return f"FORGEJO_TOKEN={secrets.token_hex(20)}"


def added_file(path: str, *lines: str) -> str:
    body = "".join(f"+{line}\n" for line in lines)
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\nindex 0000000..1111111\n"
    return f"{head}--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n{body}"


def test_what_isnt_given_is_empty(scanner: Scanner) -> None:
    seen = made(scanner)
    inputs = seen.inputs
    assert (inputs.title, inputs.body, inputs.author, inputs.labels, inputs.state) == ("", "", "", (), "open")
    assert (inputs.title_hash, inputs.body_hash) == (NOTHING, NOTHING)
    assert (inputs.files, inputs.added, inputs.leaks, inputs.gaps) == ((), (), (), ())
    assert (seen.taken_at, seen.policy, seen.own.account) == (NOW, Policy(), "")
    assert Snapshot.model_validate_json(seen.model_dump_json()).hash == seen.hash


def test_hashes_are_of_the_texts_as_they_were_given(scanner: Scanner) -> None:
    inputs = made(scanner, title=TITLE, body="It is dry.\r\n").inputs
    assert inputs.title_hash == "sha256:fa18d02ca6df7b4ea459331e0efee9f850faf0b8fd7befb391a12564890a0ceb"
    assert inputs.body_hash != made(scanner, body="It is dry.\n").inputs.body_hash
    assert inputs.body == "It is dry.\r\n"


def test_secrets_are_masked_wherever_they_stand_and_told(scanner: Scanner) -> None:
    lines = [token_line() for _ in range(4)]
    diff = added_file("a.env", "A=1", lines[2]) + added_file(f"{lines[3]}/x", "1")
    seen = made(scanner, title=lines[0], body=f"It says\n\n{lines[1]}\n", diff=diff, labels=(lines[0],))
    places = [(leak.location.where, leak.location.path[:8], leak.location.line) for leak in seen.inputs.leaks]
    assert places == [("diff", "a.env", 2), ("path", "FORGEJO_", 0), ("title", "", 0), ("body", "", 0)]
    assert not any(line[-20:] in seen.model_dump_json() for line in lines)
    assert seen.inputs.added[0].text.split("\n")[0] == "A=1"


def test_a_diff_gives_files_and_added_lines(scanner: Scanner) -> None:
    changed = "diff --git a/b b/b\nindex 1..2 100755\n--- a/b\n+++ b/b\n@@ -4,2 +4,2 @@\n same\n-old\n+new\n"
    inputs = made(scanner, diff=added_file("a", "one", "two") + changed, base="main").inputs
    assert [(one.path, one.status, one.added, one.removed) for one in inputs.files] == [
        ("a", "added", 2, 0),
        ("b", "changed", 1, 1),
    ]
    assert [(run.path, run.start, run.text) for run in inputs.added] == [("a", 1, "one\ntwo"), ("b", 5, "new")]
    assert (inputs.base.ref, inputs.added_cut) == ("main", False)


def test_what_a_reader_passed_over_is_a_gap_of_this_very_diff(scanner: Scanner) -> None:
    diff = added_file("a", "one")
    (gap,) = made(scanner, diff=diff, unread=("1 binary changes aren't in the diff",)).inputs.gaps
    (other,) = made(scanner, diff=diff + "\n", unread=("1 binary changes aren't in the diff",)).inputs.gaps
    assert gap.fingerprint != other.fingerprint


def test_a_diff_that_breaks_off_is_refused(scanner: Scanner) -> None:
    with pytest.raises(DiffError, match="invalid or incomplete unified diff"):
        made(scanner, diff=added_file("a", "one").replace(",1 @@", ",2 @@"))


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return new_work(tmp_path / "work")


ODD_NAMES = ["x b/y.txt", "grün.txt", 'quo"te.txt', "tab\there.txt", "new\nline.txt", "--- a", "a => b", "dev/null"]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("content", ["one\ntwo\n", b"\x00binary", "", "no end"])
def test_files_of_a_diff_are_those_of_gits_own_list(work: Work, name: str, content: str | bytes) -> None:
    work.commit(files={"moves here": "".join(f"{number}\n" for number in range(30)), "goes": "1\n", "script": "x\n"})
    (work.folder / "goes").unlink()
    (work.folder / "script").chmod(0o755)
    work.commit(files={name: content})
    for ends in (("HEAD~1", "HEAD"), ("HEAD", "HEAD~1")):
        listed = [file for file, _ in read_net(work.git(*NET, *ends, "--")).files]
        assert list(files_of(decode(work.git("diff", "--find-renames", *ends)))) == listed


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_renamed_file_has_both_names(work: Work, name: str) -> None:
    lines = [f"{number}\n" for number in range(30)]
    work.commit(files={"before b/x": "".join(lines)})
    (work.folder / "before b/x").unlink()
    work.commit(files={name: "".join([*lines, "more\n"])})
    (file,) = files_of(decode(work.git("diff", "--find-renames", "HEAD~1", "HEAD")))
    assert (file.path, file.old_path, file.status, file.added) == (name, "before b/x", "renamed", 1)
    work.git("mv", "--", name, "again")
    work.commit()
    (file,) = files_of(decode(work.git("diff", "--find-renames", "HEAD~1", "HEAD")))
    assert (file.path, file.old_path, file.added) == ("again", name, 0)


def test_a_plain_diff_and_words_before_it_are_read() -> None:
    plain = (
        "--- old/a\t2026-03-01\n+++ new/a\t2026-03-02\n@@ -1 +1 @@\n-1\n+2\n--- /dev/null\n+++ b\n@@ -0,0 +1 @@\n+x\n"
    )
    assert [(one.path, one.status) for one in files_of(plain)] == [("new/a", "changed"), ("b", "added")]
    mail = f"From: codex\nSubject: A change\n\n---\n a | 1 +\n\n{added_file('a', 'one')}-- \n2.39.5\n"
    assert [(one.path, one.added) for one in files_of(mail)] == [("a", 1)]
    assert files_of("just words\n") == ()


def test_a_header_that_names_no_one_file_is_refused() -> None:
    with pytest.raises(DiffError, match="no name in"):
        files_of("diff --git a/one b/other\nold mode 100644\nnew mode 100755\n")
