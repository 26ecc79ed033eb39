"""What counts against what Forgejo shows: commands, gate phrases and sections, in forms rendered by Forgejo itself.

Nothing counts that Forgejo doesn't show as plain text. Where something is shown and doesn't count, the reason is given.
"""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.facts.description.command_lines import find
from handlers.facts.description.sections import read
from tests.text.rendered_table import RULES, Row, main, row, table, words
from tests.text.shown import Rendering, page, renderings

NOT_COUNTED: Mapping[str, tuple[str, ...]] = {
    "It is directly below a footnote or a definition: what belongs to it depends on the Markdown in it.": (
        "code in a footnote",
        "an empty footnote",
    ),
    "It is between lines that may be metadata, which depends on their YAML; or it is a heading only in one reading.": (
        "metadata",
        "a fence in metadata",
    ),
    "Earlier versions of Forgejo, and Gitea, read it as mathematics.": (
        "mathematics on three lines",
        "mathematics in brackets",
        "mathematics that is not closed",
    ),
    "A phrase in the middle of a sentence isn't said.": ("inline mathematics over lines", "an attribute over lines"),
    "The underlined content is a heading itself.": ("an underlined heading",),
    "Elements of HTML with rules of their own: they are removed by default, but an instance may allow them.": (
        "the element audio",
        "the element audio in a paragraph",
        "the element canvas",
        "the element canvas in a paragraph",
        "the element template",
        "the element template in a paragraph",
        "the element svg",
        "the element svg in a paragraph",
        "the element math",
        "the element math in a paragraph",
        "the element select",
        "the element select in a paragraph",
        "the element frameset",
        "the element frameset in a paragraph",
        "the element label",
        "the element a in a paragraph",
    ),
    "The element changes how the text is shown, or where; a heading in it ends it, which isn't followed.": (
        "the element table",
        "the element bdo",
        "the element h1",
        "the element nostyle in a paragraph",
        "the element video in a paragraph",
        "the element kbd in a paragraph",
        "the element del in a paragraph",
        "the element q in a paragraph",
        "a background",
    ),
    "A phrase in code counts only in one pair of backticks.": (
        "the element code",
        "the element code in a paragraph",
        "code in an item",
    ),
    "The author meant to hide it; Forgejo removes the attribute, or its effect ends early.": (
        "the attribute hidden",
        "white text",
    ),
    "Tags that cross blocks or each other: what they do depends on details of HTML.": (
        "a fold closed in a quote",
        "a fold in a table",
        "code in a cell",
        "strike in a footnote",
        "a fold in a footnote",
        "a script that ends in a comment",
        "a noscript closed in a comment",
        "a deep quote",
    ),
}
"""The forms in which something is shown and doesn't count, by the reason."""

FORMS = renderings("forms.json")
ALL = st.sampled_from([*FORMS, *renderings("mixes.json")])


def name(one: Rendering) -> str:
    return f"{one.kind}: {one.form}"


@pytest.mark.parametrize("one", FORMS, ids=name)
def test_what_forgejo_does_not_show_as_plain_text_does_not_count(one: Rendering) -> None:
    found = row(one)
    assert found.shown or not found.obeyed


def test_what_is_shown_and_does_not_count_is_known_with_its_reason() -> None:
    missed = {one.form for one in table() if one.shown and not one.obeyed}
    assert missed == {form for forms in NOT_COUNTED.values() for form in forms}


@pytest.mark.parametrize("kind", ["command", "phrase", "coded phrase", "section"])
def test_the_usual_forms_count(kind: str) -> None:
    usual = {"a line of its own", "below a sentence", "in an unknown element"}
    assert {one for one in table() if one.form in usual and one.kind == kind} == {
        Row(form, kind, shown=True, obeyed=True) for form in usual
    }


def test_of_the_recorded_forms_many_count_and_many_do_not() -> None:
    for kind in ("command", "phrase", "section"):
        of = [one for one in table() if one.kind == kind]
        assert len(of) >= 200
        assert sum(one.obeyed for one in of) > 40
        assert sum(not one.shown for one in of) > 90


def test_the_table_names_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    said = capsys.readouterr().out
    assert all(one.form in said for one in FORMS)
    assert "only obeyed 0" in said
    assert "- / obeyed" not in said


def commands(text: str) -> list[str]:
    return [" ".join(f"/{line.word} {line.rest}".split()[:2]) for line in find(text)]


@pytest.mark.parametrize("one", renderings("mixes.json"), ids=lambda one: repr(one.text[:40]))
def test_no_command_of_a_mixture_counts_that_is_not_shown(one: Rendering) -> None:
    assert set(commands(one.text)) <= set(page(one.html).commands())


def test_of_the_commands_of_mixtures_most_that_are_shown_count() -> None:
    shown = [word for one in renderings("mixes.json") for word in page(one.html).commands()]
    counted = [word for one in renderings("mixes.json") for word in commands(one.text)]
    assert len(counted) > 0.6 * len(shown) > 100


@pytest.mark.parametrize("one", renderings("descriptions.json"), ids=lambda one: repr(one.text[:40]))
def test_no_section_of_a_mixture_counts_that_is_not_shown(one: Rendering) -> None:
    seen = page(one.html)
    lines = [words("".join(piece.text for piece in line)) for line in seen.lines]
    headings = [words(heading) for heading in seen.headings]
    for part in read(one.text, RULES).parts.values():
        assert any(words(part.heading) in heading for heading in [*headings, *lines])
        said = [word for item in part.read for word in words(item.text).split() if word.startswith("k")]
        assert set(said) - {"key", "kbd"} <= set(words(seen.seen).split())


@settings(max_examples=60)
@given(ALL, st.sampled_from(["\r\n", "\r"]), st.text("\n \t", max_size=4))
def test_line_ends_and_empty_lines_around_change_nothing(one: Rendering, end: str, behind: str) -> None:
    text = one.text.replace("\r\n", "\n")
    assert commands(text.replace("\n", end)) == commands(text)
    assert set(commands(f"{text}\n\n{behind}")) <= set(commands(text)) | set(commands(f"{text}\n"))


@settings(max_examples=60)
@given(st.lists(ALL, min_size=1, max_size=3))
def test_nothing_counts_in_a_fold_or_a_quote_or_code(some: list[Rendering]) -> None:
    text = "\n\n".join(one.text.replace("\r\n", "\n") for one in some)
    assert commands("\n".join(f"> {line}" for line in text.split("\n"))) == []
    assert commands("\n".join(f"    {line}" for line in text.split("\n"))) == []
    assert commands("<details>\n\n" + text.replace("</", "<")) == []
