"""Parts of the documentation that show files of the project, or parts of them."""

import ast
from pathlib import Path

from bot.docs.markdown import fenced

ROOT = Path(__file__).parents[2]


def shown(file: str) -> str:
    """Return a whole file as code."""
    return fenced(_text(file), "python")


def piece(file: str, *names: str) -> str:
    """Return classes, functions and values of a file as code, below a line with the file's name.

    Raises KeyError for an unknown name.
    """
    text = _text(file)
    pieces = {name: ast.get_source_segment(text, node) or "" for node in ast.parse(text).body for name in _names(node)}
    chosen = "\n\n\n".join(pieces[name] for name in names)
    return fenced(f"# {file}\n{chosen}", "python")


def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
    return []
