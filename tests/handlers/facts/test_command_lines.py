"""What counts as a command line: plain text of Markdown, and nothing that only shows or hides a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.facts.description.command_lines import CommandLine, find, maybe

MARKUP = """/hold|/label a|   /help|text||\t/hold|- a|1. b|`|```|~~~|>|> /hold|<!--|-->|<details>|</details>|[a|](b)|
a, b|# /h|**|\\|    /hold|<b|<code>|</code>|[a]:|'"""
WORDS = st.sampled_from([*MARKUP.replace("|\n", "|").split("|"), "|a|", "|-|"])
SHAPED = st.lists(WORDS, max_size=25).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)
ANY = st.one_of(st.text(max_size=200), SHAPED)


def numbers(text: str) -> list[int]:
    return [line.number for line in find(text)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/hold", CommandLine(1, "hold", "")),
        ("   /hold", CommandLine(1, "hold", "")),
        ("/hold  until noon \t", CommandLine(1, "hold", "until noon")),
        ("/hold\tuntil noon", CommandLine(1, "hold", "until noon")),
        ("/hold\u00a0until noon", CommandLine(1, "hold", "until noon")),
        ("Please\n/hold", CommandLine(2, "hold", "")),
        ("Please\\\n/hold", CommandLine(2, "hold", "")),
        ("\n\n  /hold\n\n", CommandLine(3, "hold", "")),
        ("a\r\n\r\n/hold why\r\n", CommandLine(3, "hold", "why")),
        ("a\r/hold why\rb", CommandLine(2, "hold", "why")),
        ("/label `size/small`", CommandLine(1, "label", "`size/small`")),
        ("/hold <!-- till noon -->", CommandLine(1, "hold", "<!-- till noon -->")),
        ("> they said so\n\n/hold", CommandLine(3, "hold", "")),
        ("- done\n\n/hold", CommandLine(3, "hold", "")),
        ("```\n/unhold\n```\n/hold", CommandLine(4, "hold", "")),
        ("<!-- a -->\n/hold", CommandLine(2, "hold", "")),
        ("<details>\n\n/unhold\n\n</details>\n\n/hold", CommandLine(7, "hold", "")),
        ("> <details>\n\n/hold", CommandLine(3, "hold", "")),
        ("- <pre>\n\n/hold", CommandLine(3, "hold", "")),
        ("</details>\n\n/hold", CommandLine(3, "hold", "")),
        ("<!-- <details> -->\n\n/hold", CommandLine(3, "hold", "")),
        ("open <!-- and never closed\n/hold", CommandLine(2, "hold", "")),
        ("\x1c\n/hold", CommandLine(2, "hold", "")),
        ("\x1d\n/hold\x1d", CommandLine(2, "hold", "")),
        ("\x85\n/hold", CommandLine(2, "hold", "")),
        ("\u2028\n/hold", CommandLine(2, "hold", "")),
        ("$$\nx\n$$\n/hold", CommandLine(4, "hold", "")),
        ("$$ x $$\n/hold", CommandLine(2, "hold", "")),
        ("```\n$$\n```\n/hold", CommandLine(4, "hold", "")),
        ("> $$\n\n/hold", CommandLine(3, "hold", "")),
        ("- \\[\n\n/hold", CommandLine(3, "hold", "")),
        ("    $$\n/hold", CommandLine(2, "hold", "")),
        ("\\[!NOTE\\]\n/hold", CommandLine(2, "hold", "")),
        ("|a|\n|-|\n|b|\n\n/hold", CommandLine(5, "hold", "")),
        ("- |a|\n  |-|\n\n/hold", CommandLine(4, "hold", "")),
        ("a\n|b|\n|-|\n- c\n\n/hold", CommandLine(6, "hold", "")),
        ("[^1]: a note\n\n/hold", CommandLine(3, "hold", "")),
        ("It took ~5 minutes\n/hold for ~6 more", CommandLine(2, "hold", "for ~6 more")),
        ("~~a~~\n/hold", CommandLine(2, "hold", "")),
        ("In `~/a`\n/hold `b~`", CommandLine(2, "hold", "`b~`")),
        ("<h1>a</h1>\n\n/hold", CommandLine(3, "hold", "")),
        ("a hidden <div>\n\n/hold", CommandLine(3, "hold", "")),
        ("\x0b\n`\n/unhold `x\n/hold", CommandLine(4, "hold", "")),
        ("/made-up-by-others", CommandLine(1, "made-up-by-others", "")),
    ],
)
def test_plain_text_at_the_start_of_a_line_commands(text: str, line: CommandLine) -> None:
    assert find(text) == (line,)


