"""Text of strangers in Markdown is nothing but text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.text.escape import cell, code, cut, plain, visible
from tests.rendered import TRIGGERS, blocks, inlines, spoken, words

SNIPPETS = (
    *"\\`*_{}[]()<>|~!$&@#:;\"'=+-.1 \n\t",
    "](javascript:x)",
    "![x](y)",
    "<!-- assay:workshop/garden!12 -->",
    "<script>",
    "</details>",
    "https://forge.example/workshop/garden/issues/1",
    "ahttp://x",
    "www.x.y",
    "@operator",
    "workshop/garden#1",
    "workshop/garden!1",
    "&amp;",
    "&#64;",
    "```",
    "    ",
    "| --- |",
    "1. ",
    "1) ",
    "- [ ] ",
    "\\(x\\)",
    "\\[x\\]",
    "[^1]: ",
    "\u2060",
    "\u202e",
    "\ud800",
    "ä",
)
hostile = st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=4), max_size=12).map("".join)


@given(hostile)
@example("    indented")
@example("_https://x")
@example("a\\")
def test_plain_text_shows_exactly_its_visible_form_and_nothing_happens(text: str) -> None:
    markdown = plain(text)
    assert blocks(markdown) in ([], ["paragraph", "inline"])
    for parts in inlines(markdown):
        assert {part.type for part in parts} == {"text"}
    assert "".join(words(parts) for parts in inlines(markdown)).strip() == visible(text).strip()
    assert TRIGGERS.search(spoken(markdown)) is None


@given(hostile, hostile)
def test_plain_text_stays_in_its_table_cell(one: str, two: str) -> None:
    table = f"| A | B |\n| --- | --- |\n| x{plain(one)} | {plain(two)} |"
    cells = inlines(table)[2:]
    assert [words(parts).strip() for parts in cells] == [f"x{visible(one).strip(' ')}".strip(), visible(two).strip()]
    assert {part.type for parts in cells for part in parts} <= {"text"}


@pytest.mark.parametrize("around", ["> {}", "- {}", "- first  \n  {}", "#### {}", "**bold** · {}"])
@given(text=hostile)
def test_plain_text_does_not_leave_what_stands_around_it(around: str, text: str) -> None:
    markdown = around.format(plain(f"x{text}"))
    assert words(inlines(markdown)[-1]).endswith(f"x{visible(text)}".rstrip())
    assert blocks(markdown) == blocks(around.format("x"))


@given(hostile)
def test_no_backslash_makes_mathematics_of_brackets(text: str) -> None:
    bare = plain(text).replace("\\\\", "")
    assert "\\(" not in bare
    assert "\\[" not in bare


@given(hostile)
def test_code_is_one_span_in_a_paragraph(text: str) -> None:
    (parts,) = inlines(f"See {code(text)} there")
    assert [part.type for part in parts] == ["text", "code_inline", "text"]
    if visible(text).strip():
        assert parts[1].content == cut(visible(text), 300)


@given(hostile, hostile)
def test_code_is_one_span_in_a_table_cell(one: str, two: str) -> None:
    cells = inlines(f"| A | B |\n| --- | --- |\n| {cell(one)} | {cell(two)} |")[2:]
    assert [[part.type for part in parts] for parts in cells] == [["code_inline"], ["code_inline"]]
    for text, parts in zip((one, two), cells, strict=True):
        if visible(text).strip():
            assert parts[0].content == cut(visible(text), 300)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("a\x00\x1b[31m", "a\\u0000\\u001b[31m"),
        ("user\u202etxt", "user\\u202etxt"),
        ("zero\u200bwidth\u2060", "zero\\u200bwidth\\u2060"),
        ("half\ud800", "half\\ud800"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("soft\xadhyphen", "soft\\u00adhyphen"),
        ("grün ✅", "grün ✅"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("a plain word", "a plain word"),
        ("@operator", "@\u2060operator"),
        ("workshop/garden#1", "workshop/garden#\u20601"),
        ("workshop/garden!1", "workshop/garden\\!\u20601"),
        ("https://x.y", "https\u2060://x.y"),
        ("(see [1])", "(see &#91;1\\])"),
        ("1. first", "1\u2060. first"),
        ("- first", "\\- first"),
        ("# heading", "\\# heading"),
        ("parser.js:100:14", "parser.js:\u2060100:14"),
        (":tada: :+1: a:b_c:d", ":\u2060tada: :\u2060+1: a:\u2060b\\_c:d"),
        ("at 10:20 and a::b", "at 10:20 and a::b"),
    ],
)
def test_the_escaped_form_stays_readable(text: str, markdown: str) -> None:
    assert plain(text) == markdown


def test_long_texts_are_cut_with_an_ellipsis() -> None:
    assert (cut("abcd", 4), cut("abcde", 4)) == ("abcd", "abc…")
    assert len(plain("x" * 5000)) == 1000
    assert code("`" * 5000).count("`") == 299 + 2 * 300
