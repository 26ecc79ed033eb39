"""Patterns: paths as git reads `.gitignore`, whole texts, phrases; and none of them takes long on anything."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from handlers.facts.patterns import chosen, says, text_fits

SEGMENT = st.sampled_from(["a", "b", "ab", "a.py", "*", "?", "**", "a*", "*b", "*.py", "[ab]", "[!a]", "a**b", "a?py"])
PATTERN = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(["", "/"]),
    st.lists(SEGMENT, min_size=1, max_size=4).filter(lambda parts: "**/**" not in "/".join(parts)),
    st.sampled_from(["", "/"]),
)
PATH = st.lists(st.sampled_from(["a", "b", "ab", "abb", "a.py", "c"]), min_size=1, max_size=5).map("/".join)


@settings(max_examples=500)
@given(PATTERN, PATH)
def test_a_pattern_fits_what_it_fits_for_a_library_of_gitignore(pattern: str, path: str) -> None:
    assert bool(chosen([pattern], path)) == bool(GitIgnoreSpec.from_lines([pattern]).match_file(path))


@pytest.mark.parametrize(
    ("patterns", "path", "found"),
    [
        (["docs/"], "docs/a/b.md", "docs/"),
        (["docs/"], "src/docs/b.md", "docs/"),
        (["docs/"], "docs", ""),
        (["/docs"], "src/docs", ""),
        (["src/*.py"], "src/a.py", "src/*.py"),
        (["src/*.py"], "src/deep/a.py", ""),
        (["src/**/a.py"], "src/a.py", "src/**/a.py"),
        (["src/**"], "src", ""),
        (["*.md", "!README.md"], "README.md", ""),
        (["*.md", "!drafts/"], "drafts/deep/a.md", ""),
        (["*.md", "!README.md", "*.md"], "README.md", "*.md"),
        (["*.MD"], "a.md", ""),
        (["a\\*b"], "a*b", "a\\*b"),
        (["a\\*b"], "axb", ""),
        (["[^a].py"], "b.py", "[^a].py"),
        (["[", "[z-a]"], "x", ""),
        (["**"], "x", "**"),
    ],
)
def test_the_last_pattern_that_fits_decides(patterns: list[str], path: str, found: str) -> None:
    assert chosen(patterns, path) == found


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*forgejo*", "Mend the Forgejo runner", True),
        ("forgejo", "Mend the Forgejo runner", False),
        ("mend ?he*", "MEND THE PUMP", True),
        ("[WIP]*", "[wip] dig", True),
        ("[WIP]*", "work", False),
        ("*", "", True),
        ("a\\*", "a\\b", True),
    ],
)
def test_a_text_fits_whole_in_any_case_and_brackets_are_brackets(pattern: str, text: str, fits: bool) -> None:
    assert text_fits(pattern, text) is fits


@pytest.mark.parametrize(
    ("text", "phrase", "said"),
    [
        ("a token.", "Token", True),
        ("tokens", "token", False),
        ("a_token", "token", False),
        ("git commit --no-verify", "--no-verify", True),
        ("x--no-verify", "--no-verify", True),
        ("requests.post(url)", "requests.post(", True),
        ("", "x", False),
    ],
)
def test_a_phrase_is_said_where_it_stands_for_itself(text: str, phrase: str, said: bool) -> None:
    assert says(text, phrase) is said


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a*a*a*a*b", "a" * 4000),
        ("*a" * 99 + "b", "a" * 4000),
        ("**/a/**/a/**/a/**/b", "/".join("a" * 2000)),
        ("/".join(["**", "a"] * 50), "/".join("a" * 2000)),
        ("[a]" * 60, "a" * 4000),
    ],
)
def test_no_pattern_and_path_take_long(pattern: str, path: str) -> None:
    began = time.process_time()
    chosen([pattern], path)
    text_fits(pattern, path * 20)
    assert time.process_time() - began < 1


@settings(deadline=1000)
@given(st.text("ab*?[]!^\\/.", min_size=1, max_size=200), st.text("ab/[]\\.", max_size=2000))
def test_any_pattern_is_read_and_answers_in_time(pattern: str, text: str) -> None:
    assert chosen([pattern], text) in {"", pattern}
    assert text_fits(pattern, text) in {True, False}
    assert says(text, pattern) <= (pattern in text)