@pytest.mark.parametrize(
    "text",
    [
        "I would /hold this",
        "/usr/bin is full",
        "//hold",
        "/Hold",
        "/HOLD",
        "/hold!",
        "/hold, please",
        "/hold\u200b",
        "\u200b/hold",
        "\u00a0/hold",
        "/ hold",
        "/-hold",
        f"/{'h' * 41}",
        "\u2044hold",
        "\uff0fhold",
        "\u2215hold",
        "\u29f8hold",
        "/h\u043eld",
        "a\u2028/hold",
        "a\x0b/hold",
        "a\x85/hold",
        "    /hold",
        "\t/hold",
        "text\n    /hold",
        "text\n\t/hold",
        "`/hold`",
        "`\n/hold\n`",
        "``a\n/hold\nb``",
        "```\n/hold\n```",
        "```\n/hold",
        "~~~text\n/hold\n```\n/hold\n~~~",
        "> /hold",
        "> a\n/hold",
        ">> a\n> /hold\n/hold",
        "- /hold",
        "- a\n/hold",
        "- a\n\n  /hold",
        "- a\n  - b\n    - c\n\n      /hold",
        "1. a\n   1. b\n\n      /hold",
        "* > - /hold",
        "# /hold",
        "/hold\n---",
        "|a|\n|-|\n/hold",
        "/hold | a\n--- | ---\nb | c",
        "<!--\n/hold\n-->",
        "<!--\n\n/hold\n\n-->",
        "<!-- open for ever\n\n/hold",
        "a <!-- b\n/hold\n--> c",
        "<div>\n/hold\n</div>",
        "<pre>\n\n/hold\n\n</pre>",
        "<blockquote>\n\n/hold\n\n</blockquote>",
        "<Details><summary>log</summary>\n\n/hold\n\n</Details>",
        "a <code>\n/hold\n</code>",
        "<del>\n\n/hold",
        "<details>\n\n> </details>\n\n/hold",
        "[a\n/hold](b)",
        "[a\n/hold\nb](c)",
        "<a href=b>\n/hold\n</a>",
        "a <a href=b>\n/hold\n</a>",
        "[a](b '\n/hold\n')",
        "![a\n/hold](b)",
        "[a]:\n/hold",
        "[a]: b\n'\n/hold\n'",
        "a\n|b|\n|-|\n- \n/hold",
        "|a|\n|-|\nb\n/hold\n|c|\n/hold",
        "|a" * 1000 + "|\n" + "|-" * 1000 + "|\n" + "|\n" * 100 + "/hold",
        "~~a\n/hold b~~",
        "~a\n/hold b~",
        "~~`a`\n/hold\nb~~",
        "$$\n/hold\n$$",
        "$$\n\n/hold\n\n$$",
        "text\n$$\n/hold",
        "$$\n$$ a\n/hold",
        "\\[\n/hold\n\\]",
        "[^1]: a note\n/hold",
        "text\n[^1]: a note\n/hold",
        "<h1>\n\n/hold\n\n</h1>",
        "<ul><li>\n\n/hold\n\n</li></ul>",
        "<div hidden>\n\n/hold\n\n</div>",
        "<div hidden>\n\n<div>\n\n</div>\n\n/hold",
        "a <b hidden=x>\n/hold\n</b>",
        "Thanks.\n\n[^note]: see\n/hold",
        "[^1]: a\n\n    b\n/hold",
        "term\n: definition\n/hold",
        "/hold\n\n: definition",
        "<noscript>\n\n/hold\n\n</noscript>",
        "a <title>\n/hold\n</title>",
        "<details>\n\n</summary>\n\n/hold",
        "<details\n\n/hold",
        "> <!--\n\n/hold",
        "> <s>\n\n/hold",
        "- </li></ul><details>\n\n/hold",
        "---\na: |\n\n  /hold\n\n---\n",
        "/hold\n:-:",
    ],
)
def test_what_only_looks_like_a_command_is_none(text: str) -> None:
    assert find(text) == ()


