"""Markdown of the generated parts: tables, and code within a line or on lines of its own."""

from collections.abc import Iterable


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Gives a table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(text: str) -> str:
    """Gives code within a line, which may stand in a table too."""
    return f"`{text}`".replace("|", "\\|")


def fenced(text: str, language: str) -> str:
    """Gives code on lines of its own."""
    return f"```{language}\n{text.rstrip()}\n```"
