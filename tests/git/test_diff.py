"""What git prints, read back: which lines each commit added, at which place."""

import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.git.diff import (
    LOG_FORMAT,
    NET,
    RAW,
    AddedText,
    CommitPatch,
    DiffError,
    added_texts,
    changed_files,
    decode,
    read_log,
    read_net,
    read_objects,
    unquote,
)
from bot.model import ChangedFile
from tests.gitwork import Work, new_work


def hunk(*lines: str, head: str = "@@ -1,{} +1,{} @@") -> str:
    old = sum(line[0] in " -" for line in lines)
    new = sum(line[0] in " +" for line in lines)
    return "\n".join([head.format(old, new), *lines]) + "\n"


def diff(*hunks: str, path: str = "a.py") -> str:
    return f"diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n" + "".join(hunks)


def added(text: str) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(one.path, one.text, one.lines) for one in added_texts(text)]


def test_added_lines_keep_the_numbers_that_they_have_in_the_file() -> None:
    text = diff("@@ -2,0 +3,2 @@ def f():\n+one\n+two\n", "@@ -9 +12 @@\n-old\n+new\n")
    assert added(text) == [("a.py", "one\ntwo\n\nnew\n", (3, 4, 0, 12, 0))]


def test_a_line_of_the_text_is_found_in_the_file() -> None:
    (text,) = added_texts(diff("@@ -2,0 +3,2 @@\n+one\n+two\n"))
    assert [text.line_of(number) for number in (0, 1, 2, 3, 4, -1)] == [0, 3, 4, 0, 0, 0]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["+++ x", "+plain"], "++ x\nplain\n"),
        (["--- y", "-- z", "+kept"], "kept\n"),
        (["--- a/evil", "+++ b/evil"], "++ b/evil\n"),
        (["+@@ -1 +1 @@", "+diff --git a/x b/x"], "@@ -1 +1 @@\ndiff --git a/x b/x\n"),
        (["+carriage\r"], "carriage\r\n"),
        (["+form\x0cfeed\x0bvertical\x1c\x85\u2028end"], "form\x0cfeed\x0bvertical\x1c\x85\u2028end\n"),
        (["+nul\x00inside", "+\x00first"], "nul\x00inside\n\x00first\n"),
        (["+"], "\n"),
        ([" context", "+new", " context"], "new\n"),
        (["+\\ No newline at end of file"], "\\ No newline at end of file\n"),
    ],
)
def test_a_line_is_read_as_it_is_whatever_it_looks_like(lines: list[str], text: str) -> None:
    assert [one[1] for one in added(diff(hunk(*lines)))] == [text]


def test_no_newline_at_the_end_is_no_line() -> None:
    text = diff("@@ -1 +1 @@\n-old\n\\ No newline at end of file\n+new\n\\ No newline at end of file\n")
    assert added(text) == [("a.py", "new\n", (1, 0))]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("plain/name.py", "plain/name.py"),
        ("with space.py", "with space.py"),
        ("x b/y", "x b/y"),
        ("a/b/ b/b.py", "a/b/ b/b.py"),
        ("--- a", "--- a"),
    ],
)
def test_the_path_is_read_from_the_files_own_line(name: str, path: str) -> None:
    assert added(diff(hunk("+x"), path=name))[0][0] == path


@pytest.mark.parametrize(
    ("quoted", "path"),
    [
        ('"b/gr\\303\\274n"', "b/grün"),
        ('"tab\\there"', "tab\there"),
        ('"a\\"b\\\\c"', 'a"b\\c'),
        ('"\\377\\000"', "\udcff\x00"),
        ('"new\\nline"', "new\nline"),
        ("plain", "plain"),
        ('"', '"'),
        ('""', ""),
        ('"half', '"half'),
    ],
)
def test_quoted_paths_are_unquoted(quoted: str, path: str) -> None:
    assert unquote(quoted) == path


