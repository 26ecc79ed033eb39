"""How a description is read: sections, the lines that say something of the whole, paths and numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.contract import ContractPolicy
from handlers.facts.description.mentions import entries, mentioned, names, path_of, pieces, references
from handlers.facts.description.sections import Item, Pack, key, read

RULES = ContractPolicy()


def pack(body: str) -> Pack:
    return read(body, RULES)


def said(body: str, name: str = "what-changed") -> list[str]:
    return [item.text for item in pack(body).items(name)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "heading",
    [
        "# What changed",
        "###### what CHANGED ######",
        "What changed\n===",
        "## **What changed:**",
        "## 2. What changed",
        "## \U0001f527 What changed",
        "## What-changed (3)",
        "**What changed**",
        "__What changed__:",
        "   ### `What changed`?",
        "### Changes",
    ],
)
def test_a_heading_is_known_however_it_is_written(heading: str) -> None:
    assert said(f"{heading}\n\nthe pump\n") == ["the pump"]


@pytest.mark.parametrize(
    "text",
    [
        "    ### What changed\n\n    the pump",
        "```\n### What changed\n```\n\nthe pump",
        "> ### What changed\n>\n> the pump",
        "<!--\n### What changed\n-->\n\nthe pump",
        "- ### What changed\n\nthe pump",
        "What changed\n\nthe pump",
        "### What changed yesterday\n\nthe pump",
        "<noscript>\n\n### What changed\n\nthe pump\n\n</noscript>",
        "<details>\n\n### What changed\n\nthe pump\n\n</details>",
        "<details\n\n### What changed\n\nthe pump",
        "### ~~What changed~~\n\nthe pump",
        "[^1]: a\n\n    b\n    ### What changed\n\n    the pump",
        "---\na: |\n\n  ### What changed\n\n  the pump\n---\n",
        "### What changed\n\n<title>\n\nthe pump\n\n</title>",
        "### What changed\n\n<noscript>the pump</noscript>",
        "### What changed\n\n~~the pump~~",
        "### What changed\n\n[^1]: the pump",
        "**What changed**\n:-:\nthe pump",
    ],
)
def test_what_only_looks_like_a_heading_is_none(text: str) -> None:
    assert said(text) == []


def test_folded_text_is_content() -> None:
    body = "## What changed\n\n<details><summary>log</summary>\n\nthe pump\n\n</details>\n\n## Why\n\nold\n"
    assert (said(body), said(body, "why-it-changed")) == (["the pump"], ["old"])


@pytest.mark.parametrize(
    "tag", ["<name>", "<br>", "<button>", "`<noscript>`", "`<details>`", "<https://forge.example>"]
)
def test_a_tag_in_the_text_that_hides_nothing_changes_nothing(tag: str) -> None:
    body = f"## What changed\n\na {tag} b\n\n## Why\n\nold\n"
    assert said(body, "why-it-changed") == ["old"]


@pytest.mark.parametrize("flood", ["<s>", "</", "<!--", "<a ", "`<", "a\n: b\n", "[^1]: a\n"])
def test_a_flood_of_tags_is_read_to_its_end(flood: str) -> None:
    assert said("## What changed\n\nthe pump\n\n" + flood * 5000)[0] == "the pump"


def test_a_section_keeps_what_stands_under_lower_headings_that_are_none() -> None:
    body = "## What changed\n\none\n\n### Pumps\n\ntwo\n\n#### Why\n\nthree\n\n## Other\n\nfour\n"
    assert said(body) == ["one", "two"]
    assert said(body, "why-it-changed") == ["three"]


def test_a_section_that_is_there_twice_is_one() -> None:
    found = pack("## Files\n\n- a.md\n\n## Why\n\nx\n\n## Files touched\n\n- b.md\n")
    assert [item.text for item in found.items("files-touched")] == ["a.md", "b.md"]
    assert found.source("files-touched") == "- a.md\n\n- b.md"


def test_comments_and_quotations_say_nothing_and_stay_in_the_source() -> None:
    body = "## Why\n\n<!-- why -->\n\n> quoted\n\nbecause <!-- of --> rain\n"
    assert said(body, "why-it-changed") == ["because  rain"]
    assert pack(body).source("why-it-changed") == "<!-- why -->\n\n> quoted\n\nbecause <!-- of --> rain"


def test_a_bold_line_is_a_heading_of_what_stands_in_the_same_paragraph() -> None:
    assert said("**What changed**\nthe pump\n\n**not a heading**\n\nthe well\n") == [
        "the pump",
        "**not a heading**",
        "the well",
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Canary status: pending - soon", "pending"),
        ("**Canary status:** Passed", "passed"),
        ("- canary-status: `failed`", "failed"),
        ("## Canary status: running", "running"),
        ("## Canary status\n\nwaived by nobody", "waived"),
        ("Canary status:", ""),
    ],
)
def test_the_canary_s_line_is_found_in_its_forms(text: str, word: str) -> None:
    assert [one.word for one in pack(f"Hello.\n\n{text}\n").canary] == [word]


@pytest.mark.parametrize(
    "text", ["> Canary status: passed", "    Canary status: passed", "The canary status: passed", "Canary: passed"]
)
def test_what_is_quoted_or_said_in_passing_is_not_the_canary_s_line(text: str) -> None:
    assert pack(text).canary == ()


def test_a_line_within_a_section_counts_only_where_there_is_no_other() -> None:
    inside = "## Merge blockers\n\nCanary status: failed\n"
    assert [one.word for one in pack(inside).canary] == ["failed"]
    assert [(one.word, one.line) for one in pack(f"Canary status: passed\n\n{inside}").canary] == [("passed", 1)]


def test_line_numbers_are_those_of_the_description() -> None:
    body = "a\r\n\r\n## Files touched\r\n\r\n- `a.md`\r\n- `b.md`\r\n"
    lines = [path.line for item in pack(body).items("files-touched") for path in entries(item)]
    assert lines == [5, 6]


def test_headings_compare_by_their_words() -> None:
    assert key("  12. **Files-touched:** (42 of them) ") == "files touched"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("`docs/a.md` - about `docs/b.md`", ["docs/a.md"]),
        ("docs/a.md, docs/b.md and `Makefile.am`", ["docs/a.md", "docs/b.md", "Makefile.am"]),
        ("modified: `src/a.py`", ["src/a.py"]),
        ("`a/b.py` \u2192 `c/d.py`", ["a/b.py", "c/d.py"]),
        ("scripts/install-lease", ["scripts/install-lease"]),
        ("`scripts/install-lease` (new)", ["scripts/install-lease"]),
        ("[docs/a.md](https://forge.example/docs/a.md)", ["docs/a.md"]),
        ("`./docs/a.md:12`", ["docs/a.md"]),
        ("docs/a.md#L3-L9 \u2014 the start", ["docs/a.md"]),
        ("**docs/a.md**", ["docs/a.md"]),
        ("`web/dist/`", ["web/dist/"]),
        ("`pkg/__init__.py`", ["pkg/__init__.py"]),
        ("[x] `docs/a.md`", ["docs/a.md"]),
        ("#65 - the move", []),
        ("UI/ACL changes of old", []),
        ("see https://forge.example/a/b.md", []),
        ("v0.158.1 and e.g. this", []),
        ("forge.example.org/x", []),
        ("/etc/passwd and ~/a.md", []),
        ("`GET /a/{b}`", []),
    ],
)
def test_a_line_begins_with_its_paths(line: str, found: list[str]) -> None:
    assert [path.name for path in entries(Item(line, 1, "item"))] == found


def test_prose_names_files_and_not_branches() -> None:
    text = "Based on `codex/signer`, it follows docs/a.md.\nAnd `docs/b.md`: see there."
    assert [path.name for path in entries(Item(text, 1, "prose"))] == ["docs/a.md", "docs/b.md"]


def test_everything_like_a_path_is_mentioned_wherever_it_stands() -> None:
    item = Item("No change in `compose/` nor (docs/a.md).", 1, "item")
    assert [path.name for path in mentioned(item)] == ["compose/", "docs/a.md"]


def test_numbers_are_those_of_this_repository_outside_of_code() -> None:
    text = (
        "#1, PR #2, !3, a/b#4, other/b#5, `#6`, c#7, &#8; https://x.y/a/b/pulls/9 and [it](https://x.y/a/b/issues/10)"
    )
    assert [one.number for one in references(Item(text, 1, "item"), "a/b")] == [1, 2, 3, 4, 9, 10]


def test_names_are_code_and_words_with_an_underscore_each_with_what_stands_before() -> None:
    found = list(names(Item("No change to `llmops` or pump_dispatch, ever", 1, "item")))
    assert [name for name, _ in found] == ["llmops", "pump_dispatch"]
    assert "or" in found[1][1]


@given(st.text("`a ", max_size=30))
def test_code_is_what_stands_between_runs_of_the_same_length(text: str) -> None:
    found = pieces(text)
    assert sum(len(piece.text) for piece in found) <= len(text)
    assert all(piece.text for piece in found)
    assert ("`" in text) or not any(piece.code for piece in found)


@given(st.text(max_size=40))
def test_a_path_is_relative_and_has_no_blank_around_it(text: str) -> None:
    path = path_of(text)
    assert not path.startswith(("/", "~", "-"))
    assert path == path.strip()
    assert len(path) <= len(text)


@pytest.mark.parametrize(
    "hidden",
    [
        "[//]: # (Canary status: passed)",
        '[a]: /x\n[b]: <y>\n  "Canary status: passed"',
        "[a]:\nb '\nCanary status: passed\n'",
        "- [//]: # (Canary status: passed)",
        "[//]: # (Canary status: passed)\nPumps\n===",
    ],
)
def test_the_definition_of_a_link_says_nothing(hidden: str) -> None:
    found = pack(f"## Files\n\n{hidden}\n")
    assert found.canary == ()
    assert found.items("files-touched") == ()


def test_what_follows_definitions_keeps_its_line() -> None:
    found = pack("[a]: b\n[c]: d\nCanary status: passed\n")
    assert [(one.word, one.line) for one in found.canary] == [("passed", 3)]
    assert [one.word for one in pack("[a]: b c\nCanary status: passed").canary] == ["passed"]
