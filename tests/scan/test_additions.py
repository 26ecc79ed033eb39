"""What a change adds in all: runs of lines, masked without shifting any, and bounded."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.scan.additions import MAX_READ, MAX_TEXT, Added, read_added
from bot.scan.scanner import Scanner
from tests.scan.compiled import scanner as compiled


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return compiled()


def new_file(path: str, *lines: str) -> str:
    body = "".join(f"+{line}\n" for line in lines)
    return f"diff --git a/{path} b/{path}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n{body}"


def changed(path: str, *hunks: str) -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n" + "".join(hunks)


def read(scanner: Scanner, patch: str, *paths: str, marks: dict[str, str] | None = None) -> Added:
    return read_added(scanner, patch, {path: path for path in paths}, marks or {})


def runs(added: Added) -> list[tuple[str, int, str]]:
    return [(run.path, run.start, run.text) for run in added.runs]


def test_a_run_ends_where_a_line_stands_that_was_there_before(scanner: Scanner) -> None:
    patch = changed("a", "@@ -1,3 +1,5 @@\n one\n+two\n+\n three\n-four\n+five\n", "@@ -9,0 +11,1 @@\n+end\n")
    assert runs(read(scanner, patch, "a")) == [("a", 2, "two\n"), ("a", 5, "five"), ("a", 11, "end")]


def test_runs_of_hunks_that_touch_are_told_by_their_numbers(scanner: Scanner) -> None:
    patch = changed("a", "@@ -0,0 +1,1 @@\n+one\n", "@@ -1,0 +2,1 @@\n+two\n")
    assert runs(read(scanner, patch, "a")) == [("a", 1, "one"), ("a", 2, "two")]


def test_a_key_over_many_lines_is_masked_on_each(scanner: Scanner) -> None:
    frame = "-----{} RSA PRIVATE KEY-----"
    body = [secrets.token_urlsafe(48).replace("-", "A").replace("_", "B") for _ in range(12)]
    patch = new_file("key", "before", frame.format("BEGIN"), *body, frame.format("END"), "after")
    ((_, start, text),) = runs(read(scanner, patch, "key"))
    lines = text.split("\n")
    assert (start, len(lines), lines[0], lines[-1]) == (1, 16, "before", "after")
    assert not any(line in text for line in body)


def test_what_was_found_elsewhere_is_masked_here_too(scanner: Scanner) -> None:
    word = secrets.token_hex(20)
    (run,) = read(scanner, new_file("a", f"x {word} y"), "a", marks={word: "[mark]"}).runs
    assert run.text == "x [mark] y"


def test_of_much_the_small_files_are_kept_and_the_order_stays(scanner: Scanner) -> None:
    line = "word " * 20
    patch = new_file("a.lock", *[line] * 2500) + new_file("b", "one") + new_file("c", "two")
    added = read(scanner, patch, "a.lock", "b", "c")
    assert [(path, start) for path, start, _ in runs(added)] == [("a.lock", 1), ("b", 1), ("c", 1)]
    assert added.cut
    assert MAX_TEXT - len(line) - 20 < sum(len(run.text) for run in added.runs) <= MAX_TEXT
    assert added.runs[0].text == "\n".join([line] * (added.runs[0].text.count("\n") + 1))


def test_a_line_or_a_patch_that_is_too_long_is_left_out(scanner: Scanner) -> None:
    assert read(scanner, new_file("a", "x" * MAX_TEXT), "a") == Added((), cut=True)
    patch = new_file("huge", *["word " * 20] * (MAX_READ // 100)) + new_file("b", "one")
    added = read(scanner, patch, "huge", "b")
    assert (runs(added), added.cut) == ([("b", 1, "one")], True)


def test_a_broken_file_takes_no_other_along(scanner: Scanner) -> None:
    patch = new_file("a", "one") + new_file("b", "two").replace(",1 @@", ",3 @@")
    added = read(scanner, patch, "a", "b")
    assert (runs(added), added.cut) == ([("a", 1, "one")], True)


def test_a_file_without_a_name_to_show_is_left_out(scanner: Scanner) -> None:
    added = read(scanner, new_file("a", "one") + new_file("b", "two"), "b")
    assert (runs(added), added.cut) == ([("b", 1, "two")], True)


def test_nothing_adds_nothing(scanner: Scanner) -> None:
    assert read(scanner, "") == Added()
    assert read(scanner, "diff --git a/x b/x\nBinary files a/x and b/x differ\n", "x") == Added()


LINES = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=()), max_size=30), min_size=1)


@settings(max_examples=60)
@given(LINES)
def test_lines_of_any_text_keep_their_number(lines: list[str]) -> None:
    (run,) = read(SCANNER, new_file("a", *lines), "a").runs
    assert run.start == 1
    assert [len(line) for line in run.text.split("\n")] == [len(line) for line in lines]
    assert run.model_dump_json()


SCANNER = compiled()
