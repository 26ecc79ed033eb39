"""The documentation: its generated parts are current, its links lead somewhere, its examples work."""

import re
from pathlib import Path

import pytest

from bot.docs.pages import filled, labels_page, main, pages, parts
from bot.docs.tables import rules_table
from bot.labels.catalog import LabelSet
from bot.policy import Policy, load

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WRITTEN = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def test_the_pages_are_current() -> None:
    for name, text in pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, "run python -m bot.docs"


def test_the_parts_within_pages_are_current() -> None:
    for page in WRITTEN:
        text = page.read_text(encoding="utf-8")
        assert filled(text) == text, f"{page}: run python -m bot.docs"
        assert text.count("<!-- generated: ") == text.count("<!-- end: ")


def test_every_part_stands_somewhere() -> None:
    everything = "".join(page.read_text(encoding="utf-8") for page in WRITTEN)
    assert [name for name in parts() if f"<!-- generated: {name} -->" not in everything] == []


def test_the_program_writes_what_the_test_compares(tmp_path: Path) -> None:
    main([str(tmp_path / "new")])
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()} == pages()


def test_a_part_is_written_between_its_comments(tmp_path: Path) -> None:
    page = tmp_path / "checks" / "page.md"
    page.parent.mkdir()
    page.write_text("before\n<!-- generated: secret-rules -->\nstale\n<!-- end: secret-rules -->\nafter\n")
    main([str(tmp_path)])
    table = rules_table()
    assert page.read_text() == (
        f"before\n<!-- generated: secret-rules -->\n{table}\n<!-- end: secret-rules -->\nafter\n"
    )


def test_a_part_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(KeyError, match="weather"):
        filled("<!-- generated: weather -->\n<!-- end: weather -->")


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for place, heading in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        there = (page.parent / place).resolve() if place else page
        assert there.exists(), f"{place} is missing"
        if heading:
            assert heading in _headings(there), f"{place}#{heading} is missing"


@pytest.mark.parametrize("name", ["policy.md", "checks/secret-leak.md", "checks/labels.md", "checks/judge.md"])
def test_policies_that_are_shown_load(name: str) -> None:
    examples = _blocks(DOCS / name, "yaml")
    assert examples
    assert all(load(text) != Policy() for text in examples)


def test_earlier_names_get_a_column_where_there_are_any() -> None:
    text = """
groups: [{name: g, description: Words, exclusive: false, decision: false}]
labels: [{name: "a|b", color: "#0e8a16", description: "x | y", group: g, aliases: [c, d]}]
"""
    page = labels_page(LabelSet.parse(text))
    assert "Words (free)" in page
    assert "| `a\\|b` | `#0e8a16` | x \\| y | `c`, `d` |" in page


def _blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def _headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as Forgejo makes them: lower case, words joined by hyphens."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}
