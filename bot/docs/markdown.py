"""Markdown of the generated parts: tables, and code within a line or on lines of its own."""

from collections.abc import Iterable


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(text: str) -> str:
    """Return inline code, which may be in a table."""
    return f"`{text}`".replace("|", "\\|")


def fenced(text: str, language: str) -> str:
    """Return a fenced code block."""
    return f"```{language}\n{text.rstrip()}\n```"
