"""The generated pages."""

from pathlib import Path

from bot.docs import labels_page, main, pages
from bot.labels import LabelSet

DOCS = Path(__file__).parent.parent / "docs"


def test_the_pages_are_current() -> None:
    for name, text in pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, "run python -m bot.docs"


def test_the_program_writes_what_the_test_compares(tmp_path: Path) -> None:
    main([str(tmp_path / "new")])
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()} == pages()


def test_earlier_names_get_a_column_where_there_are_any() -> None:
    text = """
groups: [{name: g, description: Words, exclusive: false, decision: false}]
labels: [{name: "a|b", color: "#0e8a16", description: "x | y", group: g, aliases: [c, d]}]
"""
    page = labels_page(LabelSet.parse(text))
    assert "Words (free)" in page
    assert "| `a\\|b` | `#0e8a16` | x \\| y | `c`, `d` |" in page
