"""The documentation says of every table why it does not grow without bound."""

from pathlib import Path

from bot.store.tables import Table

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"


def test_every_table_has_its_bound() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("### What grows, and what bounds it")[2].partition("\n##")[0]
    named = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert [name for name in Table.metadata.tables if not any(f"`{name}`" in cell for cell in named)] == []