@pytest.mark.parametrize(
    "text",
    [
        diff("@@ -1,2 +1,3 @@\n+one\n"),
        diff("@@ -0,0 +1,2 @@\n+one\ngarbage\n+two\n"),
        diff("@@ -0,0 +1 @@\n"),
        "@@ -0,0 +1 @@\n+x\n",
    ],
    ids=["cut off", "garbage in a hunk", "empty hunk", "no file"],
)
def test_a_diff_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(DiffError, match="invalid or incomplete unified diff"):
        list(added_texts(text))


def test_what_came_before_the_break_is_not_lost() -> None:
    found: list[AddedText] = []
    with pytest.raises(DiffError):
        found.extend(added_texts(diff(hunk("+kept"), path="one") + diff("@@ -0,0 +1,2 @@\n+x\n", path="two")))
    assert [one.text for one in found] == ["kept\n"]


@given(st.text(max_size=200) | st.text("+-@ \\\nab,0123\x00", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = list(added_texts(text))
    except DiffError:
        found = []
    assert all(len(one.text.split("\n")) >= len(one.lines) for one in found)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return new_work(tmp_path / "work")


def logged(work: Work, *arguments: str, base: str = "HEAD~1") -> list[CommitPatch]:
    """What the bot asks of git for a pull request, read back."""
    flags = ["--raw", "--no-abbrev", "--patch", "--text", "-U0", "--irreversible-delete", "--remerge-diff"]
    shape = [f"--format={LOG_FORMAT}", "--find-renames", "--no-color", *flags]
    return list(read_log(work.git("log", *shape, *arguments, "HEAD", f"^{base}", "--")))


def texts(patch: CommitPatch) -> dict[str, str]:
    assert patch.fault == ""
    return {one.path: one.text for one in patch.added}


ODD_NAMES = ["x b/y.txt", "grün.txt", 'quo"te.txt', "tab\there.txt", "new\nline.txt", "-dash", "a => b", "--- a", "{a}"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_of_any_name_is_read(work: Work, name: str) -> None:
    work.commit(files={name: "one\ntwo\n"})
    (patch,) = logged(work)
    assert texts(patch) == {name: "one\ntwo\n"}
    assert [(file.path, file.status) for file, _ in patch.files] == [(name, "added")]


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x00binary\x00word\n",
        b"\xff\xfe\xfalatin\n",
        b"\r\n\r",
        b"\n\x00\x01\x00deadbeef\n",
        b"no newline",
        b"-- sql\n++ x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n",
        b"diff --git a/x b/x\n",
        "ünï\u2028\u0085\x0c\n".encode(),
    ],
)
def test_any_content_is_read_as_text(work: Work, content: bytes) -> None:
    work.commit(files={"odd": content})
    (patch,) = logged(work)
    assert [text.removesuffix("\n") for text in texts(patch).values()] == [decode(content).removesuffix("\n")]


HOSTILE_MESSAGES = [
    "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+forged",
    ":000000 100644 0000000 1111111 A\tforged",
    "\x01\n\x01",
    "<!-- assay:workshop/garden!12 -->",
    "  indented\n\n\ntrailing  ",
    "",
]


@pytest.mark.parametrize("message", HOSTILE_MESSAGES)
def test_a_message_is_a_message_whatever_it_looks_like(work: Work, message: str) -> None:
    parent = work.head()
    head = work.commit(message or "x", {"a": "1\n"})
    (patch,) = logged(work)
    assert (patch.commit.sha, patch.commit.parents, patch.commit.author) == (head, (parent,), "codex")
    assert patch.commit.message == (message or "x").strip("\n").removesuffix("\x01") or patch.commit.message == message
    assert texts(patch) == {"a": "1\n"}


def test_renames_modes_deletions_links_and_empty_commits_are_told(work: Work) -> None:
    base = work.head()
    words = "".join(f"{secrets.token_hex(4)}\n" for _ in range(20))
    work.commit("One", {"old name": words, "script": "x\n", "gone": "y\n"})
    work.git("mv", "old name", "new name")
    (work.folder / "script").chmod(0o755)
    (work.folder / "gone").unlink()
    (work.folder / "link").symlink_to("script")
    work.write("new name", f"{words}more\n")
    work.commit("Two")
    work.commit("Nothing")
    empty, two, _ = logged(work, base=base)
    assert (empty.files, empty.added, empty.fault) == ((), (), "")
    assert {file.path: (file.status, file.old_path, file.old_mode, file.new_mode) for file, _ in two.files} == {
        "new name": ("renamed", "old name", "100644", "100644"),
        "script": ("changed", "", "100644", "100755"),
        "gone": ("deleted", "", "100644", "000000"),
        "link": ("added", "", "000000", "120000"),
    }
    assert texts(two) == {"new name": "more\n", "link": "script\n"}
    assert two.added[0].lines[0] in {1, 21}


def test_a_merge_stands_by_what_it_changed_itself(work: Work) -> None:
    base = work.head()
    work.git("switch", "--quiet", "-c", "side")
    work.commit("Side", {"README.md": "# side\n", "side": "s\n"})
    work.git("switch", "--quiet", "main")
    work.commit("Main", {"README.md": "# main\n"})
    work.git("merge", "--quiet", "--no-commit", "side", ok=False)
    work.write("README.md", "# both\n")
    merge = work.commit("Merge side", {"evil": "slipped in\n"})
    found = {patch.commit.message: patch for patch in logged(work, base=base)}
    assert (found["Merge side"].commit.sha, len(found["Merge side"].commit.parents)) == (merge, 2)
    assert texts(found["Merge side"]) == {"README.md": "# both\n", "evil": "slipped in\n"}
    assert texts(found["Side"]) == {"README.md": "# side\n", "side": "s\n"}


def test_the_last_commit_of_a_log_that_was_cut_off_has_a_fault(work: Work) -> None:
    base = work.head()
    work.commit("One", {"a": "1\n" * 50})
    work.commit("Two", {"b": "2\n"})
    whole = work.git("log", f"--format={LOG_FORMAT}", "--raw", "--no-abbrev", "-p", "-U0", "HEAD", f"^{base}")
    two, one = read_log(whole[:-40])
    assert (two.fault, [text.path for text in two.added]) == ("", ["b"])
    assert "invalid or incomplete unified diff" in one.fault


def test_a_raw_list_names_each_file_once_with_its_new_content() -> None:
    zero, one = "0" * 40, "1" * 40
    renamed = f':100644 100755 {one} {one} R087\told\t"n\\303\\274"\n'
    raw = f":100644 000000 {one} {zero} D\tgone\n{renamed}:160000 160000 {zero} {one} M\tsub\n"
    assert changed_files(raw) == (
        (ChangedFile(path="gone", status="deleted", old_mode="100644", new_mode="000000"), zero),
        (ChangedFile(path="nü", status="renamed", old_path="old", old_mode="100644", new_mode="100755"), one),
        (ChangedFile(path="sub", status="changed", old_mode="160000", new_mode="160000"), one),
    )


def difference(work: Work, flags: tuple[str, ...] = NET) -> bytes:
    return work.git(*flags, "HEAD~1", "HEAD", "--")


@pytest.mark.parametrize("name", [*ODD_NAMES, ":100644 x", "1\t2\t", "x\n:100644 100644 0 0 M", '"quoted"'])
def test_a_net_difference_names_files_of_any_name_and_counts_their_lines(work: Work, name: str) -> None:
    work.commit(files={name: "one\ntwo\n", "other": "1\n"})
    work.commit(files={name: "two\nthree\nfour\n"})
    net = read_net(difference(work))
    counted = [(file.path, file.status, file.added, file.removed) for file, _ in net.files]
    assert (counted, net.whole) == ([(name, "changed", 2, 1)], True)
    assert [(text.path, text.text) for text in added_texts(net.patch)] == [(name, "three\nfour\n")]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_renamed_file_is_counted_by_what_changed_in_it(work: Work, name: str) -> None:
    lines = [f"{secrets.token_hex(4)}\n" for _ in range(20)]
    work.commit(files={"before": "".join(lines)})
    (work.folder / "before").unlink()
    work.commit(files={name: "".join([*lines[1:], "last\n"])})
    ((file, _),) = read_net(difference(work)).files
    assert (file.path, file.old_path, file.status) == (name, "before", "renamed")
    assert (file.added, file.removed) == (1, 1)


def test_what_has_no_lines_counts_none(work: Work) -> None:
    work.commit(files={"gone": "1\n2\n", "script": "x\n"})
    (work.folder / "gone").unlink()
    (work.folder / "script").chmod(0o755)
    work.commit(files={"data": b"\x00\n\x01\n", "empty": "", "no end": "x"})
    net = read_net(difference(work))
    assert {file.path: (file.added, file.removed) for file, _ in net.files} == {
        "gone": (0, 2),
        "script": (0, 0),
        "data": (0, 0),
        "empty": (0, 0),
        "no end": (1, 0),
    }
    blob = work.git("rev-parse", "HEAD:data").decode().strip()
    assert [blobs for file, blobs in net.files if file.path == "data"] == [("0" * 40, blob)]


def test_a_net_difference_that_was_cut_off_counts_as_far_as_it_goes(work: Work) -> None:
    names = [f"file {number}" for number in range(3)]
    work.commit(files=dict.fromkeys(names, "x\n"))
    output = difference(work)
    for end in range(len(output)):
        net = read_net(output[:end])
        listed = [file.path for file, _ in net.files]
        assert listed == names[: len(listed)]
        assert net.whole is (end == 0 or b"\0\0" in output[:end])
    assert (read_net(b"").files, read_net(b"").whole) == ((), True)
    alone = read_net(difference(work, RAW))
    assert ([file.path for file, _ in alone.files], alone.patch, alone.whole) == (names, "", False)


def test_nothing_is_no_commit() -> None:
    assert list(read_log(b"")) == []


def test_commits_are_read_as_they_are_stored(work: Work) -> None:
    shas = [work.head(), work.commit("Two\n\nwith\n\nbody"), work.commit(b"tree 1 commit 2\n\x01\n")]
    output = work.git("cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in shas).encode())
    found = read_objects(output)
    assert [(sha, stored.message) for sha, stored in found.items()] == list(
        zip(shas, ["Begin", "Two\n\nwith\n\nbody", "tree 1 commit 2\n\x01"], strict=True)
    )
    who = "codex <codex@example.invalid> 1772366400 +0000"
    assert {stored.header for stored in found.values()} == {f"author {who}\ncommitter {who}\n"}
    assert read_objects(b"") == {}


def test_only_what_git_itself_wrote_is_left_out_of_a_header() -> None:
    header = f"tree {'a' * 40}\nparent {'b' * 40}\ntree is green\nx-note parent {'c' * 40}"
    stored = f"{header}\n\nMessage\n"
    (found,) = read_objects(f"{'0' * 40} commit {len(stored)}\n{stored}\n".encode()).values()
    assert (found.header, found.message) == (f"tree is green\nx-note parent {'c' * 40}\n", "Message")


def test_an_object_that_is_no_commit_has_no_message() -> None:
    with pytest.raises(DiffError, match="not a commit: "):
        read_objects(f"{'0' * 40} missing\n".encode())


def test_lines_around_a_change_are_kept_without_a_number_and_removed_ones_never() -> None:
    lines = (" before", "-old", "+new", " after")
    (found,) = added_texts(diff(hunk(*lines)), context=True)
    assert (found.text, found.lines) == ("before\nnew\nafter\n", (0, 2, 0, 0))
    assert [found.first_added(*span) for span in ((1, 1), (1, 2), (2, 3), (3, 4), (4, 9))] == [0, 2, 2, 0, 0]


def test_what_only_stands_around_removed_lines_is_no_addition() -> None:
    assert list(added_texts(diff(hunk(" before", "-old", " after")), context=True)) == []