def test_several_come_in_their_order_with_their_numbers() -> None:
    text = "/hold a\n/hold b\n\nWords.\n/unhold\n\n```\n/help\n```\n/help\n"
    assert [(line.number, line.word) for line in find(text)] == [(1, "hold"), (2, "hold"), (5, "unhold"), (10, "help")]


def test_of_very_many_the_first_fifty_are_found_and_numbered() -> None:
    assert numbers("/hold\n" * 2000) == list(range(1, 51))
    assert numbers("/hold\n\n" * 10_000) == list(range(1, 100, 2))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_of_a_long_comment_the_beginning_is_read_up_to_an_empty_line(end: str) -> None:
    half = "x" * 8000
    assert numbers(f"/hold{end}{end}{half}{half}{half}") == [1]
    assert numbers(f"{half}{end}{end}/hold{end} \t{end}{half}{half}") == [3]
    assert numbers(f"{half}{end}{end}/hold{end}{half}{half}") == []
    assert numbers(f"/hold{end}{half}{half}{half}") == []
    assert numbers(f"{half}{half}{half}{end}{end}/hold") == []


def test_what_was_found_in_a_comment_is_remembered() -> None:
    first, second = (find("Words.\n\n/hold why") for _ in range(2))
    assert first is second


def test_what_might_be_a_command_line_is_told_at_once() -> None:
    assert maybe("a\n /hold")
    assert maybe("```\n/usr")
    assert not maybe("no line begins with /hold\n- /hold\n/Hold")


@pytest.mark.parametrize(
    "text",
    [
        "- " * 5000,
        "> " * 5000,
        "[" * 50_000,
        "`" * 50_000,
        "<" * 50_000,
        "![a](<" * 10_000,
        "*" * 50_000,
        "<!--" * 9000,
        "<s>" * 20_000,
        "</" * 20_000,
        "a\n: b\n\n" * 3000,
        "[^1]: a\n" * 3000,
    ],
    ids=lambda text: text[:4],
)
def test_a_flood_of_markup_is_read_to_its_end(text: str) -> None:
    assert all(line.word == "hold" for line in find(f"{text}\n/hold"))
    assert numbers(f"/hold\n\n{text}") == [1]


@given(ANY)
def test_whatever_is_found_stands_there(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = find(text)
    assert numbers(text) == sorted({line.number for line in found})
    for line in found:
        shown = lines[line.number - 1]
        assert shown.lstrip(" ").startswith(f"/{line.word}")
        assert len(shown) - len(shown.lstrip(" ")) <= 3


@given(ANY)
def test_nothing_in_a_fence_counts(text: str) -> None:
    assert find(f"~~~~~\n{text.replace('~', '-')}\n~~~~~") == ()
    assert find(f"`````\n{text.replace('`', '-')}") == ()


@given(ANY)
def test_nothing_in_a_quote_or_an_indented_block_counts(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert find("\n".join(f"> {line}" for line in lines)) == ()
    assert find("\n".join(f"    {line}" for line in lines)) == ()


@given(ANY)
def test_nothing_in_an_html_comment_counts(text: str) -> None:
    assert find(f"<!-- a\n{text.replace('>', '-')}\n-->") == ()


@given(ANY)
def test_a_command_behind_an_empty_line_counts_where_all_before_it_is_closed(text: str) -> None:
    quoted = "\n".join(f"> {line}" for line in text.replace("\r", "\n").replace("<", "(").split("\n"))
    assert find(f"{quoted}\n\n/hold")[-1:] == (CommandLine(quoted.count("\n") + 3, "hold", ""),)
